"""Each worker's sign of life, from which the others know how many processes share the submits."""

from __future__ import annotations

from datetime import timedelta

from database import clock
from generation.models import LiveWorker
from jobs import queue

__all__ = ["sign_in", "sign_out"]

FORGOTTEN_AFTER = timedelta(days=1)


def sign_in() -> None:
    """Write that this worker is alive; call every few seconds (`models.worker.GONE_AFTER`). One that starts takes the place of those that
    were killed on its machine: nobody needs to look for them.
    """
    now = clock.now()
    facts = {"submit_workers": queue.workers_of(queue.SUBMIT), "seen_at": now}
    _worker, is_new = LiveWorker.objects.update_or_create(instance=queue.instance_id(), defaults=facts)
    if is_new:
        dead = [name for name in LiveWorker.objects.values_list("instance", flat=True) if queue.is_dead_here(name)]
        LiveWorker.objects.filter(instance__in=dead).delete()
    LiveWorker.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


def sign_out() -> None:
    """Write that this worker ends, so that nobody waits until its sign is old."""
    LiveWorker.objects.filter(instance=queue.instance_id()).delete()
