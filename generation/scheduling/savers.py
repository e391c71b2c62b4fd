"""Limits how many of the processes that save videos one account may have, so that a slow file server leaves savers to the others.

Counted from leased rows, as the shares of submits are (`concurrency.py`): what a killed worker held ends with its lease.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from generation.lifecycle import Status
from generation.models import GenerationTask, LiveWorker
from generation.scheduling.leases import MOST_WAITING, Lease, lease_rows
from jobs import queue
from providers.models import ProviderAccount

__all__ = ["lease_saves", "room_to_save"]


def lease_saves(*, now: datetime, instance: str, lasting: timedelta) -> list[Lease]:
    """Lease due rows of each account, as many as its share has room for. Call inside a transaction."""
    due = GenerationTask.objects.due(now).filter(status=Status.INGESTING)
    accounts = set(due.order_by().values_list("account", flat=True).distinct())
    if not accounts:
        return []
    leases: list[Lease] = []
    for account, room in room_to_save(accounts, now).items():
        waiting = due.filter(account=account).select_for_update(skip_locked=True)
        chosen = list(waiting.values_list("pk", flat=True)[: min(room, MOST_WAITING - len(leases))])
        leases += lease_rows(chosen, status=Status.INGESTING, now=now, lasting=lasting, instance=instance)
    return leases


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
