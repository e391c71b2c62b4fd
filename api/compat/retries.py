"""Finds the create that a request repeats, for clients that send no idempotency key (docs/adr/0048).

SDKs that Stainless generates send a create again after a lost answer, 408, 409, 429 and 5xx, and say only the number of the retry
(`x-stainless-retry-count`; `_base_client.py` of the best-known one, 2.54.0 and 3.52.0). Vercel's `ai` sends it again after the same, at
least two seconds later, without any mark (7.0.173, `retry-with-exponential-backoff.ts`). All read 2026-11-29. The body alone does not
identify an order: for five equal videos a program sends five equal requests.

So each request of such a client takes part in a create, a row that is there before anything else is done; its id is the task's idempotency
key. Requests of one create differ in their *try*, a number: how often the SDK has retried, or the second at which the request arrived. Less
than 1 apart, two requests are two orders; otherwise the later one repeats the earlier one, in whatever order they reach this code.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from api.compat.dialect import Call
from api.compat.ordering import ENDED_BADLY, PATIENCE, REPEATED_WITHIN, Key, fingerprint
from api.models import RepeatableCreate
from database import clock
from database.one_at_a_time import one_at_a_time
from generation.errors import PortalError
from generation.models import GenerationTask

__all__ = ["ARRIVED", "COUNT", "key_by_arrival", "key_of", "note_told", "old_creates"]

COUNT = "X-Stainless-Retry-Count"
TIMEOUTS = ("X-Stainless-Read-Timeout", "X-Stainless-Timeout")
"""Headers of the SDKs for Python and Node.js: the seconds after which they stop waiting for an answer."""
ARRIVED = "portal.arrived"
"""Key in the environment of requests: the time of `time.monotonic()` at which the first byte arrived. A thread may have come later."""
RETRIED_WITHIN = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=1)
MOST_RETRIES = 1_000
LONGEST_TIMEOUT_S = 3_000
PREFIX = "create-"
ROW_ID = re.compile("[0-9a-f]{32}")


@contextmanager
def key_of(call: Call) -> Iterator[Key]:
    """Give the key of this create: the client's own, that of the create whose retry or late first request it is, or a new one; empty for a
    client that does not count its retries. A create that is refused leaves no row for a retry, unless one already takes part in it.
    """
    count = _number(call.request.headers.get(COUNT, ""))
    if call.idempotency_key or count is None:
        yield Key(call.idempotency_key)
        return
    digest, retries = fingerprint(call), min(count, MOST_RETRIES)
    timeout_s = max(_number(call.request.headers.get(name, "").partition(".")[0]) or 0 for name in TIMEOUTS)
    found = _with_other_counts(digest, retries, timedelta(seconds=min(timeout_s, LONGEST_TIMEOUT_S)))
    with _part_of(call, digest, found, number=retries, retries=retries) as key:
        yield key


@contextmanager
def key_by_arrival(call: Call) -> Iterator[Key]:
    """Give the key of this create, for a client that waits before it repeats a request: the client's own, that of a create of the same body
    in the last two minutes, or a new one. A task whose end no answer has reported is found for `PATIENCE`; one that failed is not repeated.
    """
    if call.idempotency_key:
        yield Key(call.idempotency_key)
        return
    digest, now_s = fingerprint(call), time.monotonic()
    arrived_s = clock.now().timestamp() - (now_s - call.request.META.get(ARRIVED, now_s))
    with _part_of(call, digest, _that_may_be_repeated(call, digest, arrived_s), number=arrived_s) as key:
        yield key


def note_told(task: GenerationTask) -> None:
    """Note that an answer reports how this task ended: the client's next order does not repeat a poll that got no answer."""
    name = task.idempotency_key.removeprefix(PREFIX)
    if task.is_terminal and ROW_ID.fullmatch(name):
        RepeatableCreate.objects.filter(pk=UUID(hex=name), told_at=None).update(told_at=clock.now())


def old_creates(now: datetime) -> QuerySet[RepeatableCreate]:
    """Return the rows that no retry can find any more."""
    return RepeatableCreate.objects.filter(created_at__lte=now - KEPT_FOR)


@contextmanager
def _part_of(call: Call, digest: str, found: Iterable[RepeatableCreate], *, number: float, retries: int = 0) -> Iterator[Key]:
    """Let this request take part in the first of these creates, or in a new one. Requests with the same body are decided one by one."""
    with one_at_a_time(digest):
        now = clock.now()
        known = next(iter(found), None)
        row = known or RepeatableCreate(digest=digest, retries=retries, created_at=now)
        row.tries, row.retries, row.seen_at = [*row.tries, number], max(row.retries, retries), now
        row.save(force_insert=known is None, update_fields=["tries", "retries", "seen_at"] if known else None)
    key = _key_of(row)
    try:
        yield Key(key, known is None, _made(call, [row]).get(key) if known else None)
    except PortalError:
        if known is None:
            with one_at_a_time(digest):  # a retry may be refused because the request that it repeats is still running
                RepeatableCreate.objects.filter(pk=row.pk, seen_at=row.seen_at).delete()
        raise


def _with_other_counts(digest: str, retries: int, timeout: timedelta) -> Iterator[RepeatableCreate]:
    """Return creates in which no request with this count was seen. First that with the most retries before it, of several the oldest; then
    those whose retries overtook this request.
    """
    now = clock.now()
    at_once = Q(seen_at__gt=now - RETRIED_WITHIN)
    gave_up_at = now - timeout
    given_up = Q(seen_at__gt=gave_up_at - RETRIED_WITHIN, seen_at__lt=gave_up_at + RETRIED_WITHIN)
    rows = RepeatableCreate.objects.filter(digest=digest)
    if retries:
        yield from rows.filter(at_once | given_up, retries__lt=retries).order_by("-retries", "pk")[:1]
    for row in rows.filter(at_once, retries__gt=retries).order_by("pk"):
        if retries not in row.tries:
            yield row


def _that_may_be_repeated(call: Call, digest: str, arrived_s: float) -> Iterator[RepeatableCreate]:
    """Return creates with no request within a second of this one, whose task it may still repeat; first the one that waits longest for a
    repeat, so that those of several equal creates find one each.
    """
    now = clock.now()
    rows = RepeatableCreate.objects.filter(digest=digest, created_at__gt=now - PATIENCE)
    others = [row for row in rows if all(abs(arrived_s - other) >= 1 for other in row.tries)]
    others.sort(key=lambda row: (max(row.tries), row.pk))
    made = _made(call, others)
    for row in others:
        task = made.get(_key_of(row))
        is_young = row.created_at > now - REPEATED_WITHIN
        is_open = task is not None and (not task.is_terminal or row.told_at is None)
        if (is_young or is_open) and not (task and task.state in ENDED_BADLY):
            yield row


def _key_of(row: RepeatableCreate) -> str:
    return f"{PREFIX}{row.pk.hex}"


def _made(call: Call, rows: Sequence[RepeatableCreate]) -> dict[str, GenerationTask]:
    """Return by key the tasks of these creates."""
    if not rows:
        return {}
    made = GenerationTask.objects.filter(owner=call.caller.user, idempotency_key__in=[_key_of(row) for row in rows])
    return {task.idempotency_key: task for task in made.exclude(idempotency_key="")}  # SQLite's partial index needs its condition


def _number(text: str) -> int | None:
    return int(text[:6]) if text.isascii() and text.isdecimal() else None
