"""The breaker of an account: whether paid submits may start there, and if not, since when and why. Pure; the counting is generation's.

closed ──► open            a sure fault, or too many of them: the account rests until `cooldown_until`
open ──► half open         the rest is over; a free call is to find out whether it answers
half open ──► closed       it answered
half open ──► open         it did not: a longer rest
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Breaker", "BreakerState", "rest_s"]

FIRST_REST_S = 5.0
LONGEST_REST_S = 300.0


class BreakerState(StrEnum):
    """What may happen on the account."""

    CLOSED = "closed"
    """Submits go."""
    OPEN = "open"
    """No call at all before the end of the rest, save polls of what is rendering."""
    HALF_OPEN = "half_open"
    """The rest is over; only the free probe goes."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """`since` and `until` are None, and `reason` empty, while it is closed."""

    state: BreakerState
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


def rest_s(rests: int) -> float:
    """How long to leave an account alone after `rests` rests (0, 1, ...) since its last accepted submit: doubling, capped."""
    return min(FIRST_REST_S * 2.0 ** min(rests, 16), LONGEST_REST_S)
