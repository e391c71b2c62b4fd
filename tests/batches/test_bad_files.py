"""Files that are too large, in every way, are refused within 5 s of processor time and with little memory; large right ones are read so."""

from __future__ import annotations

import pytest

from batches.images import BadArchive, open_archive
from batches.reading.files import read_file
from batches.reading.sheet import MOST_ROWS, BadFile
from tests.batches.bad_files import GOOD, HOSTILE, cpu_s, long_list, peak_kb, start_peak
from tests.cases import in_one_test

MOST_S, MOST_KB = 5.0, 100_000


@pytest.mark.slow
@in_one_test("name", HOSTILE)
def test_hostile_file_is_refused_soon_and_cheaply(tmp_path, name):
    codes, write = HOSTILE[name]
    write(tmp_path / "file")
    start_peak()
    before, began = peak_kb(), cpu_s()

    with pytest.raises(BadFile) as refused:
        list(read_file(tmp_path / "file").rows)

    assert refused.value.code in codes.split()
    assert cpu_s() - began < MOST_S
    assert peak_kb() - before < MOST_KB


@pytest.mark.slow
@in_one_test("name", GOOD)
def test_as_many_rows_as_are_allowed_are_read_soon_and_cheaply(tmp_path, name):
    GOOD[name](tmp_path / "file")
    start_peak()
    before, began = peak_kb(), cpu_s()

    rows = read_file(tmp_path / "file").rows

    assert sum(1 for _row in rows) == MOST_ROWS
    assert cpu_s() - began < MOST_S
    assert peak_kb() - before < MOST_KB


def test_zip_with_more_names_than_any_is_refused_before_they_are_read(tmp_path):
    long_list(tmp_path / "images.zip")
    start_peak()
    before = peak_kb()

    with pytest.raises(BadArchive), open_archive(tmp_path / "images.zip"):
        pass

    assert peak_kb() - before < MOST_KB / 5


def test_as_many_rows_as_are_allowed_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"prompt,a\n" + b"x,1\n" * MOST_ROWS)

    assert sum(1 for _row in read_file(tmp_path / "a").rows) == MOST_ROWS
