"""The meaning of Ark's error codes, in a refused request and in a failed task. Pure.

Volcengine Ark documents, "error codes"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import coded_error, http_error
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
)
from providers.core.replies import judged_by_body, kinds_by_code, object_of, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "task_failure", "vendor_error"]

CODES = kinds_by_code(
    {
        AuthenticationFailed: ("AccessDenied", "AuthenticationError", "InvalidAccountStatus", "ModelNotOpen", "OperationDenied"),
        OutOfCredit: ("AccountOverdueError", "SetLimitExceeded"),
        RateLimited: ("InflightBatchsizeExceeded", "QuotaExceeded", "ServerOverloaded"),
        ProviderDown: ("InternalServiceError",),
        Refused: ("InvalidEndpoint", "InvalidEndpointOrModel", "NotFound"),
        InvalidParams: ("InvalidImageURL", "InvalidParameter", "MissingParameter"),
    }
)
PARTS: Mapping[str, type[ProviderError]] = {"SensitiveContentDetected": ContentRejected, "RateLimitExceeded": RateLimited}
"""Families of codes that differ in how they begin."""
TRIAL_WORDS = ("trial", "free", "试用", "免费")


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None: `{error: {code, message, type}}` below a 4xx or 5xx."""
    error = body.get("error")
    if reply.status < 400:  # a task that failed carries an `error` too, and the request for it was fine
        return None
    if not isinstance(error, dict) or not error.get("code"):
        return http_error(reply)
    code = str(error["code"])
    words = words_of(error) or f"Ark answered with error {code}."
    return coded_error(reply, _kind(code, words), words, vendor_code=code)


def is_gone(error: Refused) -> bool:
    """Return whether Ark says that it has no such task. A bare 404 may come from a proxy."""
    return error.http_status == 404 and (error.vendor_code or "").partition(".")[0] == "NotFound"


def task_failure(task: Mapping[str, Any]) -> ProviderError:
    """Return why a task failed."""
    error = object_of(task, "error")
    code = str(error.get("code") or "")
    words = words_of(error) or "Ark failed to render the video and gave no reason."
    return render_error_of(_kind(code, words), words, code)


def _kind(code: str, words: str) -> type[ProviderError] | None:
    """Return the class by the code's first word. One code has two meanings, trial used up or queue full; its message shows which."""
    family = code.partition(".")[0]
    if family == "QuotaExceeded" and any(word in words.lower() for word in TRIAL_WORDS):
        return OutOfCredit
    by_part = (kind for part, kind in PARTS.items() if part in family)
    return CODES.get(family) or next(by_part, None)
