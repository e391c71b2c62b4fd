"""Which reader a file needs; its bytes say so, not its name."""

from __future__ import annotations

from pathlib import Path

from batches.reading.sheet import MOST_BYTES, BadFile, Sheet
from batches.reading.text_files import read_csv, read_json_lines
from batches.reading.xlsx import read_xlsx
from generation.bills.reading import OTHER_FILES

__all__ = ["read_file"]

ZIP = b"PK\x03\x04"


def read_file(path: Path) -> Sheet:
    """Return the sheet of a CSV, XLSX or JSON Lines file. Raises `BadFile`, as reading its rows does."""
    if path.stat().st_size > MOST_BYTES:
        raise BadFile("too_large", most=MOST_BYTES // 1_000_000)
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(ZIP):
        return read_xlsx(path)
    for magic, code in OTHER_FILES:
        if head.startswith(magic):
            raise BadFile(code)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return read_json_lines(path)
    return read_csv(path)
