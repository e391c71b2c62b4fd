"""The meaning of DashScope's error codes, in a refused request and in a failed task. Pure.

Model Studio documents, error-code page; read 2026-11-20.
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
from providers.core.replies import judged_by_body, kinds_by_code, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["task_failure", "vendor_error"]

CODES = kinds_by_code(
    {
        AuthenticationFailed: ("AccessDenied", "InvalidApiKey", "Model.AccessDenied", "Workspace.AccessDenied"),
        OutOfCredit: ("AllocationQuota", "Arrearage", "CommodityNotPurchased", "PostpaidBillOverdue", "PrepaidBillOverdue"),
        ContentRejected: ("DataInspectionFailed", "IPInfringementSuspect"),
        InvalidParams: ("InputDownloadFailed", "InvalidParameter", "InvalidURL", "UnsupportedFileFormat"),
        ProviderDown: ("InternalError", "ModelUnavailable", "RequestTimeOut", "SystemError"),
        RateLimited: ("LimitRequests", "Throttling"),
        Refused: ("ModelNotFound", "UnsupportedOperation"),
    }
)


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None: a `code` that is not empty is one, also with HTTP 200."""
    request_id = words_of(body, "request_id") or None
    if not body.get("code"):
        return http_error(reply, message=words_of(body), request_id=request_id)
    code = str(body["code"])
    words = words_of(body) or f"DashScope answered with error {code}."
    return coded_error(reply, _kind(code), words, vendor_code=code, request_id=request_id)


def task_failure(output: Mapping[str, Any]) -> ProviderError:
    """Return why a task failed."""
    code = str(output.get("code") or "")
    words = words_of(output) or "DashScope failed to render the video and gave no reason."
    return render_error_of(_kind(code), words, code)


def _kind(code: str) -> type[ProviderError] | None:
    """Return the class of the whole code, else of its first word: `InternalError.Algo` means what `InternalError` means."""
    return CODES.get(code) or CODES.get(code.partition(".")[0])
