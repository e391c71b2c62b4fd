"""Which tasks: those of a caller, those that are due, held or free."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db.models import Model, Q

from access.callers import Caller
from generation.lifecycle import LIVE, Status
from generation.models.visibility import OwnedQuerySet

__all__ = ["TaskQuerySet"]

T = TypeVar("T", bound=Model)


class TaskQuerySet(OwnedQuerySet[T]):
    def one_for(self, caller: Caller, pk: Any) -> T | None:
        """Return the task if it is shown to the caller."""
        task: Any = self.filter(pk=pk).first()
        shown: T | None = task if task is not None and task.is_shown_to(caller) else None
        return shown

    def due(self, now: datetime) -> Self:
        """Return rows whose time has come, longest waiting first."""
        return self.filter(due_at__lte=now).order_by("due_at")

    def overdue(self, now: datetime, by: timedelta) -> Self:
        """Return started rows that have been due for at least `by` and that nobody holds. Full accounts may keep a queued one for hours."""
        return self.due(now - by).free(now).exclude(status=Status.QUEUED)

    def live(self) -> Self:
        return self.filter(status__in=LIVE, finished_at=None)  # the second for `task_live`

    def held(self, now: datetime) -> Self:
        """Return rows that somebody works on, or whose job waits for a worker."""
        return self.filter(lease_until__gt=now)

    def free(self, now: datetime) -> Self:
        """Return rows that nobody holds."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=now))
