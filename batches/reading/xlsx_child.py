"""The process that opens an XLSX file: `python -m batches.reading.xlsx_child PATH MOST_ROWS MOST_COLUMNS`; each line of its answer is
JSON: a row's number and its cells. Run by `xlsx.py` only.

A small file may unpack to anything, and its reader allocates a cell for each place between the first and the last. So it runs where memory
and time have limits, and a file that is too large ends this process and nothing else.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineWorkbook, SheetVisibleEnum

MEMORY_BYTES = 100_000_000
"""On top of what the interpreter has mapped before the file is opened."""
CPU_S = 4


def written(value: Any) -> str:
    """Return a cell as text: whole numbers without a fraction, dates without a time of 0:00."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) or value is not None else ""


def limit() -> None:
    """Bound memory and processor time from here on."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    path, most_rows, most_columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    limit()
    book = CalamineWorkbook.from_path(path)
    sheet = book.get_sheet_by_index(next((at for at, one in enumerate(book.sheets_metadata) if one.visible == SheetVisibleEnum.Visible), 0))
    down: dict[int, list[tuple[int, int]]] = {}  # first row of merged cells -> (column, last row)
    for (top, column), (bottom, _right) in sheet.merged_cell_ranges or []:
        if bottom > top:
            down.setdefault(top, []).append((column, bottom))
    if sheet.height > most_rows + 2 or sheet.width > most_columns:
        sys.stdout.write(json.dumps({"rows": sheet.height, "columns": sheet.width}))
        return 0
    first_column = sheet.start[1] if sheet.start else 0
    spans: dict[int, tuple[int, str]] = {}  # place in the row -> (last row of the merged cell, its text)
    for number, cells in enumerate(sheet.iter_rows()):
        texts = [written(cell) for cell in cells]
        for place, (bottom, text) in spans.items():
            if number <= bottom:
                texts[place] = text
        for column, bottom in down.get(number, ()):
            if 0 <= (place := column - first_column) < len(texts):
                spans[place] = (bottom, texts[place])
        sys.stdout.write(json.dumps([number + 1, texts]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
