"""Reads a task's object of Kling's new API.

Kling developer documents, "query tasks"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.errors import UnexpectedReply
from providers.core.replies import charge_of, number_of, snapshot_by_word, text_of
from providers.core.types import Charge, Output, Snapshot
from providers.vendors.kling.classic.replies import RESULT_LIFE, failure_of, log

__all__ = ["snapshot_of"]


def snapshot_of(task: Mapping[str, Any]) -> Snapshot:
    return snapshot_by_word(
        text_of(task, "status"),
        log,
        output=lambda: _output(task),
        failure=lambda: failure_of(task.get("message")),
        units=_units(task.get("billing")),
        charge=_charge(task.get("billing")),
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
    return ", ".join(f"{one.get('amount')} {_unit(one)}" for one in _entries(billing))


def _charge(billing: object) -> Charge | None:
    """Return what was charged, if that is one entry: units of a package and money do not add up."""
    entries = _entries(billing)
    return charge_of(entries[0].get("amount"), {"unit": "units"}.get(_unit(entries[0]), _unit(entries[0]))) if len(entries) == 1 else None


def _entries(billing: object) -> list[Mapping[str, Any]]:
    return [one for one in billing if isinstance(one, dict)] if isinstance(billing, list) else []


def _unit(entry: Mapping[str, Any]) -> str:
    return str(entry.get("currency") or entry.get("charge_type"))
