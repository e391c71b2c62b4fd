"""The meaning of errors in OpenAI's shape: `{error: {message, type, param, code}}`, and the `error` of a video that failed. Pure.

OpenAI's API reference, "error codes"; read 2026-11-20. The codes are not enumerated and gateways add their own, so words in them count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import http_error, status_as_code
from providers.core.errors import ContentRejected, OutOfCredit, ProviderError, Refused, UnexpectedReply
from providers.core.gateways import QUOTA_CODES, UNKNOWN_TASK, gateway_error
from providers.core.replies import judged_by_body, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "render_failure", "vendor_error"]

REFUSING_WORDS: Mapping[str, type[Refused]] = {
    "content_policy": ContentRejected,
    "insufficient": OutOfCredit,
    "moderation": ContentRejected,
    "quota": OutOfCredit,
    "sensitive": ContentRejected,
}
WRONG_MODEL = "model_not_found"


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A video that failed carries an `error` too, and the request for it was fine."""
    quoted = gateway_error(reply, body, vendor_error)
    if quoted is not None:
        return quoted
    error = body.get("error")
    # services behind this API answer errors in other shapes too: {"code", "message"}, a text, FastAPI's {"detail"}
    if not error and "id" not in body and (isinstance(body.get("code"), str) or (reply.status >= 400 and "code" in body)):
        error = body
    elif (error and isinstance(error, str)) or (not error and "detail" in body):
        error = {"message": str(error or body["detail"])[:500]}
        if len(body) == 1:  # among other fields it may be a proxy's
            error["code"] = status_as_code(reply.status)
    if reply.status < 400 and ("id" in body or not error):
        return None
    return _error_of(reply, error if isinstance(error, dict) else {})


def is_gone(error: Refused) -> bool:
    """Return whether there is no such video. A bare 404 may come from a proxy."""
    return error.vendor_code == UNKNOWN_TASK or (error.http_status == 404 and error.vendor_code not in {None, WRONG_MODEL})


def render_failure(error: object) -> ProviderError:
    """Return why a render failed."""
    described = error if isinstance(error, dict) else {"message": error}
    words = words_of(described) or "The vendor failed to render the video and gave no reason."
    return render_error_of(_kind(_code(described)), words, _code(described))


def _error_of(reply: WireReply, error: Mapping[str, Any]) -> ProviderError:
    code, words = _code(error), words_of(error)
    kind = _kind(code)
    if kind is not None and (400 <= reply.status < 500 or code in QUOTA_CODES):
        return kind(words or f"The vendor answered with error {code}.", vendor_code=code, http_status=reply.status)
    plain = http_error(reply, message=words, vendor_code=code or None)
    return plain or UnexpectedReply(words or "The vendor answered with an error.", vendor_code=code or None, http_status=reply.status)


def _kind(code: str) -> type[Refused] | None:
    return next((kind for word, kind in REFUSING_WORDS.items() if word in code.lower()), None)


def _code(error: Mapping[str, Any]) -> str:
    return str(error.get("code") or error.get("type") or "")
