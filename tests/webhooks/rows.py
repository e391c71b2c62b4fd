"""Rows that tests of webhooks start from."""

from __future__ import annotations

from generation.models import GenerationTask
from tests.task_rows import make_task


def ended(owner, **facts) -> GenerationTask:
    """A task that has ended, so that its owner's endpoints are to be told."""
    task = make_task(owner, **facts)
    task.cancel_unsent()
    return task
