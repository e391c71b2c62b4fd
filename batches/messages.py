"""Sentences about files and rows: what is wrong and what to do. Rows keep them by code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from access.preferences import chosen_language
from batches.models import Batch
from batches.reading.sheet import BadFile
from providers.core.messages import SENTENCES, Message, Sentence, say
from providers.messages import translated

__all__ = ["BATCH_SENTENCES", "Problem", "language_for", "problem", "refusal_of", "words_of"]

Problem = dict[str, Any]
"""As rows keep it: `code`, `field`, `facts`."""

BATCH_SENTENCES = {
    "sheet_row": _("Row %(row)s:"),
    "sheet_too_large": _("The file is larger than %(most)s MB. Upload it in parts."),
    "sheet_is_archive": _("The ZIP has no table, or more than one. Put one CSV, XLSX or JSON Lines file beside the images."),
    "sheet_is_excel": _("This is an old Excel file (.xls). Save it as XLSX or CSV and upload that."),
    "sheet_is_pdf": _("This is a PDF. Upload a CSV, XLSX or JSON Lines file."),
    "sheet_is_web_page": _("This is a web page, such as a sign-in or an error, and no table. Upload a CSV, XLSX or JSON Lines file."),
    "sheet_is_json_list": _(
        "This is one JSON list. Write each of its objects in a line of its own, without brackets and commas around them."
    ),
    "sheet_encoding": _("The letters of the file cannot be read. Save it as CSV in UTF-8 and upload that."),
    "sheet_not_text": _("There are characters that do not occur in text. Upload a CSV, XLSX or JSON Lines file."),
    "sheet_not_csv": _("A quotation mark is not closed, or stands inside a cell and is not doubled."),
    "sheet_not_json": _("This line is not a JSON object. Each line of such a file is one object: {...}."),
    "sheet_no_rows": _("The file has no rows below its heading."),
    "sheet_too_many_rows": _("The file has more than %(most)s rows. Upload it in parts."),
    "sheet_too_many_columns": _("There are more than %(most)s columns. Remove those that are not needed."),
    "sheet_cell_too_long": _("A cell has more than %(most)s characters. Shorten it, or close its quotation mark."),
    "sheet_too_large_inside": _(
        "The sheet is too large: at most %(rows)s rows and %(columns)s columns. Remove other sheets, or save it as CSV."
    ),
    "sheet_damaged": _("This XLSX or ZIP file is damaged or has a password. Make it again, or save the table as CSV, and upload that."),
    "batch_in_review": _("The remaining tasks are in review, because they may have been paid for. The batch ends when they are decided."),
    "archive_damaged": _("The ZIP of images is damaged, or has too many files. Make it again."),
    "row_extra_cells": _("The row has %(extra)s more cells than the heading. A text with commas needs quotation marks."),
    "row_no_model": _("Choose a model, for this row or for all."),
    "row_variable_missing": _("“%(name)s” is empty, and the prompt needs it."),
    "row_same_as": _("Same as row %(row)s."),
    "row_external_id_twice": _("Row %(row)s has the same external_id."),
    "row_external_id_taken": _("You already have a task with this external_id."),
    "row_no_such_image": _("“%(name)s” was not in the ZIP."),
    "row_no_such_asset": _("There is no image with the id %(name)s."),
    "row_images_slow": _("Its images did not arrive within a minute. Put them into a ZIP."),
    "row_no_such_template": _("There is no template “%(name)s” that you may use."),
    "row_no_such_style": _("There is no style “%(name)s” that you may use."),
    "row_no_such_platform": _("There is no platform “%(name)s”."),
    "row_has_video": _("Its content id has a video already."),
    "row_under_way": _("A video for its content id is being made."),
    "run_done": _("%(rows)s rows were ordered; %(left_out)s were left out."),
    "run_nothing_new": _("Nothing to order: every content id has a video, or one is being made."),
    "run_not_fetched": _("The file could not be fetched: %(words)s"),
    "run_not_read": _("The file could not be used: %(words)s"),
    "run_not_accepted": _("The batch was checked and not started: %(words)s"),
    "run_too_dear": _("The batch was checked and not started: it may cost %(cost)s %(currency)s, and a run may cost %(most)s."),
    "run_not_priced": _("The batch was checked and not started: the price of %(rows)s rows is not known, so its cost cannot be limited."),
    "run_columns_gone": _("The batch was checked and not started, because the file no longer has the columns %(names)s."),
    "run_token_ended": _(
        "The token that created this recurring batch no longer works, so it is paused. Resume it on its page, or create a new one."
    ),
    "row_not_enhanced": _("Not enhanced, stays as it is: %(why)s"),
    "row_too_many_addresses": _("A batch fetches at most %(most)s images. Put the images into a ZIP."),
}
SENTENCES |= BATCH_SENTENCES


def problem(code: str, field: str = "", **facts: Any) -> Problem:
    """Return a problem of a row; `words_of` turns it into a sentence."""
    return {"code": code, "field": field, "facts": facts}


def refusal_of(error: BadFile) -> Message:
    """Return why the file is refused, and where."""
    where = say("sheet_row", row=error.row) if error.row else Message()
    return where + Message((Sentence(f"sheet_{error.code}", error.facts),))


def words_of(problem: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """Return a row's problem in the reader's language. What the check of orders said stays in the language of the batch. `names` are
    those that people know the fields by (`batches.mapping.field_names`).
    """
    facts = problem.get("facts", {})
    words = facts["words"] if problem["code"] == "refused" else translated(Message((Sentence(problem["code"], facts),)))
    if not (field := problem.get("field", "")):
        return words
    return gettext("%(field)s: %(words)s") % {"field": (names or {}).get(field, field), "words": words}


def language_for(batch: Batch) -> str | None:
    """Return the language of what is kept about the batch: that of the page where it was uploaded, or the one that its owner chose."""
    return batch.language or chosen_language(batch.owner) or None
