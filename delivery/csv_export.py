"""Tables as CSV that programs and spreadsheets read: UTF-8 with a mark, and no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from defusedcsv import csv

__all__ = ["csv_lines"]

FORMULA = re.compile(r"^[\s\u00a0]*[=+\-@\t\r\n]", re.MULTILINE)
"""How text begins that a spreadsheet takes for a formula, on any of its lines (https://owasp.org/www-community/attacks/CSV_Injection,
read 2026-11-29).
"""
NUMBER = re.compile(r"-?\d+(\.\d+)?")


class _Line:
    """Takes what the writer writes, so that each line can be sent at once."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the rows as lines, in UTF-8 with the mark that makes Excel read them as such."""
    writer = csv.writer(_Line())  # which escapes the signs that are none of a formula's, but that some spreadsheets run
    yield b"\xef\xbb\xbf"
    for row in rows:
        yield writer.writerow([_cell(value) for value in row]).encode()


def _cell(value: Any) -> str:
    text = str(value)
    return f"'{text}" if FORMULA.search(text) and not NUMBER.fullmatch(text) else text
