"""The meaning of MiniMax's error codes: v1's `base_resp` inside an HTTP 200, and v2's `{type: "error", error: {...}}`. Pure.

MiniMax platform documents, "error codes"; read 2026-11-20. The words of a v2 error end with v1's number of it in brackets; those of a
used-up plan may say until when (`READ_ELSEWHERE` of catalog.py).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC
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
from providers.core.replies import judged_by_body, kinds_by_code, moment_in, render_error_of, words_of
from providers.core.states import state_of
from providers.core.types import State, WireReply

__all__ = ["is_gone", "render_failure", "vendor_error"]

INVALID, USED_UP = "2013", "2056"
NUMBER = re.compile(r"\((\d{4})\)\s*$")
CODES = kinds_by_code(
    {
        ProviderDown: ("1000", "1001", "1024", "1033", "server_error"),
        RateLimited: ("1002", "1039", "1041", "overloaded_error", "rate_limit_error"),
        AuthenticationFailed: ("1004", "2049", "authorized_error"),
        OutOfCredit: ("1008", "insufficient_balance_error"),
        ContentRejected: ("1026", "1027", "unprocessable_entity_error"),
        InvalidParams: ("1042", INVALID, "bad_request_error"),
        PlanUsedUp: (USED_UP,),
    }
)
log = logging.getLogger("providers.minimax")


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A render that failed has a code in its `base_resp` too, and the request was fine."""
    error, base = body.get("error"), body.get("base_resp")
    if body.get("type") == "error" and isinstance(error, dict):
        return _coded_error(reply, str(error.get("type") or ""), str(error.get("message") or ""), body)
    code = str(base.get("status_code") or 0) if isinstance(base, dict) else "0"
    word = body.get("status")
    if isinstance(base, dict) and code != "0" and not (isinstance(word, str) and state_of(word, log) is State.FAILED):
        return _coded_error(reply, code, str(base.get("status_msg") or ""), body)
    return http_error(reply)


def is_gone(error: Refused) -> bool:
    """Return whether MiniMax says that it has no such task. A bare 404 may come from a proxy; bad parameters need not be the task's id."""
    if error.vendor_code in {INVALID, "bad_request_error"} and "task" in error.message.lower():
        return True
    return error.http_status == 404 and error.vendor_code in CODES


def render_failure(code: str, words: str) -> ProviderError:
    """Return why a render failed."""
    words = words or "MiniMax failed to render the video and gave no reason."
    kind = CODES.get(code)
    if kind is not InvalidParams and "sensitive" in words.lower():
        return ContentRejected(words, vendor_code=code or None)
    return render_error_of(kind, words, code)


def _coded_error(reply: WireReply, code: str, words: str, body: Mapping[str, Any]) -> ProviderError:
    number = NUMBER.search(words)
    if number and number[1] == USED_UP:  # to v2 it is a rate limit like others
        code = USED_UP
    error = coded_error(
        reply,
        CODES.get(code),
        words or f"MiniMax answered with error {code or reply.status}.",
        vendor_code=code or None,
        request_id=words_of(body, "request_id") or None,
    )
    if isinstance(error, PlanUsedUp):
        error.opens_at = moment_in(words, zone=UTC)
    return error
