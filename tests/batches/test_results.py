"""Counts, the result sheet and the ZIP."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

import pytest

from access.callers import Caller
from batches.accepting import accept
from batches.progress import counts_of
from batches.results import result_rows, xlsx_of, zip_of
from delivery.csv_export import csv_lines
from generation import store
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.batches.batch_rows import make_batch
from tests.batches.test_feeding import feed_once
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql


@pytest.fixture
def batch(real, user):
    """Three rows that are ordered, one of which is done and one failed, and one that was left out."""
    made = feed_once(accept(make_batch(user, 3, 1), by=Caller(user=user), good_only=True))
    row = made.rows.get(number=1)
    row.cells = {"Name": "=1+1"}
    row.order |= {"content_id": "../red cup"}
    row.save()
    task = GenerationTask.objects.get(pk=row.task_id)
    task.status, task.due_at, task.submission_id, task.finished_at = Status.SUCCEEDED, None, "vendor-1", task.created_at
    task.save()
    make_video(user, task=task)
    failed = GenerationTask.objects.get(pk=made.rows.get(number=2).task_id)
    failed.give_up("model_gone", "The model is gone.")
    return made


def test_counts_are_one_query_and_name_every_kind(batch, django_assert_num_queries):
    with django_assert_num_queries(1):
        counts = counts_of(batch)
    assert {kind: count for kind, count in counts.items() if count} == {"succeeded": 1, "failed": 1, "queued": 1, "left_out": 1}
    assert {"waiting", "refused", "withdrawn", "running", "needs_review"} <= counts.keys()


def test_the_result_sheet_has_the_cells_and_what_came_of_each_row(batch, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        heading, *rows = result_rows(batch, "https://portal.example")

    assert (heading[0], len(heading)) == ("Name", 8)
    assert [row[2] for row in rows] == ["Done", "Failed", "Waiting", "Left out"]
    assert rows[0][5].startswith("https://portal.example/v/")
    assert (rows[1][3], rows[3][3]) == ("The model is gone.", "Prompt: Too long.")
    text = b"".join(csv_lines(iter([heading, *rows]))).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("'=1+1,1,Done")


def test_the_xlsx_has_texts_and_numbers_and_no_formula(batch):
    with xlsx_of(result_rows(batch, "")) as file, zipfile.ZipFile(file) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - ours
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = [("".join(cell.itertext()), cell.get("t")) for cell in sheet.iter(f"{space}c")]
    assert not list(sheet.iter(f"{space}f"))
    assert cells[8:11] == [("=1+1", "inlineStr"), ("1", None), ("Done", "inlineStr")]


def test_the_zip_has_every_video_under_a_safe_name_and_says_what_is_missing(batch):
    task = GenerationTask.objects.get(status=Status.SUCCEEDED)
    video = task.videos.get()
    store.delete(video.file)
    store.save(video.file, b"the film" * 1000)
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_of(batch)))) as archive:
        assert (archive.namelist(), archive.testzip()) == (["00001 .._red cup.mp4"], None)
        assert archive.read("00001 .._red cup.mp4") == b"the film" * 1000

    store.delete(video.file)
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_of(batch)))) as archive:
        assert archive.read("missing.txt") == b"00001 .._red cup.mp4"
