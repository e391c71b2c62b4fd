"""CSV with any delimiter in any encoding, and JSON Lines, read line by line."""

from __future__ import annotations

import codecs
import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any

from charset_normalizer import from_bytes

from batches.reading.sheet import LONGEST_LINE, MOST_CHARACTERS, MOST_COLUMNS, BadFile, Sheet, named, rows_below
from generation.bills.reading import DELIMITERS, MARKS

__all__ = ["encoding_of", "read_csv", "read_json_lines"]

SAMPLE_BYTES = 1 << 18
LOOKED_AT = 50
"""How many rows decide the delimiter."""
CHINESE = frozenset({"gb2312", "gbk", "gb18030", "hz"})
"""GB18030 contains the others."""
LEGACY = [
    "gb18030",
    "big5",
    "cp932",
    "cp949",
    "euc_jp",
    "cp1251",
    "cp1252",
    "cp1250",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp874",
    "koi8_r",
]
"""The encodings in which spreadsheets save a CSV, by country."""


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its mark, as UTF-8 if that fits all of it, or else the most likely."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
        for mark, name in MARKS:
            if head.startswith(mark):
                return "utf-8-sig" if name == "utf-8" else name
        if b"\x00" in head and not (b"\n\x00" in head or b"\x00\n" in head):
            raise BadFile("not_text")
        if b"\x00" in head:  # UTF-16 without a mark: where Latin letters have their zero is the byte order
            return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
        file.seek(0)
        if (not_ascii := _not_utf_8(file)) is None:
            return "utf-8"
        file.seek(not_ascii)
        sample = file.read(SAMPLE_BYTES).rpartition(b"\n")[0] or head
    if _is_usual_chinese(sample):
        return "gb18030"
    best = from_bytes(sample, cp_isolation=LEGACY, enable_fallback=False).best()
    if best is None:
        raise BadFile("encoding")
    return "gb18030" if best.encoding in CHINESE else best.encoding


def _is_usual_chinese(sample: bytes) -> bool:
    """Return whether this is GB18030 with the characters that most texts consist of: few words are too little for statistics.

    Their first bytes are 0xB0 to 0xD7 in GB 2312, and 0xA1 to 0xA3 of marks. Those of Korean words in EUC-KR end at 0xC8.
    """
    try:
        letters = [letter.encode("gb18030") for letter in sample.decode("gb18030") if letter > "\x7f"]
    except UnicodeDecodeError:
        return False
    usual = [one for one in letters if len(one) == 2 and one[1] >= 0xA1 and (0xB0 <= one[0] <= 0xD7 or 0xA1 <= one[0] <= 0xA3)]
    return len(usual) >= len(letters) * 0.9 and any(one[0] > 0xC8 for one in usual)


def _not_utf_8(file: IO[bytes]) -> int | None:
    """Return where the line begins in which the file stops being UTF-8; None if all of it is."""
    decoder, at = codecs.getincrementaldecoder("utf-8")(), 0
    while block := file.read(SAMPLE_BYTES):
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return max(at, at + block.rfind(b"\n", 0, max(error.start, 0)) + 1)
        at += len(block)
    return at if decoder.getstate()[0] else None


def read_csv(path: Path) -> Sheet:
    """Return the sheet of a CSV file. Raises `BadFile`, as reading its rows does."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = max(DELIMITERS, key=lambda one: _fits(file, one))
    sheet = rows_below(_csv_rows(path, encoding, delimiter))
    return Sheet(heading=sheet.heading, rows=sheet.rows, encoding=encoding.removesuffix("-sig"))


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    with path.open(encoding=encoding, newline="") as file:
        yield from _cut(file, delimiter)


def _cut(file: IO[str], delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield number and cells of each row."""
    reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:  # the file ends in a quote, or the cell is longer than any
            raise BadFile("not_csv", row=number) from error
        if cells is None:
            return
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            raise BadFile("too_many_columns", row=number, most=MOST_COLUMNS)
        yield number, cells


def _fits(file: IO[str], delimiter: str) -> float:
    """Return how well the text is cut by this: into many cells, and as many in most rows."""
    file.seek(0)
    widths: Counter[int] = Counter()
    with suppress(BadFile):  # the rows before it decide
        widths.update(len(cells) for _number, cells in islice(_cut(file, delimiter), LOOKED_AT) if any(cells))
    width, times = max(widths.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
    return (width - 1) * times / max(sum(widths.values()), 1)


def _lines(file: IO[str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(LONGEST_LINE)
        except UnicodeDecodeError as error:
            raise BadFile("encoding", row=number) from error
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise BadFile("cell_too_long", row=number, most=MOST_CHARACTERS)
        if "\x00" in line:
            raise BadFile("not_text", row=number)
        yield line


def read_json_lines(path: Path) -> Sheet:
    """Return the sheet of a file with a JSON object in each line; an object in it is several columns: `params.duration_s`."""
    encoding = encoding_of(path)
    names: dict[str, None] = {}
    for number, item in _objects(path, encoding):
        names |= dict.fromkeys(item)
        if len(names) > MOST_COLUMNS:
            raise BadFile("too_many_columns", row=number, most=MOST_COLUMNS)
    heading = list(named(list(names)))

    def lines() -> Iterator[tuple[int, Sequence[str]]]:
        yield 0, heading
        for number, item in _objects(path, encoding):
            yield number, [item.get(name, "") for name in names]

    sheet = rows_below(lines())
    return Sheet(heading=sheet.heading, rows=sheet.rows, encoding=encoding.removesuffix("-sig"))


def _objects(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding=encoding, newline="") as file:
        for number, line in enumerate(_lines(file), start=1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadFile("not_json", row=number) from error
            if not isinstance(item, dict):
                raise BadFile("not_json", row=number)
            yield number, {name: _written(value) for name, value in _flat(item)}


def _flat(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", deeper) for inner, deeper in value.items())
        else:
            yield name, value


def _written(value: Any) -> str:
    if value is None or value == []:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
