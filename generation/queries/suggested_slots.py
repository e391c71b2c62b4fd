"""How many slots suit an account, judged by its last requests. More slots are no gain if each render then takes longer or is refused. Read
only.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import mean, median

from generation.models import Attempt
from generation.models.attempt import Dispatch
from providers.core.errors import RateLimited
from providers.models import ProviderAccount

__all__ = ["Reason", "Suggestion", "suggest", "suggested_slots"]

LOOKED_BACK = timedelta(days=14)
SAMPLE = 2_000
ENOUGH = 10
"""So many renders with as many at one time tell something."""
AS_MANY = 0.95
"""Of two numbers of slots, the smaller one will do if it renders so much of what the other does."""
OFTEN = 0.2
"""The share of refused requests from which a number of slots is too high."""
HALF = 0.5
"""The share of renders with all slots taken from which an account counts as full."""


class Reason(StrEnum):
    REFUSED = "refused"
    """The vendor refused a share of the requests that would have been one more at the same time."""
    SLOWER = "slower"
    """More at one time took longer in proportion, so no more were rendered."""
    FULL = "full"
    """All slots were taken for half of the renders, and fewer slots would have rendered less."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A number of slots, and why. `renders` is how many this is taken from."""

    slots: int
    reason: Reason
    renders: int


@dataclass(frozen=True, kw_only=True)
class Request:
    """A paid request: when it was accepted and its render ended, or when it was refused (`end` is None) because there were too many."""

    model: str
    begin: datetime
    end: datetime | None

    @property
    def seconds(self) -> float:
        """Return how long the render took; 0 for a refused request."""
        return (self.end - self.begin).total_seconds() if self.end else 0.0


def suggested_slots(account: ProviderAccount, now: datetime) -> Suggestion | None:
    """Return another number of slots for the account if its last requests speak for one, in one query."""
    sent = Attempt.objects.filter(account=account, started_at__gte=now - LOOKED_BACK).order_by("-started_at")
    fields = ("task__model", "dispatch", "error_code", "started_at", "task__accepted_at", "task__rendered_at")
    requests = []
    for model, dispatch, code, started, accepted, rendered in sent.values_list(*fields)[:SAMPLE]:
        if dispatch == Dispatch.ACCEPTED and accepted and rendered and rendered > accepted:
            requests.append(Request(model=model, begin=accepted, end=rendered))
        elif code == RateLimited.default_code:
            requests.append(Request(model=model, begin=started, end=None))
    return suggest(requests, account.max_in_flight)


def suggest(requests: Collection[Request], slots: int) -> Suggestion | None:
    """Return another number than `slots`, or None if that is right or too little is known."""
    times, refusals = _levels(requests)
    known = {level: seconds for level, seconds in times.items() if len(seconds) >= ENOUGH}
    if not known:
        return None
    count = sum(map(len, times.values()))
    refused = [level for level, n in refusals.items() if 1 < level <= slots and n >= OFTEN * (n + len(times[level])) and n >= ENOUGH / 2]
    if refused:
        return Suggestion(slots=min(refused) - 1, reason=Reason.REFUSED, renders=count)
    speeds = {level: level / mean(seconds) for level, seconds in known.items()}
    enough = min(level for level, speed in speeds.items() if speed >= AS_MANY * max(speeds.values()))
    if enough < min(max(known), slots):
        return Suggestion(slots=enough, reason=Reason.SLOWER, renders=count)
    if max(known) >= slots and sum(len(seconds) for level, seconds in times.items() if level >= slots) >= HALF * count and not refusals:
        return Suggestion(slots=slots + max(1, slots // 4), reason=Reason.FULL, renders=count)
    return None


def _levels(requests: Collection[Request]) -> tuple[dict[int, list[float]], dict[int, int]]:
    """Return by how many were rendered at one time, in the middle of a render: how long the renders took, beside what is usual for their
    model; and by how many there would have been, how many requests were refused.
    """
    begun, ended = sorted(one.begin for one in requests if one.end), sorted(one.end for one in requests if one.end)
    took = defaultdict[str, list[float]](list)
    for one in requests:
        if one.end:
            took[one.model].append(one.seconds)
    usual = {model: median(seconds) for model, seconds in took.items()}
    times, refusals = defaultdict[int, list[float]](list), defaultdict[int, int](int)
    for one in requests:
        at = one.begin + timedelta(seconds=one.seconds / 2)
        level = bisect(begun, at) - bisect(ended, at)
        if one.end:
            times[level].append(one.seconds / usual[one.model])
        else:
            refusals[level + 1] += 1
    return times, refusals
