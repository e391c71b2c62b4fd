"""Reads the answers of gateways that run new-api, whose own shapes replace those of the vendor behind them. Pure.

QuantumNous/new-api, read 2026-11-28: relay/relay_task.go@00fca48 (`{"code": "success", "data": {"task_id", "status", "fail_reason"}}`),
dto/task.go@06644e8 (errors `{"code", "message", "data"}`). A submit answers `{"id", "task_id", "object": "video", "status"}`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.core.base import http_error
from providers.core.errors import GenerationFailed, InvalidParams, ProviderError, UnexpectedReply
from providers.core.ids import first_id
from providers.core.replies import object_of, snapshot_by_word, words_of
from providers.core.types import Output, Snapshot, WireReply

__all__ = ["QUOTA_CODES", "QUOTED", "UNKNOWN_TASK", "gateway_error", "gateway_id", "gateway_snapshot", "gateway_task"]

SUCCESS = "success"
UNKNOWN_TASK = "task_not_exist"
QUOTA_CODES = frozenset({"insufficient_user_quota", "pre_consume_token_quota_failed", "quota_not_enough"})
"""Of new-api. With an HTTP error they mean that nothing was passed on: it reserves the price first."""
QUOTED = "fail_to_fetch_task"
"""The vendor behind the gateway refused; its answer is the message."""
FRONT = "new_api_error"
"""The type of errors that the gateway answers before it passes anything on (middleware/utils.go@3e92b6b)."""
NO_CHANNEL = "model_not_found"
"""No vendor behind the gateway has the model (middleware/distributor.go@003d7c0), which it says with HTTP 503."""
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


def gateway_error(reply: WireReply, body: Mapping[str, Any], judge: Callable[[WireReply], ProviderError | None]) -> ProviderError | None:
    """Return the error that the gateway's front answers, or the vendor's own that it quotes, as `judge` reads it; None for others."""
    if reply.status < 400:
        return None
    if body.get("code") == QUOTED:
        return _quoted_error(reply, words_of(body), judge)
    error = body.get("error")
    if not isinstance(error, dict) or error.get("type") != FRONT:
        return None
    code, words = words_of(error, "code") or FRONT, words_of(error)
    if code == NO_CHANNEL:
        return InvalidParams(words or "The gateway does not have this model.", vendor_code=code, http_status=reply.status)
    return http_error(reply, message=words, vendor_code=code)


def _quoted_error(reply: WireReply, words: str, judge: Callable[[WireReply], ProviderError | None]) -> ProviderError | None:
    """Return the error that is quoted; it may quote another, as a gateway may call a gateway. A quoted page has no vendor's code."""
    inner = replace(reply, body=words.encode())
    try:
        inner.data()
    except UnexpectedReply:
        return http_error(reply, message=words[:500])
    return judge(inner)


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
    """Return what the task's object means. An address at the account's own `origin` requires its key."""
    words = words_of(task, "fail_reason", "error") or words_of(object_of(task, "error"))
    percent = PERCENT.fullmatch(str(task.get("progress")))
    return snapshot_by_word(
        str(task["status"]),
        log,
        output=lambda: _output(task, life, origin),
        failure=lambda: GenerationFailed(words or "The gateway says that the render failed, without a reason."),
        progress=int(percent[1]) if percent and int(percent[1]) <= 100 else None,
    )


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
