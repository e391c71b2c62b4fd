"""Which of an account's running tasks are asked about next. A claim is the row's next appointment, so it needs no lease."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.models import ProviderAccount

__all__ = ["claim_polls"]

POLLED = (
    *("status", "fence", "model", "submission_id", "submission_kind", "account"),
    *("progress", "vendor_state", "failures", "due_at", "deadline_at", "cancel_requested_at"),
)
"""What a poll and its answer need of a row: a whole one costs as much CPU to build as a third of its poll."""


def claim_polls(
    account: ProviderAccount, *, now: datetime, every: Callable[[GenerationTask], timedelta], limit: int
) -> list[GenerationTask]:
    """Running tasks of the account that are due. The claim is the next appointment, so an unchanged poll needs no second write.

    `every` is a task's interval; each batch's next one is moved by up to 10 %, so that batches spread. The rows carry the old `due_at`.
    """
    with transaction.atomic():
        due = GenerationTask.objects.due(now).filter(status=Status.RUNNING, account=account)
        rows = list(due.only(*POLLED).select_for_update(skip_locked=True)[:limit])
        by_interval: dict[timedelta, list[UUID]] = {}
        for row in rows:
            by_interval.setdefault(every(row), []).append(row.pk)
        for interval, ids in by_interval.items():
            next_at = now + interval * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
            GenerationTask.objects.filter(pk__in=ids, status=Status.RUNNING).update(due_at=next_at)
    return rows
