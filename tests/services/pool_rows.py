"""Rows of tasks and attempts as they stand somewhere on their way, for tests of accounts as a pool."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from generation.models import Attempt, GenerationTask, Prompt
from providers.models import ProviderAccount

MODEL = "kling/kling-v1"


def make_task(owner: User, **fields: Any) -> GenerationTask:
    """Queued and due, unless told otherwise."""
    now = timezone.now()
    facts = {"due_at": now, "created_at": now, "updated_at": now, "model": MODEL} | fields
    return GenerationTask.objects.create(owner=owner, prompt=Prompt.objects.create(owner=owner, text="a boat"), **facts)


def attempt_of(task: GenerationTask, account: ProviderAccount, *, started_at: datetime | None = None, **fields: Any) -> Attempt:
    """The task's next attempt, begun now and not ended, unless told otherwise."""
    number = task.attempts.count() + 1
    return Attempt.objects.create(
        task=task, number=number, account=account, reference=task.reference, started_at=started_at or timezone.now(), **fields
    )
