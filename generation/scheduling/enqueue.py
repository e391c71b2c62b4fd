"""Puts the job that advances a row on the queue, in the transaction that leases the row: a leased row always has its message.

The clock finds what is due once a second (`tick.py`); `start_new` and the functions that end in `_soon` or `_next` do not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from database import clock
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.scheduling.fair_share import lease_queued
from generation.scheduling.leases import Lease, lease_one
from generation.scheduling.savers import lease_saves, room_to_save
from generation.scheduling.stop_switch import current_stop
from jobs import queue
from providers.core.catalog import vendor_of
from providers.models import ProviderAccount

__all__ = [
    "LOOK_AGAIN_EVERY",
    "POLL_LEASE",
    "ingest_due",
    "ingest_next",
    "ingest_soon",
    "lease_and_enqueue",
    "look_again_soon",
    "not_polled",
    "poll_again",
    "poll_soon",
    "start_new",
    "start_queued",
]

INGEST_LEASE = timedelta(minutes=4)
"""How long a message may wait for a worker; at work the lease is a short one that is renewed (`leases.holding`)."""
LOOK_AGAIN_EVERY = timedelta(hours=1)
JUST_NOW = timedelta(seconds=2)
"""A row may be committed this long after it came due, and still counts as new."""
NEWEST = 100
POLL_LEASE = timedelta(seconds=12)
POLL_TURN = timedelta(seconds=30)
"""How long an enqueued poll job may wait for its turn; at work it renews the shorter `POLL_LEASE`."""

_looked_at: set[tuple[UUID, datetime | None, str]] = set()
"""New tasks that this process has seen already."""


def start_new() -> int:
    """Start tasks that came due just now, instead of in the clock's next round. Return how many.

    The clock calls it in each of its rounds: one query while nothing is new. What finds no room is tried once and left to `tick`.
    """
    now = clock.now()
    fresh = GenerationTask.objects.filter(status=Status.QUEUED, due_at__gt=now - JUST_NOW, due_at__lte=now).order_by("-due_at", "-pk")
    found = set(fresh.values_list("pk", "due_at", "model")[:NEWEST])
    vendors = {vendor_of(model) for _pk, _due_at, model in found - _looked_at}
    _looked_at.clear()
    _looked_at.update(found)
    return start_queued(vendors, now, queue.instance_id())


def start_queued(vendors: Collection[str], now: datetime, instance: str) -> int:
    """Lease due tasks of these vendors and enqueue their submits; the accounts of a vendor are one pool. Return how many."""
    if not vendors or current_stop():
        return 0
    pools: dict[str, list[ProviderAccount]] = {}
    for account in ProviderAccount.objects.usable().filter(vendor__in=vendors):
        pools.setdefault(account.vendor, []).append(account)
    return sum(
        lease_and_enqueue(queue.SUBMIT, "submit", partial(lease_queued, pool, now=now, instance=instance)) for pool in pools.values()
    )


def ingest_next() -> None:
    """Enqueue what may be saved now that a saver is free, instead of at the clock's next round."""
    ingest_due(clock.now(), queue.instance_id())


def ingest_soon(task: GenerationTask) -> None:
    """Enqueue this task's ingest in the caller's transaction, right when its render is known to be done."""
    now = clock.now()
    if task.account_id is None or task.account_id not in room_to_save([task.account_id], now):
        return
    lease = lease_one(task, now=now, instance=queue.instance_id(), lasting=INGEST_LEASE)
    if lease is not None:
        queue.enqueue(queue.INGEST, "ingest", lease.task_id, lease.fence)


def ingest_due(now: datetime, instance: str) -> int:
    """Lease finished renders that there are savers for, and enqueue their ingests. Return how many."""
    return lease_and_enqueue(queue.INGEST, "ingest", partial(lease_saves, now=now, instance=instance, lasting=INGEST_LEASE))


def look_again_soon(task: GenerationTask) -> bool:
    """Enqueue a look at this review, in the caller's transaction; the next one is an hour later. Return whether nobody did so before."""
    now = clock.now()
    free = GenerationTask.objects.free(now).filter(pk=task.pk, status=Status.NEEDS_REVIEW)
    if not free.update(lease_until=now + LOOK_AGAIN_EVERY):
        return False
    queue.enqueue(queue.SUBMIT, "look_again", task.pk)
    return True


def poll_soon(account: ProviderAccount, now: datetime) -> bool:
    """Enqueue this account's poll job, unless one waits or is at work: that one finds what is due by itself. Return whether it did."""
    with transaction.atomic():
        mine = ProviderAccount.objects.filter(not_polled(now), pk=account.pk).update(poll_lease_until=now + POLL_TURN)
        if mine:
            queue.enqueue(queue.POLL, "poll", account.pk)
    return bool(mine)


def poll_again(account: ProviderAccount) -> datetime:
    """Enqueue the next turn of an account that has more to ask, behind those who wait. Return the end of the lease until it begins."""
    until = clock.now() + POLL_TURN
    with transaction.atomic():
        ProviderAccount.objects.filter(pk=account.pk).update(poll_lease_until=until)
        queue.enqueue(queue.POLL, "poll", account.pk)
    return until


def not_polled(now: datetime) -> Q:
    """Match accounts without a poll job that waits or is at work."""
    return Q(poll_lease_until=None) | Q(poll_lease_until__lte=now)


def lease_and_enqueue(cluster: str, job: str, take: Callable[[], list[Lease]]) -> int:
    """Lease and enqueue in one transaction: a leased row always has its message. Return how many."""
    with transaction.atomic():
        leases = take()
        for one in leases:
            queue.enqueue(queue.ahead_in(cluster) if one.is_urgent else cluster, job, one.task_id, one.fence)
    return len(leases)
