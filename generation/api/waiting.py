"""`Prefer: wait=N`: an answer that waits for its task. Bounded per process, so that waiting never starves the site."""

from __future__ import annotations

import re
import time
from threading import BoundedSemaphore

from generation.lifecycle import RESTING
from generation.models import GenerationTask

__all__ = ["WAITERS", "asked_wait_s", "wait_for"]

MAX_WAIT_S = 60
LOOK_EVERY_S = 0.25
WAITERS = BoundedSemaphore(8)
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,9})(?:$|[,;\s])", re.ASCII | re.IGNORECASE)


def asked_wait_s(prefer: str) -> int:
    """Seconds from a Prefer header; 0 when it asks for no wait, 60 at most."""
    found = WAIT.search(prefer)
    return min(int(found[1]), MAX_WAIT_S) if found else 0


def wait_for(task: GenerationTask, wait_s: int) -> bool:
    """Return when the task rests or the time is over. At once, and False, when there are enough waiters already."""
    if not WAITERS.acquire(blocking=False):
        return False
    try:
        until = time.monotonic() + wait_s
        while _status(task) not in RESTING and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
    finally:
        WAITERS.release()
    return True


def _status(task: GenerationTask) -> str:
    return GenerationTask.objects.values_list("status", flat=True).get(pk=task.pk)
