"""Reads DashScope's answers: states, finished files, pages of the list.

Model Studio documents, the API references' replies, read 2026-11-29, and manage-asynchronous-tasks, read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.core.errors import SubmissionGone, UnexpectedReply
from providers.core.listings import Listed, Page, moment, rows_of, without_others
from providers.core.replies import charge_of, number_of, object_of, snapshot_by_word, text_of, units_of
from providers.core.results import output_of
from providers.core.states import plain
from providers.core.types import Snapshot, WireReply
from providers.vendors.dashscope.errors import task_failure

__all__ = ["page_of", "snapshot_of"]

log = logging.getLogger("providers.dashscope")

RESULT_LIFE = timedelta(hours=24)
UNKNOWN = "unknown"


def page_of(reply: WireReply, others: Container[str]) -> Page:
    """Return one page of the list, without tasks of other models."""
    body = reply.data()
    total = body.get("total")
    if not isinstance(total, int):
        raise UnexpectedReply("DashScope answered without the list of tasks.")
    rows = rows_of(body.get("data"))
    ours = without_others(rows, named="model_name", others=others)
    return Page(tasks=[_listed(row) for row in ours], rows=len(rows), total=total)


def _listed(row: Mapping[str, Any]) -> Listed:
    """Return one row. Its time is read from the milliseconds: the written times have no zone."""
    made_ms = row.get("gmt_create")
    return Listed(id=text_of(row, "task_id"), created_at=moment(made_ms / 1000) if isinstance(made_ms, int) else None)


def snapshot_of(reply: WireReply) -> Snapshot:
    output = reply.part("output")
    word = text_of(output, "task_status")
    if plain(word) == UNKNOWN:
        raise SubmissionGone("DashScope no longer knows this task; it keeps tasks for 24 hours.", vendor_code=word)
    usage = object_of(reply.data(), "usage")
    duration_s = _output_seconds(usage)
    snapshot = snapshot_by_word(
        word,
        log,
        output=lambda: output_of(output, life=RESULT_LIFE, duration_s=duration_s),
        failure=lambda: task_failure(output),
        units=units_of(usage),
        charge=charge_of(_billed_seconds(usage), "seconds"),
    )
    return replace(snapshot, actual_prompt=str(output.get("actual_prompt") or ""))


def _output_seconds(usage: Mapping[str, Any]) -> float | None:
    """Return how long the video is. `duration` alone is of all videos, those that were given too, where there were any."""
    for name in ("output_video_duration", "output_seconds", "video_duration"):
        if seconds := number_of(usage.get(name)):
            return seconds
    given = number_of(usage.get("input_video_duration")) or number_of(usage.get("input_seconds"))
    return None if given else number_of(usage.get("duration"))


def _billed_seconds(usage: Mapping[str, Any]) -> object:
    """Return how many seconds are billed: those of given videos too, which `duration` and `total_seconds` include."""
    whole = next((usage[name] for name in ("duration", "total_seconds") if number_of(usage.get(name))), None)
    return _output_seconds(usage) if whole is None else whole
