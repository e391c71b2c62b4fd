"""The meaning of Kling's error codes: the vendor's own envelope `{code, message}`, and the `{error: {...}}` of gateways. Pure.

Kling developer documents, "general errors"; read 2026-11-20.
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
from providers.core.gateways import QUOTA_CODES, UNKNOWN_TASK, gateway_error, gateway_task
from providers.core.replies import judged_by_body, kinds_by_code, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "vendor_error"]

CODES = kinds_by_code(
    {
        AuthenticationFailed: ("1000", "1001", "1002", "1003", "1004", "1103", "1304"),
        OutOfCredit: ("1100", "1101", "1102"),
        InvalidParams: ("1200", "1201"),
        Refused: ("1202", "1203"),
        ContentRejected: ("1300", "1301"),
        RateLimited: ("1302", "1303"),
        ProviderDown: ("5000", "5001", "5002"),
    }
)
STALE = frozenset({"1003", "1004"})
NO_SUCH_RESOURCE = "1203"
GATEWAY_CODES: Mapping[str, type[Refused]] = dict.fromkeys(QUOTA_CODES, OutOfCredit) | {UNKNOWN_TASK: Refused}
GATEWAY_WORDS: tuple[tuple[str, type[Refused]], ...] = (
    ("insufficient", OutOfCredit),
    ("quota", OutOfCredit),
    ("sensitive", ContentRejected),
    ("content_policy", ContentRejected),
    ("moderation", ContentRejected),
)


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None; some gateways send errors with HTTP 200."""
    quoted = gateway_error(reply, body, vendor_error)
    if quoted is not None:
        return quoted
    if isinstance(body.get("error"), dict):
        return _gateway_error(reply, body["error"])
    code = str(body.get("code") or 0)
    if reply.status < 400 and gateway_task(body) is not None:
        return None
    if code.lower() in GATEWAY_CODES and not isinstance(body.get("data"), dict):
        return GATEWAY_CODES[code.lower()](words_of(body) or code, vendor_code=code, http_status=reply.status)
    if code not in {"0", "success"}:
        return _coded_error(reply, code, body)
    return http_error(reply, message=words_of(body))


def is_gone(error: Refused) -> bool:
    """Return whether the vendor says, by its own code, that it has no such task. Any other 404 may come from a proxy or a wrong address."""
    return error.vendor_code in {NO_SUCH_RESOURCE, UNKNOWN_TASK}


def _coded_error(reply: WireReply, code: str, body: Mapping[str, Any]) -> ProviderError:
    words = words_of(body) or f"Kling answered with error {code}."
    request_id = words_of(body, "request_id") or None
    if code in STALE:
        return AuthenticationFailed(words, stale=True, vendor_code=code, http_status=reply.status, request_id=request_id)
    return coded_error(reply, CODES.get(code), words, vendor_code=code, request_id=request_id)


def _gateway_error(reply: WireReply, error: Mapping[str, Any]) -> ProviderError:
    code = str(error.get("code") or error.get("type") or "")
    if code in CODES:
        return _coded_error(reply, code, error)
    words = words_of(error) or f"The gateway answered with error {code or reply.status}."
    for part, kind in GATEWAY_WORDS:
        if part in code.lower() and 400 <= reply.status < 500:  # with HTTP 200 the task may have been accepted
            return kind(words, vendor_code=code, http_status=reply.status)
    return coded_error(reply, None, words, vendor_code=code or None)
