"""The breaker of an account: whether paid submits may start there, and if not, since when and why. Pure; the counting is generation's.

closed ──► open            a sure fault, or too many of them: the account is in cooldown until `cooldown_until`
open ──► half open         the cooldown is over; a free call is to find out whether it answers
half open ──► closed       it answered
half open ──► open         it did not: a longer cooldown
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["PLAN", "USUAL", "Breaker", "BreakerState", "Pace", "cooldown_s"]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The first and the longest cooldown; each one is twice as long as the last."""

    first_s: float
    longest_s: float


USUAL = Pace(first_s=5.0, longest_s=300.0)
PLAN = Pace(first_s=300.0, longest_s=3_600.0)
"""For an account whose plan is used up, where the vendor does not say until when: plans count by hours, days and weeks."""


class BreakerState(StrEnum):
    """What may happen on the account."""

    CLOSED = "closed"
    """Submits may start."""
    OPEN = "open"
    """No call before the end of the cooldown, except polls of running renders."""
    HALF_OPEN = "half_open"
    """The cooldown is over; only the free probe may be sent."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """State of an account's breaker. `since` and `until` are None, and `reason` is empty, while it is closed."""

    state: BreakerState
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


def cooldown_s(cooldowns: int, pace: Pace = USUAL) -> float:
    """Return the seconds of the next cooldown after `cooldowns` (0, 1, ...) since the last accepted submit: doubling, capped."""
    return min(pace.first_s * 2.0 ** min(cooldowns, 16), pace.longest_s)
