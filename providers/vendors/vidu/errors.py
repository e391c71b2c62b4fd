"""The meaning of Vidu's error codes: the `reason` of a refused request, and the `err_code` of a failed task. Pure.

Vidu platform documents, "error codes" (https://platform.vidu.cn/docs/error-code) and the failed answer of
https://platform.vidu.com/docs/cancel-generation; read 2026-11-29.
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

__all__ = ["CANCELLED", "is_gone", "render_failure", "vendor_error"]

CANCELLED = "UserCancelled"
GONE = "TaskNotFound"
CODES = kinds_by_code(
    {
        InvalidParams: (
            *("BadRequest", "FieldLacking", "FieldUnwanted", "FieldItemCountOutOfRange", "FieldInvalid"),
            *("PageSizeOutOfRange", "ImageDownloadFailure", "ImageFormatInvalid"),
        ),
        ContentRejected: ("TaskPromptPolicyViolation", "AuditSubmitIllegal", "CreationPolicyViolation"),
        OutOfCredit: ("CreditInsufficient",),
        AuthenticationFailed: ("Unauthorized", "Forbidden"),
        Refused: ("ModelUnavailable", GONE, "CreationNotFound", "NotFound", "Conflict", CANCELLED),
        RateLimited: ("QuotaExceeded", "TooManyRequests", "SystemThrottling"),
        ProviderDown: ("InternalServiceFailure", "OperationInProcess", "Canceled"),
    }
)
"""`OperationInProcess` is a 400, but says that the same request is under way: nothing is refused."""


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A task that failed is an answer like any other."""
    code = body.get("reason")
    if not isinstance(code, str) or not code or "state" in body:
        return http_error(reply)
    words = words_of(body) or f"Vidu answered with error {code}."
    trace = words_of(object_of(body, "metadata"), "trace_id")
    return coded_error(reply, CODES.get(code), words, vendor_code=code, request_id=trace or None)


def is_gone(error: Refused) -> bool:
    """Return whether Vidu says that it has no such task. Another 404 may come from a proxy or a wrong base URL."""
    return error.vendor_code == GONE


def render_failure(task: Mapping[str, Any]) -> ProviderError:
    """Return why a render failed: the task has a code and no words."""
    code = words_of(task, "err_code")
    words = words_of(task, "err_msg") or f"Vidu failed to render the video{'' if code else ' and gave no reason'}."
    return render_error_of(CODES.get(code), words, code)
