"""Lets people take note of failures, so that the list of what needs attention gets shorter."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.callers import Caller
from database import clock
from generation.actions.rights import require_rights
from generation.errors import Conflict
from generation.lifecycle import Status
from generation.models import GenerationTask

__all__ = ["dismiss", "dismiss_failed"]


def dismiss(task: GenerationTask, *, by: Caller) -> None:
    """Take this failure off the list. Doing it again changes nothing. Raises `Conflict` for a task that has not failed, `NotAllowed`."""
    require_rights(task, by)
    if not _dismiss(GenerationTask.objects.filter(pk=task.pk)) and task.state is not Status.FAILED:
        raise Conflict(_("Only failed tasks can be dismissed."), code="not_failed")


def dismiss_failed(user: User) -> int:
    """Take all failures of this person off the list. Return how many there were."""
    return _dismiss(GenerationTask.objects.filter(owner=user))


def _dismiss(tasks: QuerySet[GenerationTask]) -> int:
    now = clock.now()
    return tasks.filter(status=Status.FAILED, dismissed_at=None).update(dismissed_at=now, updated_at=now)
