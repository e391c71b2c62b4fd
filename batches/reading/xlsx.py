"""XLSX, read by a process of its own (`xlsx_child`): what it says is read row by row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from batches.reading.archives import open_zip
from batches.reading.sheet import LONGEST_LINE, MOST_COLUMNS, MOST_ROWS, BadFile, Sheet, rows_below

__all__ = ["read_xlsx"]

PROJECT_ROOT = Path(__file__).resolve().parents[2]
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
WAIT_S = 10
MOST_UNPACKED = 100_000_000
"""Of the sheets and texts of a file, by what its list of contents says; the child has a limit for what it does not say."""


def read_xlsx(path: Path) -> Sheet:
    """Return the first visible sheet of the file. Raises `BadFile`, as reading its rows does."""
    _look_inside(path)
    return rows_below(_rows(path))


def _look_inside(path: Path) -> None:
    try:
        with open_zip(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise BadFile("damaged") from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise BadFile("is_archive")
    if sum(part.file_size for part in parts if part.filename.endswith(".xml")) > MOST_UNPACKED:
        raise BadFile("too_large_inside", rows=MOST_ROWS, columns=MOST_COLUMNS)


def _rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    command = [sys.executable, "-m", "batches.reading.xlsx_child", str(path), str(MOST_ROWS), str(MOST_COLUMNS)]
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    with subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        try:
            while line := child.stdout.readline(LONGEST_LINE * 12):  # a letter may be written as two escapes of six signs
                yield _row(line)
            child.wait(WAIT_S)
        finally:
            child.kill()
    if child.returncode:
        raise BadFile("too_large_inside" if child.returncode < 0 else "damaged", rows=MOST_ROWS, columns=MOST_COLUMNS)


def _row(line: bytes) -> tuple[int, Sequence[str]]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise BadFile("too_large_inside", rows=MOST_ROWS, columns=MOST_COLUMNS) from error
    if isinstance(said, dict):
        is_long = said["rows"] > MOST_ROWS
        raise BadFile("too_many_rows" if is_long else "too_many_columns", most=MOST_ROWS if is_long else MOST_COLUMNS)
    number, cells = said
    return number, cells
