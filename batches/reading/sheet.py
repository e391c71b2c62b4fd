"""What a file becomes, what it may be at most, and why it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "LONGEST_LINE",
    "MOST_BYTES",
    "MOST_CHARACTERS",
    "MOST_COLUMNS",
    "MOST_ROWS",
    "UNSTORABLE",
    "BadFile",
    "Row",
    "Sheet",
    "named",
    "rows_below",
]

MOST_BYTES = 20_000_000
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 10_000, 200, 20_000
LONGEST_LINE = 1_000_000
"""In characters."""
LONGEST_HEADING = 200
SPACES = "\ufeff \t\r\n\u00a0\u3000"
AS_TEXT = re.compile(r'="([^"]*)"')
"""How programs write digits that a spreadsheet must not round."""
ESCAPED = ("=", "+", "-", "@", "%", "|", "\\|")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadFile(Exception):
    """The whole file is refused. `code` and `facts` make the sentence (`batches.messages`); `row` counts from 1, as in spreadsheets."""

    def __init__(self, code: str, *, row: int = 0, **facts: Any) -> None:
        super().__init__(code, row, facts)
        self.code, self.row, self.facts = code, row, facts


@dataclass(frozen=True)
class Row:
    """The cells of a row by their heading, without empty ones. `extra`: how many more it has than the heading."""

    number: int
    cells: Mapping[str, str]
    extra: int = 0


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A heading, and rows that are read as they are asked for: reading them raises `BadFile`, and MOST_ROWS are the most."""

    heading: tuple[str, ...]
    rows: Iterator[Row]
    encoding: str = ""


def named(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns: without empty ones at the end, each name once, an empty one by its number."""
    names: list[str] = []
    last = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
    if last > MOST_COLUMNS:
        raise BadFile("too_many_columns", most=MOST_COLUMNS)
    for place, cell in enumerate(cells[:last], start=1):
        plain = " ".join(cell.split())[:LONGEST_HEADING] or f"#{place}"
        name, times = plain, 1
        while name in names:
            times += 1
            name = f"{plain} ({times})"
        names.append(name)
    return tuple(names)


def rows_below(lines: Iterable[tuple[int, Sequence[str]]]) -> Sheet:
    """Return the sheet of these numbered lines: the first that is not blank is the heading."""
    written = ((number, cells) for number, raw in lines if any(cells := [_cleaned(cell, number) for cell in raw]))
    _number, first = next(written, (0, []))
    heading = named(first)
    if not heading:
        raise BadFile("no_rows")
    return Sheet(heading=heading, rows=_rows(heading, written))


def _rows(heading: Sequence[str], lines: Iterable[tuple[int, Sequence[str]]]) -> Iterator[Row]:
    count = 0
    for number, cells in lines:
        count += 1
        if count > MOST_ROWS:
            raise BadFile("too_many_rows", most=MOST_ROWS)
        filled = {name: cell for name, cell in zip(heading, cells, strict=False) if cell}
        yield Row(number, filled, extra=sum(map(bool, cells[len(heading) :])))
    if not count:
        raise BadFile("no_rows")


def _cleaned(cell: str, number: int) -> str:
    if len(cell) > MOST_CHARACTERS:
        raise BadFile("cell_too_long", row=number, most=MOST_CHARACTERS)
    if UNSTORABLE.search(cell):
        raise BadFile("not_text", row=number)
    text = cell.strip(SPACES)
    if whole := AS_TEXT.fullmatch(text):
        return whole[1].strip()
    if text[:1] == "'" and text[1:].startswith(ESCAPED):  # as our own sheets write what a spreadsheet would run
        return text[1:].replace("\\|", "|")
    return text
