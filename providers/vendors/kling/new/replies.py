"""Reads a task's object of Kling's new API.

Kling developer documents, "query tasks"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.errors import UnexpectedReply
from providers.core.replies import number_of, snapshot_by_word, text_of
from providers.core.types import Output, Snapshot
from providers.vendors.kling.classic.replies import RESULT_LIFE, failure_of, log

__all__ = ["snapshot_of"]


def snapshot_of(task: Mapping[str, Any]) -> Snapshot:
    return snapshot_by_word(
        text_of(task, "status"),
        log,
        output=lambda: _output(task),
        failure=lambda: failure_of(task.get("message")),
        units=_units(task.get("billing")),
    )


def _output(task: Mapping[str, Any]) -> Output:
    """Return the video, marked when that was asked for: then both files are there."""
    outputs = task.get("outputs")
    videos = [one for one in outputs if isinstance(one, dict) and one.get("type") == "video"] if isinstance(outputs, list) else []
    if not videos:
        raise UnexpectedReply("Kling says that the task succeeded but gives no video.")
    video = videos[0]
    url = text_of(video, "watermark_url" if video.get("watermark_url") else "url")
    return Output(url=url, expires_in=RESULT_LIFE, duration_s=number_of(video.get("duration")))


def _units(billing: object) -> str:
    """Return what was charged, in the vendor's words: `10 unit`."""
    charges = [one for one in billing if isinstance(one, dict)] if isinstance(billing, list) else []
    return ", ".join(f"{one.get('amount')} {one.get('currency') or one.get('charge_type')}" for one in charges)
