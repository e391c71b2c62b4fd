"""Sentences about a bill that cannot be read, in the reader's language: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generation.bills.reading import BadBill
from generation.errors import InvalidRequest

__all__ = ["FIELD_OF", "refusal_of", "words_of"]

WORDS: Mapping[str, str] = {
    "too_large": gettext_noop("The file is larger than %(most)s MB. Export fewer days or one product."),
    "is_archive": gettext_noop("This is an archive or an Excel file. Unpack it, or save the sheet as CSV, and upload the CSV."),
    "is_excel": gettext_noop("This is an Excel file. Save the sheet as CSV and upload the CSV."),
    "is_pdf": gettext_noop("This is a PDF. Export the details of the bill as CSV."),
    "encoding": gettext_noop("The file is not text in %(encoding)s. Choose another encoding."),
    "not_text": gettext_noop("The file contains characters that do not occur in text. Upload a CSV."),
    "not_csv": gettext_noop("The cells of this row cannot be separated: a quotation mark is not closed."),
    "one_column": gettext_noop("The heading has only one column. Upload a CSV with commas, semicolons or tabs."),
    "no_rows": gettext_noop("The file has no rows of a bill."),
    "too_many_rows": gettext_noop("The file has more than %(most)s rows. Export fewer days or one product."),
    "too_many_columns": gettext_noop("The row has more than %(most)s columns."),
    "row_too_long": gettext_noop(
        "The row has %(cells)s cells and the heading %(expected)s: amounts such as 1,234.50 need quotation marks."
    ),
    "cell_too_long": gettext_noop("The cell has more than %(most)s characters."),
    "no_amount": gettext_noop("Choose the column of the amounts."),
    "nothing_to_match": gettext_noop("Choose the column of the ids or of the times. Without one of them no row can be matched."),
    "no_such_column": gettext_noop("The file has no such column."),
    "amount": gettext_noop("“%(value)s” is not an amount. Choose another column or the other decimal sign."),
    "time": gettext_noop("“%(value)s” is not a time. Write times as 2026-11-29 15:00:00, or choose another column."),
    "other_currency": gettext_noop("The amount is in %(value)s, and the bill in %(currency)s. Upload one bill for each currency."),
    "rounded_id": gettext_noop("“%(value)s” was an id that a spreadsheet rounded. Export the bill again and upload it as it is."),
    "id_too_long": gettext_noop("The id has too many characters. Choose another column."),
    "total_too_large": gettext_noop("The amounts are too large. Choose another column or the other decimal sign."),
}
FIELD_OF: Mapping[str, str] = {
    **dict.fromkeys(("amount", "no_amount", "total_too_large"), "amount"),
    "time": "time",
    "other_currency": "currency",
    "rounded_id": "reference",
    "id_too_long": "reference",
    "nothing_to_match": "reference",
    "no_such_column": "columns",
    "encoding": "encoding",
}
"""The field to correct, by the code; for other codes it is the file."""


def words_of(error: BadBill) -> str:
    """Return the sentence, after the row and the column."""
    words = _(WORDS[error.code]) % error.facts
    place = {"row": error.row, "column": error.column, "words": words}
    if error.row and error.column:
        return _("Row %(row)d, column %(column)s: %(words)s") % place
    return _("Row %(row)d: %(words)s") % place if error.row else words


def refusal_of(error: BadBill) -> InvalidRequest:
    """Return the refusal of the request that uploaded the file or said how to read it."""
    words = words_of(error)
    return InvalidRequest(words, code="bad_bill", fields={FIELD_OF.get(error.code, "file"): words})
