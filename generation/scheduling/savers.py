"""Chooses which finished renders are saved next, and how many savers one account may have: a slow file server leaves savers to the others.

Of an account's renders the one whose file ends first at the vendor goes first; one that ends soon also overtakes other accounts' jobs.
Those past their end, which the vendor may keep for longer, go last: after an outage their tries must not cost the others their time.
Shares are counted from leased rows, as the shares of submits are (`concurrency.py`): what a killed worker held ends with its lease.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, Min, QuerySet, When

from database import clock
from events import outbox
from generation.lifecycle import Status
from generation.models import GenerationTask, LiveWorker
from generation.scheduling.leases import MOST_WAITING, Lease, lease_rows
from jobs import queue
from providers.models import ProviderAccount

__all__ = ["count_expiring", "expiring", "lease_saves", "room_to_save", "warn_of_expiring"]

log = logging.getLogger("generation.savers")

NOT_STORED = [Status.INGESTING.value, Status.NEEDS_REVIEW.value]
FIRST_TO_END = F("outputs_expire_at").asc(nulls_last=True)
NO_END = datetime.max.replace(tzinfo=UTC)
"""The end assumed for rows from before the portal stored it."""
MOST_WARNINGS = 200
"""Events that one call of `warn_of_expiring` writes; the others follow at the next."""


def lease_saves(*, now: datetime, instance: str, lasting: timedelta) -> list[Lease]:
    """Lease due rows of each account, as its share has room for; those that end next are first. Call inside a transaction."""
    due = GenerationTask.objects.due(now).filter(status=Status.INGESTING)
    accounts = set(due.order_by().values_list("account", flat=True).distinct())
    if not accounts:
        return []
    ends: dict[UUID, datetime] = {}
    leases: list[Lease] = []
    for account, room in room_to_save(accounts, now).items():
        has_ended = Case(When(outputs_expire_at__lte=now, then=True), default=False)
        waiting = due.filter(account=account).order_by(has_ended, FIRST_TO_END, "due_at").select_for_update(skip_locked=True)
        chosen = dict(waiting.values_list("pk", "outputs_expire_at")[: min(room, MOST_WAITING - len(leases))])
        ends |= {pk: end or NO_END for pk, end in chosen.items()}
        leases += lease_rows([*chosen], status=Status.INGESTING, now=now, lasting=lasting, instance=instance)
    soon = now + settings.EXPIRY_WARNING
    leases.sort(key=lambda one: (ends[one.task_id] <= now, ends[one.task_id]))
    return [replace(one, is_urgent=now < ends[one.task_id] <= soon) for one in leases]


def expiring(now: datetime) -> QuerySet[GenerationTask]:
    """Return finished renders that are not stored and whose file ends at the vendor within `EXPIRY_WARNING`, first to end first.

    Those that are being saved are among them also past their end, as the vendor may keep a file for longer; those that a person has to
    decide only before it.
    """
    ending = GenerationTask.objects.filter(status__in=NOT_STORED, outputs_expire_at__lte=now + settings.EXPIRY_WARNING)
    return ending.exclude(status=Status.NEEDS_REVIEW, outputs_expire_at__lte=now).order_by("outputs_expire_at")


def count_expiring(now: datetime) -> tuple[int, datetime | None]:
    """Return how many those are, and when the first one ends."""
    found = expiring(now).order_by().aggregate(count=Count("pk"), first=Min("outputs_expire_at"))
    return found["count"], found["first"]


def warn_of_expiring() -> None:
    """Log how many finished renders may be lost, and write `task.expiring` once for each; the clock calls it every few minutes."""
    now = clock.now()
    first = expiring(now).first()
    if first is not None:
        count = expiring(now).count()
        log.error("%d finished videos are not stored and end at the vendor soon; task %s at %s", count, first.pk, first.outputs_expire_at)
    for task in expiring(now).filter(expiry_warned_at=None)[:MOST_WARNINGS]:
        _warn_of(task, now)


@transaction.atomic
def _warn_of(task: GenerationTask, now: datetime) -> None:
    """Write the event, unless the task has moved on or another clock was faster."""
    if GenerationTask.objects.filter(pk=task.pk, status=task.status, expiry_warned_at=None).update(expiry_warned_at=now):
        facts = {"status": task.status, "expires_at": task.outputs_expire_at}
        outbox.write("task.expiring", subject=task.pk, owner_id=task.owner_id, at=now, facts=facts)


def room_to_save(accounts: Collection[UUID], now: datetime) -> dict[UUID, int]:
    """Return how many more rows may be leased for each account that has room. Call inside a transaction: it locks the accounts.

    An account that is locked by somebody else is left out, for the clock's next round, so this never waits and cannot deadlock.
    """
    free = ProviderAccount.objects.filter(pk__in=accounts).order_by("pk").select_for_update(skip_locked=True, no_key=True)
    locked = list(free.values_list("pk", flat=True))
    held = GenerationTask.objects.held(now).filter(status=Status.INGESTING, account__in=locked).order_by()
    taken = dict(held.values_list("account").annotate(count=Count("pk")))
    machines = max(LiveWorker.objects.alive(now).count(), 1)  # assumed to have the same settings
    share = max(queue.workers_of(queue.INGEST) * machines // 2, 1)  # a single saver serves every account
    return {account: share - taken.get(account, 0) for account in locked if taken.get(account, 0) < share}
