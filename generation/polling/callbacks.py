"""A vendor says that something changed: the row becomes due at once. What changed is for the poll to find out; nothing else is believed.

A callback may come twice, late, out of order, before the answer to its submit, or not at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from database import clock
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from generation.scheduling.enqueue import poll_soon
from jobs import queue
from providers.core.callbacks import Notice
from providers.models import ProviderAccount

__all__ = ["handle_notice"]

CALLED_AGAIN_AFTER = timedelta(seconds=30)
"""However often a vendor calls about a task in review, it is asked about it once in so long."""


def handle_notice(account: ProviderAccount, notice: Notice) -> None:
    """Have the vendor asked about the task that the notice names, if it is one of this account's. Another id changes nothing."""
    now = clock.now()
    with transaction.atomic():
        if notice.submission_id and _poll_now(account, notice.submission_id, now):
            poll_soon(account, now)
        elif (task_id := GenerationTask.pk_of(notice.reference)) is not None:
            _look_up_now(account, task_id, now)


def _poll_now(account: ProviderAccount, submission_id: str, now: datetime) -> bool:
    """True when the row was not due yet."""
    mine = GenerationTask.objects.filter(account=account, submission_id=submission_id, status=Status.RUNNING)
    return bool(mine.filter(due_at__gt=now).update(due_at=now))


def _look_up_now(account: ProviderAccount, task_id: UUID, now: datetime) -> None:
    """A submit whose answer was lost: the vendor is asked about our reference. One that is being sent is left to its sender."""
    named = GenerationTask.objects.free(now).filter(pk=task_id, account=account)
    last = Attempt.objects.filter(task=OuterRef("pk"), number=OuterRef("attempt_count"), dispatch=Dispatch.UNKNOWN)
    if named.filter(Exists(last), status=Status.SUBMITTING, due_at__gt=now).update(due_at=now):
        return
    if named.filter(status=Status.NEEDS_REVIEW).update(lease_until=now + CALLED_AGAIN_AFTER):
        queue.enqueue(queue.SUBMIT, "look_again", task_id)
