"""`Prefer: wait=N`: an answer that waits for its task. Few requests of a process may wait, so that the others are served."""

from __future__ import annotations

import re
import time
from threading import BoundedSemaphore, Event

from django.conf import settings

from generation.lifecycle import RESTING
from generation.models import GenerationTask

__all__ = ["WAITERS", "asked_wait_s", "stop_waiting", "wait_for"]

MAX_WAIT_S = 60
LOOK_EVERY_S = 0.25
WAITERS = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,9})(?:$|[,;\s])", re.ASCII | re.IGNORECASE)
_stopping = Event()


def asked_wait_s(prefer: str) -> int:
    """Return the seconds that a Prefer header asks for: 0 if it asks for no wait, 60 at most."""
    found = WAIT.search(prefer)
    return min(int(found[1]), MAX_WAIT_S) if found else 0


def wait_for(task: GenerationTask, wait_s: int) -> bool:
    """Wait until the task has ended or is in review, or the time is over. Return False at once if too many requests wait already."""
    if not WAITERS.acquire(blocking=False):
        return False
    try:
        until = time.monotonic() + wait_s
        status = GenerationTask.objects.filter(pk=task.pk).values_list("status", flat=True)
        while status.get() not in RESTING and time.monotonic() < until and not _stopping.wait(LOOK_EVERY_S):
            pass
    finally:
        WAITERS.release()
    return True


def stop_waiting() -> None:
    """Answer all waiting requests of this process now, because it is about to end."""
    _stopping.set()
