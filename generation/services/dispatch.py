"""Finds rows that are due and rings for the job that advances them. The worker's clock calls `tick`; the rest spares services a wait.

Any number of clocks on any number of machines may do this at once: the lease decides.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q

from generation import queue
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.services.claims import Claim, claim_due, claim_one
from generation.services.failover import fail_over
from generation.services.permits import processes_to_settle, submit_processes
from generation.services.pool import claim_queued, waiting_vendors
from generation.services.savers import claim_saves, room_to_save
from generation.services.stranded import free_stranded
from generation.services.switch import current_stop
from providers import clock
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount

__all__ = ["POLL_LEASE", "ingest_next", "ingest_soon", "look_again_soon", "poll_again", "poll_soon", "start_soon", "tick"]

log = logging.getLogger("generation.dispatch")

INGEST_LEASE = timedelta(minutes=4)
"""How long a message may wait for a worker; at work the lease is a short one that is renewed (`claims.holding`)."""
SETTLE_LEASE = timedelta(seconds=90)
"""How long a look-up may wait for a worker; at work it renews a shorter lease (`claims.keeping`)."""
LOOK_AGAIN_EVERY = timedelta(hours=1)
ASKED_ABOUT = ("deadline", "submission_gone")
"""Codes of the reviews that the vendor is asked about. The others wait for a change here."""
ASKED_FOR = timedelta(days=31)
"""No vendor keeps a result for longer."""
LOOKS_LAST = timedelta(minutes=1)
"""Four times as long as a vendor that does not answer takes: one look for each process in so long leaves three quarters to submits."""
PROBE_LEASE = timedelta(seconds=45)
POLL_LEASE = timedelta(seconds=12)
POLL_TURN = timedelta(seconds=30)
"""How long a rung poll job may wait for its turn; at work it renews the shorter `POLL_LEASE`."""


def tick(now: datetime | None = None) -> int:
    """One round over everything that is due. Returns how many jobs were rung for."""
    at, instance = now or clock.now(), queue.instance_id()
    stop = current_stop()
    if stop is None or not stop.restored:  # in a restored database, what waits may have been sent as it is
        free_stranded(at)
        fail_over()
    return (
        _start_queued(waiting_vendors(at), at, instance)
        + _settle_lost(at, instance)
        + _poll_due(at)
        + _ingest_due(at, instance)
        + _probe_rested(at)
        + _look_again(at)
    )


def start_soon(spec: ModelSpec) -> None:
    """Start this model's queued tasks now where there is room, instead of at the clock's next round."""
    try:
        _start_queued({spec.provider}, clock.now(), queue.instance_id())
    except OperationalError as error:  # somebody holds the accounts for long: the task is stored, and the clock comes by
        log.warning("tasks of %s wait for the clock: %s", spec.name, error)


def _start_queued(vendors: Collection[str], now: datetime, instance: str) -> int:
    """The accounts of a vendor are one pool: claimed for together."""
    if not vendors or current_stop():
        return 0
    pools: dict[str, list[ProviderAccount]] = {}
    for account in ProviderAccount.objects.usable().filter(vendor__in=vendors):
        pools.setdefault(account.vendor, []).append(account)
    return sum(_ring(queue.SUBMIT, "submit", partial(claim_queued, pool, now=now, instance=instance)) for pool in pools.values())


def _settle_lost(now: datetime, instance: str) -> int:
    """Submits whose lease ended between intent and answer, and those that wait for a look-up. Served ahead of submits: a claimed look-up
    counts in its account's share, so a hundred submits before it would wait for it, and it for them.
    """
    most = processes_to_settle(now)
    claim = partial(claim_due, Status.SUBMITTING, now=now, instance=instance, lease=SETTLE_LEASE, most=most)
    return _ring(queue.ahead_in(queue.SUBMIT), "settle", claim)


def _probe_rested(now: datetime) -> int:
    """Accounts whose rest is over are asked by a free call whether they answer. Disabled ones wait for a person."""
    free = Q(probe_lease_until=None) | Q(probe_lease_until__lte=now)
    rested = ProviderAccount.objects.filter(free, enabled=True, cooldown_until__lte=now)
    rung = 0
    for account in rested:
        with transaction.atomic():
            if rested.filter(pk=account.pk).update(probe_lease_until=now + PROBE_LEASE):
                queue.enqueue(queue.POLL, "probe", account.pk)
                rung += 1
    return rung


def _ingest_due(now: datetime, instance: str) -> int:
    return _ring(queue.INGEST, "ingest", partial(claim_saves, now=now, instance=instance, lease=INGEST_LEASE))


def ingest_next() -> None:
    """Ring for what may be saved now that a saver is free, instead of at the clock's next round."""
    _ingest_due(clock.now(), queue.instance_id())


def ingest_soon(task: GenerationTask) -> None:
    """Ring for this task's ingest in the caller's transaction, right when its render is known to be done."""
    now = clock.now()
    if task.account_id is None or task.account_id not in room_to_save([task.account_id], now):
        return
    claim = claim_one(task, now=now, instance=queue.instance_id(), lease=INGEST_LEASE)
    if claim is not None:
        queue.enqueue(queue.INGEST, "ingest", claim.task_id, claim.fence)


def look_again_soon(task: GenerationTask) -> None:
    """Ring for a look at this review, in the caller's transaction; the next one is an hour later."""
    now = clock.now()
    if GenerationTask.objects.free(now).filter(pk=task.pk, status=Status.NEEDS_REVIEW).update(lease_until=now + LOOK_AGAIN_EVERY):
        queue.enqueue(queue.SUBMIT, "look_again", task.pk)


def _look_again(now: datetime) -> int:
    """Ring for reviews that were last looked at, or began (`updated_at`), an hour ago; later where there are very many."""
    accepted = GenerationTask.objects.free(now).filter(status=Status.NEEDS_REVIEW, error_code__in=ASKED_ABOUT)
    due = accepted.filter(updated_at__gt=now - ASKED_FOR)
    waited = due.filter(Q(lease_until__isnull=False) | Q(updated_at__lte=now - LOOK_AGAIN_EVERY)).order_by("updated_at")
    lately = GenerationTask.objects.filter(status=Status.NEEDS_REVIEW, lease_until__gt=now + LOOK_AGAIN_EVERY - LOOKS_LAST).count()
    rung = 0
    for task in waited.only("pk")[: max(submit_processes(now) - lately, 0)]:
        with transaction.atomic():
            look_again_soon(task)
            rung += 1
    return rung


def _poll_due(now: datetime) -> int:
    """One poll job for each account that has due tasks and whose last poll job has ended or died."""
    due = GenerationTask.objects.filter(account=OuterRef("pk"), status=Status.RUNNING, due_at__lte=now)
    return sum(poll_soon(account, now) for account in ProviderAccount.objects.filter(_not_polled(now)).filter(Exists(due)))


def poll_soon(account: ProviderAccount, now: datetime) -> bool:
    """Ring for this account's poll job, unless one waits or is at work: that one finds what is due by itself."""
    with transaction.atomic():
        mine = ProviderAccount.objects.filter(_not_polled(now), pk=account.pk).update(poll_lease_until=now + POLL_TURN)
        if mine:
            queue.enqueue(queue.POLL, "poll", account.pk)
    return bool(mine)


def _not_polled(now: datetime) -> Q:
    return Q(poll_lease_until=None) | Q(poll_lease_until__lte=now)


def poll_again(account: ProviderAccount) -> datetime:
    """Ring for the next turn of an account that has more to ask, behind those who wait. Returns the end of the lease until it begins."""
    until = clock.now() + POLL_TURN
    with transaction.atomic():
        ProviderAccount.objects.filter(pk=account.pk).update(poll_lease_until=until)
        queue.enqueue(queue.POLL, "poll", account.pk)
    return until


def _ring(cluster: str, job: str, claim: Callable[[], list[Claim]]) -> int:
    """Claim and ring in one transaction: a claimed row always has its message."""
    with transaction.atomic():
        claims = claim()
        for one in claims:
            queue.enqueue(cluster, job, one.task_id, one.fence)
    return len(claims)
