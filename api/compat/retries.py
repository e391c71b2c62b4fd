"""Finds the order that an SDK's retry repeats (docs/adr/0041).

SDKs that Stainless generates send a create again after a lost answer, 409, 429 and 5xx, without an idempotency key; only
`x-stainless-retry-count` says so (`_base_client.py` of the best-known one, version 3.52.0, read 2026-11-29). Who orders the same words five
times at once wants five videos, so the body alone names no order.

Each create therefore leaves a row before anything else is done, and a retry takes over the row of a create with the same body and a lower
count. The row's id is the task's idempotency key: a create and its retry make one task, also where both are under way at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from api.compat.dialect import Call
from api.compat.ordering import fingerprint
from api.models import RepeatableCreate
from database import clock
from generation.errors import PortalError
from generation.models import GenerationTask

__all__ = ["Key", "key_of", "old_creates"]

HEADER = "X-Stainless-Retry-Count"
RETRIED_WITHIN = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=1)
MOST_RETRIES = 1_000
PREFIX = "create-"


class Key(NamedTuple):
    """The idempotency key of a create, empty for none; `task` is what it has made already."""

    value: str
    is_new: bool = False
    task: GenerationTask | None = None


@contextmanager
def key_of(call: Call) -> Iterator[Key]:
    """Give the key of this create: the client's own, that of the create which it repeats, or a new one; none for a client that does not
    say which requests are retries. A create that is refused leaves nothing that a retry could take over, unless one has done so already.
    """
    count = call.request.headers.get(HEADER, "")
    if call.idempotency_key or not (count.isascii() and count.isdecimal()):
        yield Key(call.idempotency_key)
        return
    digest, retries = fingerprint(call), min(int(count[:6]), MOST_RETRIES)
    row = _taken_over(digest, retries) if retries else None
    is_new = row is None
    if row is None:
        row = RepeatableCreate.objects.create(digest=digest, retries=retries, created_at=clock.now())
    value = f"{PREFIX}{row.pk.hex}"
    made = None if is_new else GenerationTask.objects.filter(owner=call.caller.user, idempotency_key=value).first()
    try:
        yield Key(value, is_new, made)
    except PortalError:
        if is_new:  # a retry may be refused because the request that it repeats is still under way
            RepeatableCreate.objects.filter(pk=row.pk, retries=retries).delete()
        raise


def old_creates(now: datetime) -> QuerySet[RepeatableCreate]:
    """Return the rows that no retry asks for any more."""
    return RepeatableCreate.objects.filter(created_at__lte=now - KEPT_FOR)


def _taken_over(digest: str, retries: int) -> RepeatableCreate | None:
    """Return the create that this retry repeats, and note the retry on it. Of several, that with the most retries, then the oldest: each
    is taken over by one retry of each count.
    """
    since = clock.now() - RETRIED_WITHIN
    before = RepeatableCreate.objects.filter(digest=digest, created_at__gt=since, retries__lt=retries)
    while row := before.order_by("-retries", "pk").first():  # where another retry is faster, its own create is left for this one
        if before.filter(pk=row.pk, retries=row.retries).update(retries=retries):
            return row
    return None
