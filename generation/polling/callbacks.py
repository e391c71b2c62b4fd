"""Makes a row due at once when its vendor calls. The poll finds out what changed; nothing else in a callback is believed.

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
"""How often a vendor is asked at most about a task in review, however often it calls."""


def handle_notice(account: ProviderAccount, notice: Notice) -> None:
    """Have the vendor asked about the task that the notice names, if it is one of this account's. Another id changes nothing."""
    now = clock.now()
    with transaction.atomic():
        running = GenerationTask.objects.filter(account=account, submission_id=notice.submission_id, status=Status.RUNNING)
        if notice.submission_id and running.filter(due_at__gt=now).update(due_at=now):
            poll_soon(account, now)
        elif (task_id := GenerationTask.pk_of(notice.reference)) is not None:
            _look_up_now(account, task_id, now)


def _look_up_now(account: ProviderAccount, task_id: UUID, now: datetime) -> None:
    """Have the vendor asked about our reference if the answer of the submit was lost. Leave one that is being sent to its sender."""
    named = GenerationTask.objects.free(now).filter(pk=task_id, account=account)
    last = Attempt.objects.filter(task=OuterRef("pk"), number=OuterRef("attempt_count"), dispatch=Dispatch.UNKNOWN)
    if named.filter(Exists(last), status=Status.SUBMITTING, due_at__gt=now).update(due_at=now):
        return
    if named.filter(status=Status.NEEDS_REVIEW).update(lease_until=now + CALLED_AGAIN_AFTER):
        queue.enqueue(queue.SUBMIT, "look_again", task_id)
