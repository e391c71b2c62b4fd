"""Reads vendors' answers: texts that must be there, states, and errors by the vendor's table of codes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import wraps
from math import isfinite, isnan
from typing import Any

from providers.core.base import http_error
from providers.core.errors import ContentRejected, GenerationFailed, InvalidParams, ProviderError, Refused, SubmissionGone, UnexpectedReply
from providers.core.messages import Message
from providers.core.states import state_of
from providers.core.types import Charge, Output, Snapshot, State, WireReply

__all__ = [
    "charge_of",
    "gone_when",
    "judged_by_body",
    "kinds_by_code",
    "moment_in",
    "number_of",
    "object_of",
    "poll_delay",
    "render_error_of",
    "snapshot_by_word",
    "text_of",
    "units_of",
    "words_of",
]

MOST_CHARGED = 10**10
"""The column has no room for more, and no render costs it."""
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?")
LONGEST_POLL_DELAY = timedelta(minutes=5)
THE_REQUESTS_FAULT = frozenset({ContentRejected, InvalidParams})


def judged_by_body(judge: Callable[[WireReply, Mapping[str, Any]], ProviderError | None]) -> Callable[[WireReply], ProviderError | None]:
    """Return a function that finds a vendor's error in the body of a reply; without a readable body it goes by the HTTP status."""

    @wraps(judge)
    def error_of(reply: WireReply) -> ProviderError | None:
        try:
            body = reply.data()
        except UnexpectedReply as unread:
            return http_error(reply) or unread
        return judge(reply, body)

    return error_of


def kinds_by_code(codes: Mapping[type[ProviderError], tuple[str, ...]]) -> Mapping[str, type[ProviderError]]:
    """Return the class of each code, from the codes of each class."""
    return {code: kind for kind, listed in codes.items() for code in listed}


@contextmanager
def gone_when(is_gone: Callable[[Refused], bool], message: str) -> Iterator[None]:
    """Turn the vendor's refusal that it has no such task into `SubmissionGone`. Use it around a `yield` of a poll."""
    try:
        yield
    except Refused as error:
        if not is_gone(error):
            raise
        raise SubmissionGone(message, vendor_code=error.vendor_code) from error


def snapshot_by_word(
    word: str,
    log: logging.Logger,
    *,
    output: Callable[[], Output],
    failure: Callable[[], ProviderError],
    progress: int | None = None,
    units: str = "",
    charge: Charge | None = None,
) -> Snapshot:
    """Return the snapshot of a task whose status is this word. `output` is read of a success only, `failure` of a failure only."""
    state = state_of(word, log)
    return Snapshot(
        state=state,
        vendor_state=word,
        progress=progress,
        outputs=(output(),) if state is State.SUCCEEDED else (),
        error=failure() if state is State.FAILED else None,
        units=units,
        charge=charge,
    )


def render_error_of(
    kind: type[ProviderError] | None,
    words: str,
    code: str,
    *,
    lasting: Collection[type[ProviderError]] = THE_REQUESTS_FAULT,
    advice: Message | None = None,
) -> ProviderError:
    """Return why a render failed. What means "try again" of a request ends a render: only `lasting` kinds keep their class."""
    if kind is not None and kind in lasting:
        return kind(words, vendor_code=code, advice=advice)
    return GenerationFailed(words, vendor_code=code or None, advice=advice)


def text_of(data: Mapping[str, Any], name: str, *, or_number: bool = False) -> str:
    """Return a text that must be there, or a number where a vendor writes ids as numbers; else raise `UnexpectedReply`."""
    value = data.get(name)
    if or_number and isinstance(value, int) and not isinstance(value, bool) and value:
        return str(value)
    if not isinstance(value, str) or not value:
        raise UnexpectedReply(f"The vendor's answer has no text “{name}”.")
    return value


def object_of(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under this name, or an empty one."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def number_of(value: object) -> float | None:
    """Return a length or an amount, from a number or its digits; None for anything else."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if isfinite(number) else None


def words_of(body: Mapping[str, Any], *names: str) -> str:
    """Return the first text under these names (`message` when none is given), or an empty one."""
    found = (body.get(name) for name in names or ("message",))
    return next((words for words in found if isinstance(words, str) and words), "")


def moment_in(words: str, *, zone: tzinfo) -> datetime | None:
    """Return the first date with a time of day in a vendor's words; in `zone` unless it names its own."""
    found = MOMENT.search(words)
    try:
        at = datetime.fromisoformat(found[0]) if found else None
        return at.replace(tzinfo=at.tzinfo or zone) if at else None
    except ValueError:
        return None


def poll_delay(value: object, *, unit_s: float = 1.0) -> timedelta | None:
    """Return how long the vendor asks us to wait before the next poll, from a number or its digits; at most five minutes."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value) * unit_s
    except (ValueError, OverflowError):
        return None
    return None if isnan(seconds) or seconds <= 0 else timedelta(seconds=min(seconds, LONGEST_POLL_DELAY.total_seconds()))


def charge_of(value: object, unit: str) -> Charge | None:
    """Return a charge of this amount, a number or its digits; None for anything else, and for less than nothing."""
    amount = number_of(value)
    if amount is None or not 0 <= amount < MOST_CHARGED:
        return None
    return Charge(amount=Decimal(str(value).strip()), unit=unit)


def units_of(usage: object) -> str:
    """Return what was charged, in the vendor's own words."""
    return " ".join(f"{name}={value}" for name, value in usage.items()) if isinstance(usage, dict) else ""
