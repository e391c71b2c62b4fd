"""The clock's round: leases the rows that are due and enqueues the jobs that advance them.

Any number of clocks on any number of machines may do this at once: the lease decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from database import clock
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.failover import fail_over
from generation.scheduling.concurrency import processes_to_reconcile, submit_processes
from generation.scheduling.enqueue import (
    LOOK_AGAIN_EVERY,
    ingest_due,
    lease_and_enqueue,
    look_again_soon,
    not_polled,
    poll_soon,
    start_queued,
)
from generation.scheduling.fair_share import waiting_vendors
from generation.scheduling.leases import lease_due
from generation.scheduling.stop_switch import current_stop
from generation.submitting.unstartable import free_unstartable
from jobs import queue
from providers.models import ProviderAccount

__all__ = ["tick"]

RECONCILE_LEASE = timedelta(seconds=90)
"""How long a look-up may wait for a worker; at work it renews a shorter lease (`leases.keeping`)."""
ASKED_ABOUT = ("deadline", "submission_gone")
"""Codes of the reviews that the vendor is asked about. The others wait for a change here."""
ASKED_FOR = timedelta(days=31)
"""No vendor keeps a result for longer."""
LOOKS_LAST = timedelta(minutes=1)
"""Four times the wait for a vendor that does not answer: one look for each process in this time leaves three quarters to submits."""
PROBE_LEASE = timedelta(seconds=45)


def tick(now: datetime | None = None) -> int:
    """Make one round over everything that is due. Return how many jobs were enqueued."""
    at, instance = now or clock.now(), queue.instance_id()
    stop = current_stop()
    if stop is None or not stop.restored:  # in a restored database, what waits may have been sent already
        free_unstartable(at)
        fail_over()
    return (
        start_queued(waiting_vendors(at), at, instance)
        + _reconcile_lost(at, instance)
        + _poll_due(at)
        + ingest_due(at, instance)
        + _probe_cooled_down(at)
        + _look_again(at)
    )


def _reconcile_lost(now: datetime, instance: str) -> int:
    """Look up submits whose lease ended between intent and answer, and those that wait for it. Served ahead of submits: a leased look-up
    counts in its account's share, so a hundred submits before it would wait for it, and it for them.
    """
    most = processes_to_reconcile(now)
    take = partial(lease_due, Status.SUBMITTING, now=now, instance=instance, lasting=RECONCILE_LEASE, most=most)
    return lease_and_enqueue(queue.ahead_in(queue.SUBMIT), "reconcile", take)


def _poll_due(now: datetime) -> int:
    """Enqueue a poll job for each account that has due tasks and whose last poll job has ended or died."""
    due = GenerationTask.objects.filter(account=OuterRef("pk"), status=Status.RUNNING, due_at__lte=now)
    return sum(poll_soon(account, now) for account in ProviderAccount.objects.filter(not_polled(now)).filter(Exists(due)))


def _probe_cooled_down(now: datetime) -> int:
    """Have accounts whose cooldown is over asked by a free call whether they answer. Disabled ones wait for a person."""
    free = Q(probe_lease_until=None) | Q(probe_lease_until__lte=now)
    over = ProviderAccount.objects.filter(free, enabled=True, cooldown_until__lte=now)
    enqueued = 0
    for account in over:
        with transaction.atomic():
            if over.filter(pk=account.pk).update(probe_lease_until=now + PROBE_LEASE):
                queue.enqueue(queue.POLL, "probe", account.pk)
                enqueued += 1
    return enqueued


def _look_again(now: datetime) -> int:
    """Enqueue looks at reviews that were last looked at, or began (`updated_at`), an hour ago; later where there are very many."""
    accepted = GenerationTask.objects.free(now).filter(status=Status.NEEDS_REVIEW, error_code__in=ASKED_ABOUT)
    due = accepted.filter(updated_at__gt=now - ASKED_FOR)
    waited = due.filter(Q(lease_until__isnull=False) | Q(updated_at__lte=now - LOOK_AGAIN_EVERY)).order_by("updated_at")
    lately = GenerationTask.objects.filter(status=Status.NEEDS_REVIEW, lease_until__gt=now + LOOK_AGAIN_EVERY - LOOKS_LAST).count()
    enqueued = 0
    for task in waited.only("pk")[: max(submit_processes(now) - lately, 0)]:
        with transaction.atomic():
            enqueued += look_again_soon(task)
    return enqueued
