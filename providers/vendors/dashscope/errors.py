"""What DashScope's error codes mean to us, in a refused request and in a task that failed. Pure.

Model Studio documents, error-code page; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import http_error, retry_after_s
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    UnexpectedReply,
)
from providers.core.types import WireReply

__all__ = ["task_failure", "vendor_error"]

CODES: Mapping[str, type[ProviderError]] = {
    "AccessDenied": AuthenticationFailed,
    "AllocationQuota": OutOfCredit,
    "Arrearage": OutOfCredit,
    "CommodityNotPurchased": OutOfCredit,
    "DataInspectionFailed": ContentRejected,
    "IPInfringementSuspect": ContentRejected,
    "InputDownloadFailed": InvalidParams,
    "InternalError": ProviderDown,
    "InvalidApiKey": AuthenticationFailed,
    "InvalidParameter": InvalidParams,
    "InvalidURL": InvalidParams,
    "LimitRequests": RateLimited,
    "Model.AccessDenied": AuthenticationFailed,
    "ModelNotFound": Refused,
    "ModelUnavailable": ProviderDown,
    "PostpaidBillOverdue": OutOfCredit,
    "PrepaidBillOverdue": OutOfCredit,
    "RequestTimeOut": ProviderDown,
    "SystemError": ProviderDown,
    "Throttling": RateLimited,
    "UnsupportedFileFormat": InvalidParams,
    "UnsupportedOperation": Refused,
    "Workspace.AccessDenied": AuthenticationFailed,
}


def vendor_error(reply: WireReply) -> ProviderError | None:
    """The error in this reply, if it is one: a non-empty `code` is, also with HTTP 200."""
    try:
        body = reply.data()
    except UnexpectedReply as unread:
        return http_error(reply) or unread
    code = body.get("code")
    if code:
        return _coded_error(reply, str(code), body)
    return http_error(reply, message=_words(body), request_id=_request_id(body))


def task_failure(output: Mapping[str, Any]) -> ProviderError:
    """Why a task failed. What would be 'try again' of a request is an end here: the render is over."""
    code = str(output.get("code") or "")
    words = _words(output) or "DashScope failed to render the video and gave no reason."
    kind = _kind(code)
    if kind in {ContentRejected, InvalidParams}:
        return kind(words, vendor_code=code)
    return GenerationFailed(words, vendor_code=code or None)


def _coded_error(reply: WireReply, code: str, body: Mapping[str, Any]) -> ProviderError:
    words = _words(body) or f"DashScope answered with error {code}."
    request_id = _request_id(body)
    kind = _kind(code)
    if kind is None:
        unknown = http_error(reply, message=words, vendor_code=code, request_id=request_id)
        return unknown or UnexpectedReply(words, vendor_code=code, http_status=reply.status, request_id=request_id)
    if kind is RateLimited:
        wait_s = retry_after_s(reply)
        return RateLimited(words, retry_after_s=wait_s, vendor_code=code, http_status=reply.status, request_id=request_id)
    return kind(words, vendor_code=code, http_status=reply.status, request_id=request_id)


def _kind(code: str) -> type[ProviderError] | None:
    """By the whole code, else by its first word: `InternalError.Algo` means what `InternalError` means."""
    return CODES.get(code) or CODES.get(code.partition(".")[0])


def _words(body: Mapping[str, Any]) -> str:
    message = body.get("message")
    return message if isinstance(message, str) else ""


def _request_id(body: Mapping[str, Any]) -> str | None:
    value = body.get("request_id")
    return value if isinstance(value, str) else None
