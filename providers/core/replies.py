"""Reads vendors' answers: texts that must be there, and errors by the vendor's table of codes. Vendors bring tables and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import wraps
from math import isnan
from typing import Any

from providers.core.base import http_error
from providers.core.errors import ContentRejected, GenerationFailed, InvalidParams, ProviderError, UnexpectedReply
from providers.core.types import WireReply

__all__ = ["judged_by_body", "moment_in", "poll_wish", "render_error_of", "text_of", "units_of", "words_of"]

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?")
LONGEST_POLL_WISH = timedelta(minutes=5)
THE_REQUESTS_FAULT = frozenset({ContentRejected, InvalidParams})


def judged_by_body(judge: Callable[[WireReply, Mapping[str, Any]], ProviderError | None]) -> Callable[[WireReply], ProviderError | None]:
    """Finds a vendor's error in the body of a reply; where there is no body to read, the HTTP status tells it."""

    @wraps(judge)
    def error_of(reply: WireReply) -> ProviderError | None:
        try:
            body = reply.data()
        except UnexpectedReply as unread:
            return http_error(reply) or unread
        return judge(reply, body)

    return error_of


def render_error_of(
    kind: type[ProviderError] | None, words: str, code: str, *, lasting: Collection[type[ProviderError]] = THE_REQUESTS_FAULT
) -> ProviderError:
    """Why a render failed. What would be 'try again' of a request is an end here: only `lasting` kinds stay what they are."""
    if kind is not None and kind in lasting:
        return kind(words, vendor_code=code)
    return GenerationFailed(words, vendor_code=code or None)


def text_of(data: Mapping[str, Any], name: str, *, or_number: bool = False) -> str:
    """A text that must be there, or a number where a vendor writes its ids so; else `UnexpectedReply`."""
    value = data.get(name)
    if or_number and isinstance(value, int) and not isinstance(value, bool) and value:
        return str(value)
    if not isinstance(value, str) or not value:
        raise UnexpectedReply(f"The vendor's answer has no text “{name}”.")
    return value


def words_of(body: Mapping[str, Any], *names: str) -> str:
    """The first text under these names (`message` when none is given); nothing when there is none."""
    found = (body.get(name) for name in names or ("message",))
    return next((words for words in found if isinstance(words, str) and words), "")


def moment_in(words: str, *, zone: tzinfo) -> datetime | None:
    """The first date with a time of day in a vendor's words; in `zone` unless it names its own."""
    found = MOMENT.search(words)
    try:
        at = datetime.fromisoformat(found[0]) if found else None
        return at.replace(tzinfo=at.tzinfo or zone) if at else None
    except ValueError:
        return None


def poll_wish(value: object, *, unit_s: float = 1.0) -> timedelta | None:
    """How long a vendor wishes not to be asked, from a number or its digits; at most some minutes are believed."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value) * unit_s
    except (ValueError, OverflowError):
        return None
    return None if isnan(seconds) or seconds <= 0 else timedelta(seconds=min(seconds, LONGEST_POLL_WISH.total_seconds()))


def units_of(usage: object) -> str:
    """What was charged, in the vendor's own words."""
    return " ".join(f"{name}={value}" for name, value in usage.items()) if isinstance(usage, dict) else ""
