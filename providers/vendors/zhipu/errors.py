"""What Zhipu's error codes mean to us, in a refused request and in a task that failed. Pure.

Zhipu open platform documents, error-code page; read 2026-11-20. When a used-up plan opens again stands in the words alone, in Beijing
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
from providers.core.replies import judged_by_body, moment_in, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "task_failure", "vendor_error"]

CODES: Mapping[str, type[ProviderError]] = {
    "1000": AuthenticationFailed,
    "1001": AuthenticationFailed,
    "1003": AuthenticationFailed,
    "1005": AuthenticationFailed,
    "1113": OutOfCredit,
    "1200": ProviderDown,
    "1210": InvalidParams,
    "1211": Refused,
    "1212": InvalidParams,
    "1213": InvalidParams,
    "1214": InvalidParams,
    "1215": InvalidParams,
    "1220": AuthenticationFailed,
    "1221": Refused,
    "1222": Refused,
    "1230": ProviderDown,
    "1234": ProviderDown,
    "1261": InvalidParams,
    "1301": ContentRejected,
    "1302": RateLimited,
    "1305": RateLimited,
    "1308": PlanUsedUp,
    "1309": OutOfCredit,
    "1310": PlanUsedUp,
    "1316": PlanUsedUp,
    "1317": PlanUsedUp,
}
BEIJING = timezone(timedelta(hours=8))


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """The error in this reply, if it is one. A task that failed is an answer like any other."""
    error = body.get("error")
    if not isinstance(error, dict) or "task_status" in body:
        return http_error(reply)
    code, words = str(error.get("code") or ""), words_of(error)
    told = coded_error(reply, CODES.get(code), words or f"Zhipu answered with error {code or reply.status}.", vendor_code=code or None)
    if isinstance(told, PlanUsedUp):
        told.opens_at = moment_in(words, zone=BEIJING)
    return told


def is_gone(error: Refused) -> bool:
    """Refusing a poll, whose only parameter is the id, Zhipu says that it has no such task. A bare 404 is not its word."""
    return bool(error.vendor_code) and (error.http_status == 404 or type(error) is InvalidParams)


def task_failure(body: Mapping[str, Any]) -> ProviderError:
    """Why a task failed; the documents promise no reason, so often there is none. The render is over, whatever the code."""
    error = body.get("error")
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or "")
    words = words_of(error) or "Zhipu failed to render the video and gave no reason."
    return render_error_of(CODES.get(code), words, code)
