"""Leases the running tasks of an account that are to be polled next, which also schedules the poll after.

So nothing has to be given back. A vendor that asks to be polled later gets a later poll.
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

__all__ = ["ScheduledPoll", "put_off", "take_due_polls"]


class ScheduledPoll(NamedTuple):
    """What a poll and its answer need of a running row. Plain values: most answers change nothing, and a model instance costs a third of
    the CPU of its poll. Named and ordered as the table's columns; `due_at` is the time at which this poll was due.
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
        """Return the row as it was when it was taken; a field that is not among the values would cost another query."""
        return GenerationTask.from_db(DEFAULT_DB_ALIAS, self._fields, self)


def take_due_polls(account: ProviderAccount, *, now: datetime, every: Callable[[str], timedelta], limit: int) -> list[ScheduledPoll]:
    """Return the account's running tasks that are due, longest waiting first, and schedule the next poll of each. Takes no lease.

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


def put_off(delays: Iterable[tuple[UUID, timedelta]], *, now: datetime) -> None:
    """Ask about these rows no sooner than after these delays. One that is due already stays due: its vendor has called."""
    by_delay: dict[timedelta, list[UUID]] = {}
    for task_id, delay in delays:
        by_delay.setdefault(delay, []).append(task_id)
    for delay, ids in by_delay.items():
        next_at = now + delay * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, hides nothing
        GenerationTask.objects.filter(pk__in=ids, status=Status.RUNNING, due_at__gt=now).update(due_at=next_at)
