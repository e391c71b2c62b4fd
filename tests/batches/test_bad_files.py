"""Files that are too large, in every way, are refused within 5 s and with little memory."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from batches.reading.files import read_file
from batches.reading.sheet import MOST_ROWS, BadFile
from tests.batches.files import PARTS, xlsx
from tests.cases import in_one_test

MOST_S, MOST_KB = 5.0, 100_000


def written(content: bytes) -> Callable[[Path], object]:
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


def peak_kb() -> int:
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


@pytest.mark.slow
@in_one_test(
    ("codes", "write"),
    [
        ("too_many_rows", written(b"prompt,a\n" + b"x,1\n" * 1_000_000)),
        ("too_large", written(b"prompt,a\n" + b"x" * 50_000_000)),
        ("cell_too_long", written(b"prompt,a\n" + b"x" * 19_000_000)),
        ("not_csv cell_too_long", written(b'prompt,a\n"' + b"x\n" * 9_000_000)),
        ("cell_too_long", written(("prompt,a\n" + "😀" * 4_500_000).encode())),
        ("too_many_columns", written(b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n")),
        ("cell_too_long", written(b'{"prompt": "' + b"x" * 19_000_000 + b'"}')),
        ("not_json cell_too_long", written(b'{"a":' * 3_000_000)),
        ("not_json", written(b'{"a":' * 100_000)),
        ("too_many_rows too_large_inside", lambda path: xlsx(path, "<row><c><v>1</v></c></row>" * 1_000_000)),
        ("cell_too_long too_large_inside", lambda path: xlsx(path, f"<row>{cell('x' * 50_000_000)}</row>")),
        ("too_many_columns", lambda path: xlsx(path, f"<row>{'<c><v>1</v></c>' * 10_000}</row>")),
        (
            "too_large_inside too_many_rows",
            lambda path: xlsx(path, f'<row r="1">{cell("a")}</row><row r="1048576">{cell("b", "XFD1048576")}</row>'),
        ),
        ("too_large_inside", lambda path: xlsx(path, "<row/>", more="x" * 150_000_000)),
        ("too_large_inside", zip_bomb),
        ("too_large_inside damaged no_rows", lying_bomb),
        ("is_archive", climbing_names),
        ("damaged", lambda path: xlsx(path, "<row><c><v>1</v>" * 3)),
    ],
)
def test_hostile_file_is_refused_soon_and_cheaply(tmp_path, codes, write):
    path = tmp_path / "file"
    write(path)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
    before, began = peak_kb(), time.monotonic()

    with pytest.raises(BadFile) as refused:
        list(read_file(path).rows)

    assert refused.value.code in codes.split()
    assert time.monotonic() - began < MOST_S
    assert peak_kb() - before < MOST_KB


def test_as_many_rows_as_are_allowed_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"prompt,a\n" + b"x,1\n" * MOST_ROWS)

    assert sum(1 for _row in read_file(tmp_path / "a").rows) == MOST_ROWS
