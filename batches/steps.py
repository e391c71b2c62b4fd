"""The job `batch`: leases a batch and does the next step of its state. Each step may be killed, doubled and repeated (docs/adr/0050)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from batches import check_step
from batches.feeding import feed, hold
from batches.models import Batch, State
from database import clock
from jobs import queue

__all__ = ["batches_soon", "step"]

LEASE = timedelta(minutes=1)
"""How long a step of an accepted batch and its wait for a worker may take. A doubled step finds that the first one has done its part."""
AT_ONCE = 20

STEPS: Mapping[str, Callable[[Batch], timedelta]] = {State.CHECKING: check_step.check, State.RUNNING: feed, State.PAUSED: hold}
"""By state; each returns when to come back."""


def step(batch_id: UUID | str, fence: int) -> None:
    """Do what is next for the batch that was leased under this fence."""
    batch = Batch.objects.select_related("owner", "team", "token").filter(pk=batch_id, fence=fence, state__in=STEPS).first()
    if batch is None:
        return
    pause = STEPS[batch.state](batch)
    mine = Batch.objects.filter(pk=batch.pk, fence=fence, state=batch.state)  # a person who changed it has made it due
    mine.update(due_at=clock.now() + pause, lease_until=None)


def batches_soon() -> int:
    """Lease the batches that are due and enqueue their next steps. Return how many. The clock calls it."""
    now = clock.now()
    due = Batch.objects.filter(due_at__lte=now, state__in=STEPS).order_by("due_at")
    if not due.exists():  # asked without a write lock
        return 0
    with transaction.atomic():
        chosen = list(due.select_for_update(skip_locked=True).values_list("pk", "fence", "state")[:AT_ONCE])
        for pk, fence, state in chosen:
            until = now + (check_step.LEASE if state == State.CHECKING else LEASE)
            Batch.objects.filter(pk=pk).update(fence=fence + 1, lease_until=until, due_at=until)
            queue.enqueue(queue.INGEST, "batch", pk, fence + 1)
    return len(chosen)
