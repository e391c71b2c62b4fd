"""The meaning of the error codes of Volcengine's visual service, in a refused request and in a failed task. Pure.

Volcengine documents, visual service, error codes; read 2026-11-20. 50400 ("Access Denied"), 30403 and 30404 are not on that page: the
service of the model is not opened, or the key has no right to it (https://github.com/volcengine/volc-sdk-python/issues/39, 42; 2026-11-29).
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
from providers.core.gateways import gateway_error
from providers.core.messages import say
from providers.core.replies import judged_by_body, kinds_by_code, object_of, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["CODES", "DONE", "NOT_OPENED", "OK", "code_of", "is_of_a_gateway", "task_failure", "vendor_error"]

NOT_OPENED = ("50400", "30403", "30404")
OK = "10000"
DONE = "done"
CODES = kinds_by_code(
    {
        AuthenticationFailed: NOT_OPENED,
        InvalidParams: ("50215",),
        ContentRejected: ("50411", "50412", "50413", "50511", "50512", "50516", "50517", "50518", "50519"),
        RateLimited: ("50429", "50430"),
        ProviderDown: ("50500", "50501", "50520", "50521", "50522"),
    }
)
PASSING = frozenset({AuthenticationFailed, RateLimited, ProviderDown})
"""Trouble of the service or the account: in the answer about an unfinished task, it says nothing about the task."""
ADVICE = dict.fromkeys(NOT_OPENED, say("open_service"))
OUT_OF_TIME = "InvalidTimestamp"
"""The front end's code for a signature whose time it rejects."""
FRONT_END_WORDS: tuple[tuple[str, type[ProviderError]], ...] = (
    ("Signature", AuthenticationFailed),
    ("Credential", AuthenticationFailed),
    ("AccessKey", AuthenticationFailed),
    ("AccessDenied", AuthenticationFailed),
    ("Authenticat", AuthenticationFailed),
    ("Overdue", OutOfCredit),
    ("Balance", OutOfCredit),
)
"""In the codes of Volcengine's front end, which checks signature and account before the service sees the request."""


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. What is said of a task is not an error of the request, also when its code says that the
    render failed; of a task that is done, whatever the HTTP status.
    """
    front_end = _front_end_error(reply, body)
    if front_end is not None:
        return front_end
    code = code_of(body)
    if is_of_a_gateway(body):
        return gateway_error(reply, body, vendor_error)
    if code == OK:
        return http_error(reply, message=words_of(body))
    word, kind = words_of(object_of(body, "data"), "status"), CODES.get(code)  # no word: the answer is not about a task
    if word == DONE or (word and kind not in PASSING and reply.status < 400):
        return None
    return coded_error(
        reply,
        kind,
        words_of(body) or f"Volcengine answered with error {code}.",
        vendor_code=code,
        request_id=words_of(body, "request_id") or None,
        advice=ADVICE.get(code),
    )


def task_failure(body: Mapping[str, Any]) -> ProviderError:
    """Return why a task failed."""
    code = code_of(body)
    words = "" if code == OK else words_of(body)  # which says “Success” of the question
    words = words or "Volcengine failed to render the video and gave no reason."
    return render_error_of(CODES.get(code), words, code)


def is_of_a_gateway(body: Mapping[str, Any]) -> bool:
    """Return whether the answer is a gateway's: the vendor's own codes are numbers of five digits."""
    code = code_of(body)
    return not (code.isdecimal() and len(code) == len(OK))


def code_of(body: Mapping[str, Any]) -> str:
    code = body.get("code")
    return str(code) if isinstance(code, (int, str)) else ""


def _front_end_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    error = object_of(body, "ResponseMetadata").get("Error")
    if not isinstance(error, dict):
        return None
    code = str(error.get("Code") or "")
    words = words_of(error, "Message") or f"Volcengine answered with error {code or reply.status}."
    if code == OUT_OF_TIME:
        return AuthenticationFailed(words, stale=True, vendor_code=code, http_status=reply.status)
    kind = next((kind for word, kind in FRONT_END_WORDS if word in code), None)
    return coded_error(reply, kind, words, vendor_code=code or None)
