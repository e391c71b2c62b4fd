"""Finds events and attempts of tasks that are old enough to be deleted."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet

from database.batches import first_id
from generation.models import Attempt, Dispatch, TaskEvent

__all__ = ["old_attempts", "old_task_events"]


def old_task_events(before: datetime) -> QuerySet[TaskEvent]:
    """Return the events of tasks that ended before this time."""
    return TaskEvent.objects.filter(pk__lt=first_id(before), task__finished_at__lt=before)


def old_attempts(before: datetime) -> QuerySet[Attempt]:
    """Return attempts of tasks that ended before this time, without those that money still needs.

    Those are attempts whose outcome is unknown, and accepted ones that no task follows: they may have been paid for nothing.
    """
    is_settled = Q(dispatch=Dispatch.REJECTED) | Q(dispatch=Dispatch.ACCEPTED, submission_id=F("task__submission_id"))
    return Attempt.objects.filter(is_settled, pk__lt=first_id(before), task__finished_at__lt=before)
