"""Reads the answers of gateways that run new-api, whose own shapes replace those of the vendor behind them. Pure.

QuantumNous/new-api, read 2026-11-28: relay/relay_task.go@00fca48 (`{"code": "success", "data": {"task_id", "status", "fail_reason"}}`),
dto/task.go@06644e8 (errors `{"code", "message", "data"}`). A submit answers `{"id", "task_id", "object": "video", "status"}`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.core.errors import GenerationFailed, UnexpectedReply
from providers.core.ids import first_id
from providers.core.replies import words_of
from providers.core.states import state_of
from providers.core.types import Output, Snapshot, State

__all__ = ["OUT_OF_CREDIT", "UNKNOWN_TASK", "gateway_id", "gateway_snapshot", "gateway_task"]

SUCCESS = "success"
UNKNOWN_TASK = "task_not_exist"
OUT_OF_CREDIT = frozenset({"insufficient_user_quota", "pre_consume_token_quota_failed", "quota_not_enough"})
"""Refusals before anything is passed on: new-api reserves the price first."""
PERCENT = re.compile(r"(\d{1,3})%?")
PLACES: tuple[tuple[str | int, ...], ...] = (
    ("result_url",),
    ("url",),
    ("data", "task_result", "videos", 0, "url"),
    ("data", "data", "task_result", "videos", 0, "url"),
    ("data", "video_url"),
    ("data", "data", "video_url"),
    ("metadata", "url"),
    ("fail_reason",),
)
"""Where a finished task has its video: new-api's own field, the vendor's answer inside, and where its older releases keep it."""


def gateway_id(body: Mapping[str, Any]) -> str:
    """Return the task's id from the answer to a submit, whatever its outer code; `UnexpectedReply` when there is none."""
    data = body.get("data")
    inner = (data.get("task_id"), data.get("id")) if isinstance(data, dict) else (data,)
    return first_id((body.get("task_id"), body.get("id"), *inner), or_number=True)


def gateway_task(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the task that a poll's answer is about; None for an answer in another shape."""
    data, code = body.get("data"), body.get("code")
    if isinstance(code, str) and code.lower() == SUCCESS and isinstance(data, dict) and isinstance(data.get("status"), str):
        return data
    return body if body.get("object") == "video" and isinstance(body.get("status"), str) else None


def gateway_snapshot(task: Mapping[str, Any], *, life: timedelta, origin: str, log: logging.Logger) -> Snapshot:
    """Return what the task's object means. An address at the account's own `origin` wants its key."""
    word = str(task["status"])
    state = state_of(word, log)
    return Snapshot(
        state=state,
        vendor_state=word,
        progress=_progress(task.get("progress")),
        outputs=(_output(task, life, origin),) if state is State.SUCCEEDED else (),
        error=_failure(task) if state is State.FAILED else None,
    )


def _failure(task: Mapping[str, Any]) -> GenerationFailed:
    error = task.get("error")
    told = words_of(error) if isinstance(error, dict) else ""
    return GenerationFailed(words_of(task, "fail_reason", "error") or told or "The gateway says that the render failed, without a reason.")


def _output(task: Mapping[str, Any], life: timedelta, origin: str) -> Output:
    for place in PLACES:
        value = _at(task, place)
        if isinstance(value, str) and value.strip().startswith(("https://", "http://")):
            url = value.strip()
            return Output(url=url, expires_in=life, headers_needed=url.startswith(f"{origin.rstrip('/')}/"))
    raise UnexpectedReply("The gateway says that the task succeeded but gives no video address.")


def _at(value: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def _progress(value: object) -> int | None:
    found = PERCENT.fullmatch(str(value))
    return int(found[1]) if found and int(found[1]) <= 100 else None
