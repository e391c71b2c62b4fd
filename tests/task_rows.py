"""Rows of tasks and attempts, written straight into the tables: what is tested does not depend on how they came to be. `create_task` orders
as the product does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from database import clock
from generation.lifecycle import TERMINAL, Status, wants_attention
from generation.models import Attempt, GenerationTask, Prompt, TaskEvent
from generation.ordering.create import create
from generation.ordering.order import Order
from generation.scheduling.enqueue import start_queued
from jobs.queue import instance_id
from providers.core.catalog import vendor_of
from providers.core.messages import Message, Sentence
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

MODEL = "kling/kling-v2-5-turbo"


def create_task(**order: Any) -> GenerationTask:
    """Order a task; the clock starts it right after that."""
    task = create(Order(**order)).task
    start(task.model)
    return task


def start(model: str) -> None:
    """Start what is due at the vendor of this model, however long ago it came due: the clock calls only the last seconds new."""
    start_queued({vendor_of(model)}, clock.now(), instance_id())


def make_task(owner: User, *, status: str = Status.QUEUED, prompt: str = "a boat", model: str = MODEL, **facts: Any) -> GenerationTask:
    """A task with the model's usual options, as the worker would have left it in this state; `facts` stand above that."""
    now, state = timezone.now(), Status(status)
    sent = state in {Status.RUNNING, Status.INGESTING, Status.SUCCEEDED}
    row: dict[str, Any] = {
        "params": ALL_MODELS[model].params(**ALL_MODELS[model].needed_params).model_dump(mode="json") if model in ALL_MODELS else {},
        "status": state.value,
        "due_at": now if wants_attention(state) else None,
        "finished_at": now if state in TERMINAL else None,
        "created_at": now,
        "updated_at": now,
        "accepted_at": now if sent else None,
    }
    words = Prompt.objects.create(owner=owner, text=prompt)
    task = GenerationTask(owner=owner, prompt=words, model=model, **(row | facts))
    if sent and not task.submission_id:
        task.submission_id = f"vendor-{task.pk}"
    task.save()
    TaskEvent.objects.create(task=task, at=now, to_status=state.value)
    return task


def attempt_of(task: GenerationTask, account: ProviderAccount, *, started_at: datetime | None = None, **facts: Any) -> Attempt:
    """The task's next attempt, by default begun now and not ended."""
    number = task.attempts.count() + 1
    return Attempt.objects.create(
        task=task, number=number, account=account, reference=task.reference, started_at=started_at or timezone.now(), **facts
    )


def codes_of(message: Message) -> list[str]:
    """Return the codes of its sentences, without free text."""
    return [part.code for part in message.parts if isinstance(part, Sentence)]
