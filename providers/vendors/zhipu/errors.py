"""The meaning of Zhipu's error codes, in a refused request and in a failed task. Pure.

Zhipu open platform documents, error-code page; read 2026-11-20. When a used-up plan opens again is in the words alone, in Beijing
time (`READ_ELSEWHERE` of catalog.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Any

from providers.core.base import coded_error, http_error
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    InvalidParams,
    OutOfCredit,
    PlanUsedUp,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
)
from providers.core.replies import judged_by_body, kinds_by_code, moment_in, object_of, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "task_failure", "vendor_error"]

CODES = kinds_by_code(
    {
        AuthenticationFailed: ("1000", "1001", "1003", "1005", "1220"),
        OutOfCredit: ("1113", "1309"),
        ProviderDown: ("1200", "1230", "1234"),
        InvalidParams: ("1210", "1212", "1213", "1214", "1215", "1261"),
        Refused: ("1211", "1221", "1222"),
        ContentRejected: ("1301",),
        RateLimited: ("1302", "1305"),
        PlanUsedUp: ("1308", "1310", "1316", "1317"),
    }
)
BEIJING = timezone(timedelta(hours=8))


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A task that failed is an answer like any other."""
    error = body.get("error")
    if not isinstance(error, dict) or "task_status" in body:
        return http_error(reply)
    code, words = str(error.get("code") or ""), words_of(error)
    meant = coded_error(reply, CODES.get(code), words or f"Zhipu answered with error {code or reply.status}.", vendor_code=code or None)
    if isinstance(meant, PlanUsedUp):
        meant.opens_at = moment_in(words, zone=BEIJING)
    return meant


def is_gone(error: Refused) -> bool:
    """Return whether a refused poll, whose only parameter is the id, means that there is no such task. A bare 404 does not."""
    return bool(error.vendor_code) and (error.http_status == 404 or type(error) is InvalidParams)


def task_failure(body: Mapping[str, Any]) -> ProviderError:
    """Return why a task failed; the documents promise no reason, so often there is none."""
    error = object_of(body, "error")
    code = str(error.get("code") or "")
    words = words_of(error) or "Zhipu failed to render the video and gave no reason."
    return render_error_of(CODES.get(code), words, code)
