"""What came of a batch: a table with the uploaded columns and a row's result, as lines or as XLSX, and all videos in one ZIP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

import xlsxwriter
from django.conf import settings
from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from batches.mapping import field_names, own_columns
from batches.messages import words_of
from batches.models import Batch, BatchRow, RowState
from delivery import zips
from delivery.csv_export import csv_lines
from delivery.links import video_url
from delivery.stored_file import file_name
from generation.lifecycle import RESTING
from generation.models import GenerationTask, Video
from generation.models.status_labels import STATUS_CHOICES
from providers.messages import translated

__all__ = ["KINDS", "result_rows", "results_in", "xlsx_of", "zip_of"]

AT_ONCE = 500
WORDS = dict(STATUS_CHOICES)
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""The content types of what came of a batch: two tables, and all videos."""


def results_in(kind: str, batch: Batch, origin: str) -> FileResponse | StreamingHttpResponse:
    """Return the answer with what came of a batch, in one of `KINDS`; it has no file name yet. `origin` begins the videos' addresses."""
    if kind == "zip":
        return StreamingHttpResponse(zip_of(batch), content_type=KINDS[kind])
    rows = result_rows(batch, origin)
    if kind == "xlsx":
        return FileResponse(xlsx_of(rows), content_type=KINDS[kind])
    return StreamingHttpResponse(csv_lines(rows), content_type=KINDS["csv"])


def result_rows(batch: Batch, origin: str) -> Iterator[Sequence[Any]]:
    """Yield the heading and every row: its cells as they were uploaded, then what came of it. `origin` begins the videos' addresses."""
    cost = _("Cost, %(currency)s") % {"currency": settings.CURRENCY}
    names, columns = field_names(batch), own_columns(batch.heading)
    yield [*columns, _("Row"), _("Result"), _("Why"), _("Task"), _("Video"), _("Seconds"), cost]
    for rows in _in_parts(batch):
        tasks = _tasks_of(rows)
        for row in rows:
            task = tasks.get(row.task_id) if row.task_id else None
            yield [*(row.cells.get(name, "") for name in columns), row.number, *_result(row, task, origin, names)]


def _result(row: BatchRow, task: GenerationTask | None, origin: str, names: Mapping[str, str]) -> Sequence[Any]:
    if task is None:
        why = "; ".join(words_of(one, names) for one in row.problems)
        return [str(RowState(row.state).label), why, "", "", "", ""]
    videos = task.kept_videos()
    urls = "\n".join(video_url(video, origin) for video in videos)
    seconds = sum(video.duration_s for video in videos)
    cost = "" if task.spent is None else task.spent
    why = "" if videos or task.state not in RESTING else translated(task.error_message)  # of an earlier try, while it goes on
    return [str(WORDS[task.status]), why, str(task.pk), urls, round(seconds, 2) if videos else "", cost]


def xlsx_of(rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Return the rows as a sheet of text and numbers, in a file that is gone once it is closed. Nothing in it is a formula or a link."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    file = TemporaryFile(dir=settings.SCRATCH_DIR)  # noqa: SIM115 - the caller closes it
    wanted = {"constant_memory": True, "tmpdir": str(settings.SCRATCH_DIR)}
    with xlsxwriter.Workbook(file, wanted) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                else:
                    sheet.write_number(number, column, value)
    file.seek(0)
    return file


def zip_of(batch: Batch) -> Iterator[bytes]:
    """Yield a ZIP of all videos of the batch."""
    return zips.zip_of(_files(batch), batch.created_at)


def _files(batch: Batch) -> Iterator[tuple[str, Video]]:
    """Yield the videos of all rows with their names."""
    for rows in _in_parts(batch):
        tasks = _tasks_of(rows)
        for row in rows:
            task = tasks.get(row.task_id) if row.task_id else None
            for index, video in enumerate(task.kept_videos() if task else []):
                yield _name(row, video, index), video


def _name(row: BatchRow, video: Video, index: int) -> str:
    """Return the name of its file: the row's number, that of further videos of the row, and what the caller calls it."""
    words = row.order.get("content_id") or row.order.get("external_id") or video.title
    return file_name(f"{row.number:05d}{f'-{index + 1}' if index else ''} {words}", video.suffix)


def _in_parts(batch: Batch) -> Iterator[Sequence[BatchRow]]:
    """Yield the rows in their order, some hundred at once."""
    last = -1
    while rows := list(batch.rows.filter(number__gt=last).order_by("number")[:AT_ONCE]):
        yield rows
        last = rows[-1].number


def _tasks_of(rows: Sequence[BatchRow]) -> dict[UUID, GenerationTask]:
    return GenerationTask.objects.prefetch_related("videos").in_bulk([row.task_id for row in rows if row.task_id])
