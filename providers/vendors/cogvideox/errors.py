"""The errors of a local CogVideoX service, by HTTP status and by words: it has no error codes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import http_error, retry_after_s, status_as_code
from providers.core.errors import GenerationFailed, ProviderError, RateLimited, Refused
from providers.core.replies import judged_by_body, object_of, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "is_out_of_memory", "render_error", "vendor_error", "words_in"]

OUT_OF_MEMORY = ("out_of_memory", "The graphics card ran out of memory; ask for fewer frames or a smaller picture.")
TIMEOUT = ("render_timeout", "The service gave up because the render took too long; ask for fewer frames or steps, or try again.")
OWN_FIELDS = frozenset({"detail", "error", "success"})
CAUSES: tuple[tuple[str, tuple[str, str]], ...] = (("memory", OUT_OF_MEMORY), ("timeout", TIMEOUT), ("timed out", TIMEOUT))


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A 503 in the service's own words means busy, nothing was accepted. The words distinguish a
    failed render from a sick service: a timeout only with its 500, because a proxy speaks of timeouts too.
    """
    words = words_in(body)
    if reply.status >= 400 and (is_out_of_memory(words) or (reply.status == 500 and _cause(words))):
        return render_error(words)
    is_its_own = bool(body) and body.keys() <= OWN_FIELDS and not isinstance(body.get("error"), Mapping)  # anything else may be a proxy's
    code = status_as_code(reply.status) if is_its_own else None
    if reply.status == 503 and is_its_own and (body.get("success") is False or "busy" in words.lower()):
        return RateLimited(words or "The service is busy.", retry_after_s=retry_after_s(reply), vendor_code=code, http_status=503)
    return http_error(reply, message=words, vendor_code=code)


def is_gone(error: Refused) -> bool:
    """Return whether the service says, in JSON, that it has no such task. A page of HTML comes from a proxy."""
    return error.http_status == 404 and bool(error.vendor_code)


def render_error(words: str) -> GenerationFailed:
    """Return why a render failed, with what to do about it where that is known."""
    cause = _cause(words)
    if cause is None:
        return GenerationFailed(words or "The service failed to render the video and gave no reason.")
    code, advice = cause
    return GenerationFailed(f"{advice} ({words})", code=code)


def is_out_of_memory(words: str) -> bool:
    """Return whether the words say so. No proxy speaks of memory."""
    return _cause(words) == OUT_OF_MEMORY


def words_in(body: Mapping[str, Any]) -> str:
    """Return the service's `error`, the `detail` of the web framework below it, or the words of a gateway's error object."""
    return words_of(body, "error", "detail") or words_of(object_of(body, "error"))


def _cause(words: str) -> tuple[str, str] | None:
    return next((cause for part, cause in CAUSES if part in words.lower()), None)
