"""Which reader a file needs; its bytes say so, not its name."""

from __future__ import annotations

import re
from pathlib import Path

from batches.reading.sheet import MOST_BYTES, BadFile, Sheet
from batches.reading.text_files import read_csv, read_json_lines
from batches.reading.xlsx import read_xlsx
from generation.bills.reading import OTHER_FILES

__all__ = ["read_file"]

ZIP = b"PK\x03\x04"
WEB_PAGE = re.compile(rb"<(!doctype|html|head|body|!--|\?xml)", re.IGNORECASE)
JSON_LIST = re.compile(rb"\[\s*\{")


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
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if WEB_PAGE.match(start):
        raise BadFile("is_web_page")
    if JSON_LIST.match(start):
        raise BadFile("is_json_list")
    if start.startswith(b"{"):
        return read_json_lines(path)
    return read_csv(path)
