"""`Prefer: wait=N`: an answer that waits for its task. Few requests of a process may wait, so that the others are served."""

from __future__ import annotations

import re
import time
from threading import BoundedSemaphore, Event
from typing import Any

from django.conf import settings
from django.db.models import Exists, Value
from django.utils import timezone
from ninja.errors import AuthenticationError

from access.callers import Caller
from access.tokens import working
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


def wait_for(task: GenerationTask, wait_s: int, *, by: Caller) -> bool:
    """Wait until the task has ended or is in review, or the time is over. Return False at once if too many requests wait already.

    Raises ninja's `AuthenticationError` if the caller's token ends meanwhile.
    """
    if not WAITERS.acquire(blocking=False):
        return False
    try:
        until = time.monotonic() + wait_s
        while _look(task, by) not in RESTING and time.monotonic() < until and not _stopping.wait(LOOK_EVERY_S):
            pass
    finally:
        WAITERS.release()
    return True


def _look(task: GenerationTask, by: Caller) -> str:
    """Return the task's status, in one query that also asks whether the token still works."""
    works: Any = Exists(working(timezone.now()).filter(pk=by.token.pk)) if by.token else Value(value=True)
    status, still = GenerationTask.objects.filter(pk=task.pk).values_list("status", works).get()
    if not still:
        raise AuthenticationError
    return str(status)


def stop_waiting() -> None:
    """Answer all waiting requests of this process now, because it is about to end."""
    _stopping.set()
