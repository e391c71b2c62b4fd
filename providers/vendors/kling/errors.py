"""The meaning of Kling's error codes: the vendor's own envelope `{code, message}`, and the `{error: {...}}` of gateways. Pure.

Kling developer documents, "general errors"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import coded_error
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
from providers.core.gateways import UNKNOWN_TASK, gateway_error, names_task
from providers.core.refusals import words_in
from providers.core.replies import judged_by_body, kinds_by_code, object_of, words_of
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


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None; some gateways send errors with HTTP 200, and successes with codes of their own."""
    error = object_of(body, "error")
    if str(error.get("code")) in CODES:
        return _coded_error(reply, str(error["code"]), error)
    code = str(body.get("code") or 0)
    if not code.isdecimal() or code == "0":
        return gateway_error(reply, body, vendor_error)
    if code not in CODES and reply.status < 400 and names_task(body):
        return None
    return _coded_error(reply, code, body)


def is_gone(error: Refused) -> bool:
    """Return whether the vendor says, by its own code, that it has no such task. Any other 404 may come from a proxy or a wrong address."""
    return error.vendor_code in {NO_SUCH_RESOURCE, UNKNOWN_TASK}


def _coded_error(reply: WireReply, code: str, body: Mapping[str, Any]) -> ProviderError:
    words = words_in(body) or f"Kling answered with error {code}."
    request_id = words_of(body, "request_id") or None
    if code in STALE:
        return AuthenticationFailed(words, stale=True, vendor_code=code, http_status=reply.status, request_id=request_id)
    return coded_error(reply, CODES.get(code), words, vendor_code=code, request_id=request_id)
