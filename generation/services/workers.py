"""Each worker's sign of life, from which the others know how many processes share the submits."""

from __future__ import annotations

from datetime import timedelta

from generation import queue
from generation.models import LiveWorker
from providers import clock

__all__ = ["sign_in", "sign_out"]

FORGOTTEN_AFTER = timedelta(days=1)


def sign_in(instance: str) -> None:
    """Call every few seconds (`models.worker.GONE_AFTER`)."""
    now = clock.now()
    facts = {"submit_workers": queue.workers_of(queue.SUBMIT), "seen_at": now}
    LiveWorker.objects.update_or_create(instance=instance, defaults=facts)
    LiveWorker.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


def sign_out(instance: str) -> None:
    """It ends: nobody has to wait until its sign is old."""
    LiveWorker.objects.filter(instance=instance).delete()
