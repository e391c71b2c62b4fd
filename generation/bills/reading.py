"""Reads the file of a vendor's bill: bytes become a table of text, whatever program wrote them. Pure: no Django, no clock.

Consoles export UTF-8 with or without a mark, Excel in China writes GB18030, Excel's "Unicode text" is UTF-16 with tabs. Titles may precede
the heading, long numbers may have a tab or an apostrophe or be written as ="123", so that spreadsheets do not round them.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["DELIMITERS", "ENCODINGS", "MARKS", "MOST_BYTES", "MOST_ROWS", "OTHER_FILES", "BadBill", "Table", "plain_name", "read_table"]

MOST_BYTES = 10_000_000
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 50_000, 200, 8_000
ENCODINGS = ("utf-8", "gb18030", "utf-16", "big5", "shift_jis", "cp1252")
"""The encodings that a person may choose. GB18030 contains GBK and GB2312."""
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
OTHER_FILES = ((b"PK\x03\x04", "is_archive"), (b"\xd0\xcf\x11\xe0", "is_excel"), (b"\x1f\x8b", "is_archive"), (b"%PDF", "is_pdf"))
DELIMITERS = ",;\t|"
LOOKED_AT = 50
"""How many rows decide the delimiter and the heading."""
NUMBER = re.compile(r"[-+\d.,:/ ]+")
AS_FORMULA = re.compile(r'="([^"]*)"')


class BadBill(Exception):
    """The file cannot be read as a bill. `code` and `facts` make the sentence (`generation.bills.sentences`); `row` counts from 1, as
    spreadsheets do; `column` is its heading.
    """

    def __init__(self, code: str, *, row: int = 0, column: str = "", **facts: Any) -> None:
        super().__init__(code, row, column, facts)
        self.code, self.row, self.column, self.facts = code, row, column, facts


@dataclass(frozen=True, kw_only=True)
class Table:
    """The cells of a bill. `rows` are pairs of the row's number in the file and as many cells as the heading has, without blank rows."""

    encoding: str
    heading: tuple[str, ...]
    rows: list[tuple[int, tuple[str, ...]]]


def read_table(content: bytes, encoding: str = "") -> Table:
    """Return the table of a CSV file; `encoding` is one of `ENCODINGS`, or empty to detect it. Raise `BadBill`."""
    if len(content) > MOST_BYTES:
        raise BadBill("too_large", most=MOST_BYTES // 1_000_000)
    for magic, code in OTHER_FILES:
        if content.startswith(magic):
            raise BadBill(code)
    text, found = _decoded(content, encoding)
    if "\x00" in text:
        raise BadBill("not_text")
    delimiter = max(DELIMITERS, key=lambda one: _fits(text, one))
    at, heading = _heading(text, delimiter)
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in _rows(text, delimiter):
        if number <= at or not any(cells):
            continue
        if any(cells[len(heading) :]):
            raise BadBill("row_too_long", row=number, cells=len(cells), expected=len(heading))
        if len(rows) == MOST_ROWS:
            raise BadBill("too_many_rows", most=MOST_ROWS)
        rows.append((number, (*cells, *[""] * (len(heading) - len(cells)))[: len(heading)]))
    if not rows:
        raise BadBill("no_rows")
    return Table(encoding=found, heading=heading, rows=rows)


def plain_name(heading: str) -> str:
    """Return a heading in its form for comparison, without its group, brackets, spaces and signs: 应付信息/应付金额（含税） -> 应付金额."""
    text = unicodedata.normalize("NFKC", heading).casefold().rpartition("/")[2] or heading.casefold()
    return "".join(letter for letter in re.sub(r"\([^)]*\)|\[[^\]]*\]", "", text) if letter.isalnum())


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    """Return the text and the name of its encoding. Without `encoding`, the first that fits is used."""
    mark, marked = next(((mark, name) for mark, name in MARKS if content.startswith(mark)), (b"", ""))
    if marked and encoding in {"", marked}:
        names, content = [marked], content[len(mark) :] if marked == "utf-8" else content
    elif b"\x00" in content and encoding in {"", "utf-16"}:  # UTF-16 without a mark: where Latin letters have their zero is the byte order
        names = ["utf-16-le" if content[1::2].count(0) >= content[::2].count(0) else "utf-16-be"]
    else:
        names = [encoding] if encoding else ["utf-8", "gb18030", "cp1252"]
    for name in names:
        try:
            return content.decode(name), "utf-16" if name.startswith("utf-16") else name
        except UnicodeDecodeError:
            continue
    raise BadBill("encoding", encoding=encoding or "UTF-8, GB18030, UTF-16")


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:  # a cell of more than 131,072 characters: a quote was not closed
            raise BadBill("not_csv", row=number) from error
        if cells is None:
            return
        if len(cells) > MOST_COLUMNS:
            raise BadBill("too_many_columns", row=number, most=MOST_COLUMNS)
        for place, cell in enumerate(cells, start=1):
            if len(cell) > MOST_CHARACTERS:
                raise BadBill("cell_too_long", row=number, column=str(place), most=MOST_CHARACTERS)
        yield number, [_cleaned(cell) for cell in cells]


def _cleaned(cell: str) -> str:
    text = cell.strip("\ufeff \t\r\n\u00a0\u3000")
    if whole := AS_FORMULA.fullmatch(text):
        text = whole[1].strip()
    return text.removeprefix("'")


def _first_rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    found = []
    for number, cells in _rows(text, delimiter):
        if any(cells):
            found.append((number, cells))
        if len(found) == LOOKED_AT:
            break
    return found


def _fits(text: str, delimiter: str) -> float:
    """Return how well the text is cut by this: into many cells, and as many in most rows."""
    try:
        widths = Counter(len(cells) for _number, cells in _first_rows(text, delimiter))
    except BadBill:
        return 0
    width, times = max(widths.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
    return (width - 1) * times / max(sum(widths.values()), 1)


def _heading(text: str, delimiter: str) -> tuple[int, tuple[str, ...]]:
    """Return number and cells of the heading: the first row of names that fills most columns, without the empty cells at its end. What is
    above it is a title.
    """
    first = _first_rows(text, delimiter)
    if not first:
        raise BadBill("no_rows")
    widths = Counter(len(cells) for _number, cells in first)
    usual = max(widths.items(), key=lambda one: (one[1], one[0]))[0]
    full = [one for one in first if sum(map(bool, one[1])) * 2 > usual]
    number, cells = next((one for one in full if not any(NUMBER.fullmatch(cell) for cell in one[1])), (full or first)[0])
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) < 2:
        raise BadBill("one_column", row=number)
    return number, tuple(cell[:200] for cell in cells)
