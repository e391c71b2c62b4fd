"""What the error codes of Volcengine's visual service mean to us, in a refused request and in a task that failed. Pure.

Volcengine documents, visual service, error codes; read 2026-11-20.
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
)
from providers.core.gateways import QUOTA_CODES, gateway_error, gateway_task
from providers.core.replies import judged_by_body, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["CODES", "DONE", "OK", "code_of", "task_failure", "vendor_error"]

OK = "10000"
DONE = "done"
CODES: Mapping[str, type[ProviderError]] = {
    **dict.fromkeys(QUOTA_CODES, OutOfCredit),
    "50215": InvalidParams,
    "50411": ContentRejected,
    "50412": ContentRejected,
    "50413": ContentRejected,
    "50429": RateLimited,
    "50430": RateLimited,
    "50500": ProviderDown,
    "50501": ProviderDown,
    "50511": ContentRejected,
    "50512": ContentRejected,
    "50516": ContentRejected,
    "50517": ContentRejected,
    "50518": ContentRejected,
    "50519": ContentRejected,
    "50520": ProviderDown,
    "50521": ProviderDown,
    "50522": ProviderDown,
}
PASSING = frozenset({RateLimited, ProviderDown})
"""The service's own trouble: beside a task that is not done it says nothing of the task."""
FRONT_DOOR_WORDS: tuple[tuple[str, type[ProviderError]], ...] = (
    ("Signature", AuthenticationFailed),
    ("Credential", AuthenticationFailed),
    ("AccessKey", AuthenticationFailed),
    ("AccessDenied", AuthenticationFailed),
    ("Authenticat", AuthenticationFailed),
    ("Overdue", OutOfCredit),
    ("Balance", OutOfCredit),
)
"""In the codes of Volcengine's front door, which looks at signature and account before the service sees the request."""


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """The error in this reply, if it is one. What is said of a task is an answer, also when its code says that it failed: that of a done
    one whatever HTTP says.
    """
    front_door = _front_door_error(reply, body) or gateway_error(reply, body, vendor_error)
    if front_door is not None:
        return front_door
    code = code_of(body)
    if reply.status < 400 and gateway_task(body) is not None:
        return None
    if code in {"", OK}:
        return http_error(reply, message=words_of(body))
    word, kind = _state_word(body), CODES.get(code)
    if word == DONE or (word and kind not in PASSING and reply.status < 400):
        return None
    return coded_error(
        reply,
        kind,
        words_of(body) or f"Volcengine answered with error {code}.",
        vendor_code=code,
        request_id=words_of(body, "request_id") or None,
    )


def task_failure(body: Mapping[str, Any]) -> ProviderError:
    """Why a task failed. What would be 'try again' of a request is an end here: the render is over."""
    code = code_of(body)
    words = "" if code == OK else words_of(body)  # which says “Success” of the question
    words = words or "Volcengine failed to render the video and gave no reason."
    return render_error_of(CODES.get(code), words, code)


def code_of(body: Mapping[str, Any]) -> str:
    code = body.get("code")
    return str(code) if isinstance(code, (int, str)) else ""


def _state_word(body: Mapping[str, Any]) -> str:
    """What is said of a task; nothing in an answer that is about none."""
    data = body.get("data")
    return words_of(data, "status") if isinstance(data, dict) else ""


def _front_door_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    meta = body.get("ResponseMetadata")
    error = meta.get("Error") if isinstance(meta, dict) else None
    if not isinstance(error, dict):
        return None
    code = str(error.get("Code") or "")
    kind = next((kind for word, kind in FRONT_DOOR_WORDS if word in code), None)
    return coded_error(
        reply, kind, words_of(error, "Message") or f"Volcengine answered with error {code or reply.status}.", vendor_code=code or None
    )
