"""Files that are too large, in every way, and large ones that are right: for the tests and `python -m benchmarks batches`."""

from __future__ import annotations

import os
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import xlsxwriter

from batches.reading.sheet import MOST_ROWS
from tests.batches.files import PARTS, xlsx

__all__ = ["GOOD", "HOSTILE", "Write", "cpu_s", "peak_kb", "start_peak"]

Write = Callable[[Path], object]


def written(content: bytes) -> Write:
    return lambda path: path.write_bytes(content)


def cell(value: str, place: str = "A1") -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _block in range(300):
                sheet.write(bytes(1 << 20))


def lying_bomb(path: Path) -> None:
    """A bomb whose list of contents says that it is small."""
    zip_bomb(path)
    content = path.read_bytes()
    size = (300 << 20).to_bytes(4, "little")
    assert size in content
    path.write_bytes(content.replace(size, (9_000).to_bytes(4, "little")))


def climbing_names(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../x", "a")
        archive.writestr("/etc/passwd", "a")


def long_list(path: Path, entries: int = 400_000) -> None:
    """A ZIP with a list of so many files that are all the same one."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = struct.pack("<4s2B4HL2L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries % 65_535, entries % 65_535, len(entry) * entries, len(local), 0)
    path.write_bytes(local + entry * entries + end)


def busy_sheet(path: Path) -> None:
    """As many rows as are allowed, with formulas, dates, and cells that are merged by threes."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["提示词", "秒", "日期", "公式", "组"])
        for number in range(1, MOST_ROWS + 1):
            sheet.write_string(number, 0, f"一只小船在傍晚的河上 {number}")
            sheet.write_number(number, 1, 5)
            sheet.write_datetime(number, 2, datetime(2026, 11, 30), day)  # noqa: DTZ001 - a sheet knows no zones
            sheet.write_formula(number, 3, "=B2*2", value=10)
            if number % 3 == 1 and number + 2 <= MOST_ROWS:
                sheet.merge_range(number, 4, number + 2, 4, f"组 {number}")


LINES = "提示词,秒\n" + "".join(f"一只小船在傍晚的河上慢慢驶过 {number},5\n" for number in range(MOST_ROWS))

GOOD: dict[str, Write] = {
    "10,000 rows, UTF-8 with a BOM": written(LINES.encode("utf-8-sig")),
    "10,000 rows, GBK": written(LINES.encode("gbk")),
    "10,000 rows, UTF-16": written(LINES.encode("utf-16")),
    "10,000 rows of formulas": written(b"prompt,a\n" + b'x,"=HYPERLINK(""http://x"",""y"")"\n' * MOST_ROWS),
    "10,000 rows, XLSX with dates, formulas, merged cells": busy_sheet,
}
"""Each has MOST_ROWS rows."""

HOSTILE: dict[str, tuple[str, Write]] = {
    "1 M rows": ("too_many_rows", written(b"prompt,a\n" + b"x,1\n" * 1_000_000)),
    "a cell of 50 MB": ("too_large", written(b"prompt,a\n" + b"x" * 50_000_000)),
    "a cell of 19 MB": ("cell_too_long", written(b"prompt,a\n" + b"x" * 19_000_000)),
    "an open quote, 18 MB": ("not_csv cell_too_long", written(b'prompt,a\n"' + b"x\n" * 9_000_000)),
    "a cell of 18 MB of emoji": ("cell_too_long", written(("prompt,a\n" + "😀" * 4_500_000).encode())),
    "10,000 columns": ("too_many_columns", written(b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n")),
    "JSON with a text of 19 MB": ("cell_too_long", written(b'{"prompt": "' + b"x" * 19_000_000 + b'"}')),
    "JSON, 3 M levels deep": ("not_json cell_too_long", written(b'{"a":' * 3_000_000)),
    "JSON, 100,000 levels deep": ("not_json", written(b'{"a":' * 100_000)),
    "XLSX, 1 M rows": ("too_many_rows too_large_inside", lambda path: xlsx(path, "<row><c><v>1</v></c></row>" * 1_000_000)),
    "XLSX, a cell of 50 MB": ("cell_too_long too_large_inside", lambda path: xlsx(path, f"<row>{cell('x' * 50_000_000)}</row>")),
    "XLSX, 10,000 columns": ("too_many_columns", lambda path: xlsx(path, f"<row>{'<c><v>1</v></c>' * 10_000}</row>")),
    "XLSX, the first cell and the last": (
        "too_large_inside too_many_rows",
        lambda path: xlsx(path, f'<row r="1">{cell("a")}</row><row r="1048576">{cell("b", "XFD1048576")}</row>'),
    ),
    "XLSX, 150 MB in another part": ("too_large_inside", lambda path: xlsx(path, "<row/>", more="x" * 150_000_000)),
    "XLSX, a ZIP bomb": ("too_large_inside", zip_bomb),
    "XLSX, a ZIP bomb that lies": ("too_large_inside damaged no_rows", lying_bomb),
    "ZIP with 400,000 names": ("damaged", long_list),
    "ZIP with the name ../x": ("is_archive", climbing_names),
    "XLSX, cut off": ("damaged", lambda path: xlsx(path, "<row><c><v>1</v>" * 3)),
}
"""The codes of a refusal, of which it has one, and how the file is made."""


def start_peak() -> None:
    """Let the highest use of memory begin again."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_kb(process: str = "self") -> int:
    """Return the highest use of memory of a process."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[1])  # type: ignore[index]


def cpu_s() -> float:
    """Return the processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])
