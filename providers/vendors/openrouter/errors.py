"""The meaning of OpenRouter's errors, `{error: {code, message, metadata}}` with the HTTP status as the code, and of a failed job's words.
Pure.

The OpenAPI document in https://github.com/OpenRouterTeam/typescript-sdk (@cb9393a) and https://openrouter.ai/docs/api/reference/errors-and-debugging;
read 2026-11-29. Proxies answer in this shape too: a status proves a refusal only where no proxy uses it, or the words are OpenRouter's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import coded_error, http_error
from providers.core.errors import ContentRejected, GenerationFailed, InvalidParams, ProviderError, RateLimited, Refused, UnexpectedReply
from providers.core.refusals import Complaint, meaning_of
from providers.core.replies import judged_by_body, object_of, words_of
from providers.core.types import WireReply

__all__ = ["is_gone", "render_failure", "vendor_error"]

NAMES: Mapping[int, str] = {400: "Bad Request", 402: "Payment Required"}
"""What the document calls the refusals that need a code to be believed; OpenRouter sends no other."""
FLAGGED = "flagged_input"
"""The part of a moderation error's metadata that quotes the prompt."""
NO_ENDPOINT = "No endpoints found"
"""How a 404 begins that means: no vendor has this model, for this key."""


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A job that failed has an `error` too, beside its `status`: the request for it was fine."""
    error = body.get("error")
    if not isinstance(error, dict) or (reply.status < 400 and isinstance(body.get("status"), str)):
        return http_error(reply)
    words = words_of(error)
    code = error.get("code")
    if reply.status < 400:
        kind = RateLimited if code == 429 and not body.get("id") else UnexpectedReply
        return coded_error(reply, kind, words or "OpenRouter answered with an error.", vendor_code=str(code or "") or None)
    if FLAGGED in object_of(error, "metadata"):
        return ContentRejected(words, vendor_code=FLAGGED, http_status=reply.status)
    if reply.status == 404 and words.startswith(NO_ENDPOINT):
        return InvalidParams(words, vendor_code=NO_ENDPOINT, http_status=404)
    if reply.status == 400 and _is_rejected(words):
        return ContentRejected(words, vendor_code=NAMES[400], http_status=400)
    known = NAMES.get(reply.status) if code == reply.status else None
    return http_error(reply, message=words, vendor_code=known or str(code or "") or None)


def is_gone(error: Refused) -> bool:
    """Return whether OpenRouter says, in its own shape, that it has no such job. A bare 404 may come from a proxy."""
    return error.http_status == 404 and error.vendor_code == "404"


def render_failure(job: Mapping[str, Any]) -> ProviderError:
    """Return why a job failed. There are words and no code; where the words speak of the content, it was rejected."""
    words = words_of(job, "error") or words_of(object_of(job, "error"))
    kind = ContentRejected if _is_rejected(words) else GenerationFailed
    return kind(words or f"OpenRouter ended the job as “{job.get('status')}” and gave no reason.")


def _is_rejected(words: str) -> bool:
    return meaning_of(Complaint(words=words)) is ContentRejected
