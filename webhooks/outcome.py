"""Decides what an answer means for the delivery (done, retried, failed) and for its endpoint (healthy, failing, resting, disabled).

Pure rules are at the top. The writes below them are conditional, so a process that was paused past its lease overwrites nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from providers.core.messages import say
from webhooks import notices
from webhooks.actions import switch_off
from webhooks.kinds.chats import CHATS
from webhooks.lanes import Lane
from webhooks.models import Delivery, Endpoint, Kind, Off, State
from webhooks.sender import Answer

__all__ = ["DEAD_AFTER", "DELAYS", "delay_after", "failing_since", "record", "rest_after", "settle", "wait_for_secret"]

DELAYS = tuple(
    timedelta(**words)
    for words in (
        *({"seconds": 5}, {"minutes": 5}, {"minutes": 30}, {"hours": 2}, {"hours": 5}),
        *({"hours": 10}, {"hours": 14}, {"hours": 20}, {"hours": 24}),
    )
)
"""Between the tries of one delivery: ten tries in three days and a quarter (Standard Webhooks 1.0.0)."""
MOST_JITTER = 0.2
THROTTLED = frozenset({429, 502, 503, 504})
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=10)
THROTTLED_REST = timedelta(seconds=30)
SECRET_TRIED_EVERY = timedelta(minutes=10)
DEAD_AFTER = timedelta(days=5)
FORGIVEN_AFTER = timedelta(hours=30)
"""Longer than the longest delay, so that two failures a month apart do not count as failing all month."""
KEPT_TRIES = 12
REST_BETWEEN = {Kind.EMAIL: timedelta(minutes=5), **dict.fromkeys(CHATS, timedelta(minutes=1))}
"""Between two messages to people. The next one has all events since the last. DingTalk silences a bot that sends 20 in a minute."""


def delay_after(attempts: int, luck: float) -> timedelta | None:
    """Return how long a delivery waits after this many tries, with jitter (`luck` from 0 to 1); None after the last."""
    return DELAYS[attempts - 1] * (1 + MOST_JITTER * luck) if attempts <= len(DELAYS) else None


def rest_after(failures: int, answer: Answer) -> timedelta:
    """Return how long an endpoint rests after this many failures in a row, of which `answer` is the last."""
    rest = min(FIRST_REST * 2 ** min(failures - 1, 10), LONGEST_REST) if failures else timedelta(0)
    if answer.status in THROTTLED:
        rest = max(rest, THROTTLED_REST)
    return max(rest, timedelta(seconds=answer.retry_after_s))


def failing_since(endpoint: Endpoint, now: datetime) -> datetime:
    """Return since when an endpoint that fails now has been failing: only since now, if its last failure is long ago."""
    if endpoint.failing_since is None or endpoint.last_failed_at is None or now - endpoint.last_failed_at > FORGIVEN_AFTER:
        return now
    return endpoint.failing_since


def record(deliveries: Sequence[Delivery], answer: Answer, now: datetime) -> int:
    """Write the result of one request into its deliveries. Return how many had not changed since it was sent."""
    with transaction.atomic():
        return sum(_record(delivery, answer, now) for delivery in deliveries)


def _record(delivery: Delivery, answer: Answer, now: datetime) -> int:
    entry = {"at": now.isoformat(timespec="milliseconds"), "status": answer.status, "ms": answer.ms, "code": answer.code}
    changes: dict[str, Any] = {"tries": [*delivery.tries, entry][-KEPT_TRIES:], "reply": answer.reply}
    changes["attempts"] = delivery.attempts + 1
    delay = delay_after(delivery.attempts + 1, random.random())  # noqa: S311 - spreads, protects nothing
    if answer.is_ok or answer.code == "gone" or delay is None:
        changes |= {"state": State.DONE if answer.is_ok else State.FAILED, "due_at": None, "finished_at": now}
    else:
        changes["due_at"] = now + delay
    seen = Delivery.objects.filter(pk=delivery.pk, state=State.PENDING, attempts=delivery.attempts)
    return seen.update(**changes)


def settle(lane: Lane, answers: Sequence[Answer], now: datetime) -> None:
    """Release the lane, and write its endpoint's health after these answers. Do nothing if another process has the lane, or if the
    endpoint's address was changed: answers of the old address say nothing about the new one.
    """
    endpoint, mine = lane.endpoint, _held(lane)
    failed = [answer for answer in answers if not answer.is_ok and not _is_one_address(endpoint, answer)]
    if not answers:
        mine.update(lease_until=now)
    elif len(failed) == len(answers):
        _failed(mine, endpoint, failed, now)
    else:
        rest = max((rest_after(0, answer) for answer in failed), default=timedelta(0))
        rest = max(rest, REST_BETWEEN.get(Kind(endpoint.kind), timedelta(0)))
        health = {"failures": 0, "failing_since": None, "last_ok_at": now, "resting_until": now + rest if rest else None}
        mine.update(lease_until=now, unreadable_since=None, **health)


def wait_for_secret(lane: Lane, now: datetime) -> None:
    """Release the lane without sending, because the endpoint's secret cannot be decrypted. Deliveries wait and use up no tries. The secret
    is tried again every ten minutes. The owner gets one notice.
    """
    endpoint = lane.endpoint
    since, rest = endpoint.unreadable_since or now, now + SECRET_TRIED_EVERY
    with transaction.atomic():
        mine = _held(lane).filter(sealed=endpoint.sealed)  # unless there is a new secret already
        if mine.update(lease_until=now, resting_until=rest, unreadable_since=since) and endpoint.unreadable_since is None:
            notices.notify(endpoint.owner_id, say("endpoint_unreadable", name=str(endpoint)[:200]), url=endpoint.page)


def _held(lane: Lane) -> Any:
    """Return the lane's endpoint, unless another process has it or its address has changed."""
    return Endpoint.objects.filter(pk=lane.endpoint.pk, url=lane.endpoint.url, lease_until=lane.until)


def _is_one_address(endpoint: Endpoint, answer: Answer) -> bool:
    """Return whether only the task's own address is gone: the host of callback addresses answers, and may have others."""
    return endpoint.kind == Kind.CALLBACK and answer.code == "gone"


def _failed(mine: Any, endpoint: Endpoint, failed: Sequence[Answer], now: datetime) -> None:
    failures, since = endpoint.failures + 1, failing_since(endpoint, now)
    rest = max(rest_after(failures, answer) for answer in failed)
    health = {"failures": failures, "failing_since": since, "last_failed_at": now, "resting_until": now + rest}
    with transaction.atomic():
        if not mine.update(lease_until=now, unreadable_since=None, **health):
            return
        if any(answer.code == "gone" for answer in failed):
            switch_off(endpoint, Off.GONE, by=None)
        elif now - since >= DEAD_AFTER:
            switch_off(endpoint, Off.DEAD, by=None)
