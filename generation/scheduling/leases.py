"""Leases: who works on which row. Taking one is a short transaction; a process that loses the race does nothing.

A lease raises the row's fence, moves `due_at` to its own end and counts a start. When the worker dies, the row comes due again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection
from django.db.models import Case, F, When

from database import clock
from database.errors import is_held_lock
from generation.errors import LostRace
from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.models import ProviderAccount

__all__ = ["DEATHS", "MOST_WAITING", "Lease", "holding", "keeping", "lease_due", "lease_one", "lease_rows", "passing_over", "take_up"]

log = logging.getLogger("generation.leases")

MOST_WAITING = 100
"""Leased rows of one status or one account that may wait for a worker at one time: leases must outlive the wait."""
HOLD = timedelta(seconds=45)
"""The lease of a long step at work: renewed three times within it, so that a dead worker's step is taken up again soon."""
DEATHS = 3
"""Starts of a step that may end with their process: after so many it may be the task itself, and it is not started again."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A row leased under this fence. The job of an urgent one is served before those that wait."""

    task_id: UUID
    fence: int
    is_urgent: bool = False


def lease_due(status: Status, *, now: datetime, instance: str, lasting: timedelta, most: int = MOST_WAITING) -> list[Lease]:
    """Lease due rows of one status, as long as fewer than `most` are held. Call inside a transaction."""
    due = GenerationTask.objects.due(now).filter(status=status)
    room = most - waiting_leases(status, now)
    chosen = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[: max(room, 0)])
    return lease_rows(chosen, status=status, now=now, lasting=lasting, instance=instance)


def waiting_leases(status: Status, now: datetime) -> int:
    """Return how many rows of this status are held."""
    return GenerationTask.objects.held(now).filter(status=status).count()


def lease_one(task: GenerationTask, *, now: datetime, instance: str, lasting: timedelta) -> Lease | None:
    """Lease this row, if nobody holds it and the queue is not long already. Call inside a transaction."""
    if waiting_leases(task.state, now) >= MOST_WAITING:
        return None
    free = GenerationTask.objects.free(now).filter(pk=task.pk, status=task.status, fence=task.fence)
    matched = free.update(**_leased(now, lasting, instance))
    return Lease(task_id=task.pk, fence=task.fence + 1) if matched else None


def lease_rows(
    ids: list[UUID], *, status: Status, now: datetime, lasting: timedelta, instance: str, account: ProviderAccount | None = None
) -> list[Lease]:
    """Lease those of these rows that are still due in this status, for the account that starts them. Call inside a transaction."""
    if not ids:
        return []
    changes = _leased(now, lasting, instance)
    if account is not None:
        changes["account"] = account
    GenerationTask.objects.filter(pk__in=ids, status=status, due_at__lte=now).update(**changes)
    rows = GenerationTask.objects.filter(pk__in=ids, status=status, lease_owner=instance, lease_until=now + lasting)
    return [Lease(task_id=pk, fence=fence) for pk, fence in rows.values_list("pk", "fence")]


def _leased(now: datetime, lasting: timedelta, instance: str) -> dict[str, object]:
    return {
        "due_at": now + lasting,
        "lease_owner": instance,
        "lease_until": now + lasting,
        "fence": F("fence") + 1,
        "starts": Case(When(status=Status.INGESTING, then=F("starts")), default=F("starts") + 1),  # `holding` counts those of ingests
    }


def take_up(task_id: UUID | str, fence: int, status: Status) -> GenerationTask | None:
    """Return the task in this status under this fence; None when it moved on, which is normal: messages may come twice or late."""
    rows = GenerationTask.objects.select_related("account", "prompt", "owner")
    return rows.filter(pk=task_id, fence=fence, status=status).first()


@contextmanager
def passing_over(task: GenerationTask) -> Iterator[None]:
    """Leave a row that has moved on, or that somebody holds for long, to a later round."""
    try:
        yield
    except LostRace:
        return
    except OperationalError as error:
        if not is_held_lock(error):
            raise
        log.warning("task %s is left to a later round: %s", task.pk, error)


@contextmanager
def holding(task: GenerationTask) -> Iterator[None]:
    """Keep this row ours while the block runs and this process lives. Raises `LostRace` when it is another's already.

    The fence rises once more, so that a second delivery of the same message finds the row taken. The start is counted before anything is
    done, so that a task that kills its process is known by its starts.
    """
    until, mine = clock.now() + HOLD, GenerationTask.objects.filter(pk=task.pk, status=task.status)
    if not mine.filter(fence=task.fence).update(fence=F("fence") + 1, starts=F("starts") + 1, due_at=until, lease_until=until):
        raise LostRace(f"task {task.pk} is taken")
    task.fence += 1
    task.starts += 1
    with _renewing(task, HOLD):
        yield


@contextmanager
def keeping(task: GenerationTask, hold: timedelta) -> Iterator[None]:
    """Do the same for a step whose start was counted with its lease, which had to outlive the wait for a worker and becomes a short one."""
    task.keep_lease(clock.now() + hold)
    with _renewing(task, hold):
        yield


@contextmanager
def _renewing(task: GenerationTask, hold: timedelta) -> Iterator[None]:
    done = Event()
    renewer = Thread(target=_renew, args=(task.pk, task.status, task.fence, hold, done), name="lease", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()


def _renew(task_id: UUID, status: str, fence: int, hold: timedelta, done: Event) -> None:
    try:
        while not done.wait(hold.total_seconds() / 3):
            until = clock.now() + hold
            GenerationTask.objects.filter(pk=task_id, status=status, fence=fence).update(due_at=until, lease_until=until)
    except DatabaseError as error:  # the next lease of the row raises the fence, so that this step changes nothing any more
        log.warning("lease of task %s not renewed: %s", task_id, error)
    finally:
        connection.close()
