"""Which of an account's running tasks are asked about next. A claim is the row's next appointment, so it needs no lease; a vendor that
wishes to be asked later gets a later one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.models.attempt import submission_of
from providers.core.types import Submission
from providers.models import ProviderAccount

__all__ = ["ScheduledPoll", "claim_polls", "put_off"]


class ScheduledPoll(NamedTuple):
    """What a poll and its answer need of a running row. Plain values: most answers change nothing, and an instance costs as much CPU as
    a third of its poll. Named and ordered as the table's columns; `due_at` is the one that was kept.
    """

    id: UUID
    model: str
    status: str
    progress: int | None
    vendor_state: str
    due_at: datetime
    deadline_at: datetime | None
    fence: int
    failures: int
    account_id: UUID
    submission_id: str
    submission_kind: str
    cancel_requested_at: datetime | None
    accepted_at: datetime | None

    @property
    def submission(self) -> Submission:
        return submission_of(self.model, self.submission_id, self.submission_kind)

    def task(self) -> GenerationTask:
        """The row as it was when it was claimed; what is not among the values would be fetched one by one."""
        return GenerationTask.from_db(DEFAULT_DB_ALIAS, self._fields, self)


def claim_polls(account: ProviderAccount, *, now: datetime, every: Callable[[str], timedelta], limit: int) -> list[ScheduledPoll]:
    """Running tasks of the account that are due, longest waiting first, each with its next appointment made.

    `every` is a model's interval; each batch's next one is moved by up to 10 %, so that batches spread.
    """
    with transaction.atomic():
        due = GenerationTask.objects.due(now).filter(status=Status.RUNNING, account=account)
        values = due.select_for_update(skip_locked=True).values_list(*ScheduledPoll._fields)[:limit]
        rows = [ScheduledPoll._make(row) for row in values]
        by_interval: dict[timedelta, list[UUID]] = {}
        for row in rows:
            by_interval.setdefault(every(row.model), []).append(row.id)
        for interval, ids in by_interval.items():
            next_at = now + interval * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
            GenerationTask.objects.filter(pk__in=ids, status=Status.RUNNING).update(due_at=next_at)
    return rows


def put_off(wishes: Iterable[tuple[UUID, timedelta]], *, now: datetime) -> None:
    """Ask about these rows no sooner than so long from now. One that is due already stays so: its vendor has called meanwhile."""
    by_wish: dict[timedelta, list[UUID]] = {}
    for task_id, wish in wishes:
        by_wish.setdefault(wish, []).append(task_id)
    for wish, ids in by_wish.items():
        next_at = now + wish * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, hides nothing
        GenerationTask.objects.filter(pk__in=ids, status=Status.RUNNING, due_at__gt=now).update(due_at=next_at)
