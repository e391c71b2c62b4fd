"""An answer that waits for its task: `Prefer: wait=N`, and clients of other APIs that expect the result at once (docs/adr/0039).

A request that waits holds no thread. `answer_later` returns a placeholder, the web server puts the connection aside, and one watcher asks
the database for all of them. When the task rests (has ended or is in review), the time is over or the process ends, the same request runs
again: it is authenticated again, and then `resume` makes the answer, so that nothing is done twice.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import BoundedSemaphore, Condition, Event, Thread
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Exists, Value
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.errors import AuthenticationError

from access.callers import Caller
from access.tokens import working
from delivery.request_ids import current_id
from generation.lifecycle import RESTING
from generation.models import GenerationTask

__all__ = [
    "THREADS",
    "WAITER",
    "Waiter",
    "answer_later",
    "asked_wait_s",
    "first_run",
    "resume",
    "stop_waiting",
    "waited_s",
]

log = logging.getLogger("delivery.waiting")

MAX_WAIT_S = 60
LOOK_EVERY_S = 0.25
MOST_WAITERS = 1000
"""In one process. No caller may have more than are still free."""
THREADS = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))
"""For requests that must wait in their thread: another web server, or an operation that does not call `resume`."""
WAITER = "portal.waiter"
"""Key in the environment of requests that the web server can put aside: None, and in the second run the `Waiter` of the first."""
CARRIED = ("answer_headers", "claimed_answer")
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,9})(?:$|[,;\s])", re.ASCII | re.IGNORECASE)


def asked_wait_s(prefer: str) -> int:
    """Return the seconds that a Prefer header asks for: 0 if it asks for no wait, 60 at most."""
    found = WAIT.search(prefer)
    return min(int(found[1]), MAX_WAIT_S) if found else 0


@dataclass(eq=False, kw_only=True)
class Waiter:
    """A request that waits for its task, `until` a time of `time.monotonic()`. For the web server: `put_aside`, `hang_up`, `request_id`."""

    task_id: UUID
    by: Caller
    wait_s: int
    until: float
    answer: Callable[..., Any]
    request_id: str
    carried: dict[str, Any]
    """What the first run did and the second must not repeat: the count of the token's rate, the claim of the Idempotency-Key."""
    give_up: Callable[[], object] = lambda: None
    """Called if the client hangs up."""
    run_again: Callable[[], object] = field(init=False)
    has_hung_up: bool = field(default=False, init=False)

    @property
    def whose(self) -> object:
        """Return the caller that its share is counted for: a line of tokens, or a person."""
        return self.by.token.line_id if self.by.token else self.by.user.pk

    def put_aside(self, run_again: Callable[[], object]) -> None:
        """Wait. `run_again` is called, from another thread, when the answer can be made."""
        self.run_again = run_again
        _watcher.add(self)

    def hang_up(self) -> None:
        """Forget the request: its client is gone."""
        _watcher.drop(self)


def answer_later(request: HttpRequest, task: GenerationTask, wait_s: int, answer: Callable[..., Any], *, by: Caller) -> HttpResponse | None:
    """Let the answer wait until the task has ended or is in review, `wait_s` seconds at most. Return what the view must return in its
    place, or None: the view answers now, because the wait is over or too many wait already. So write `return answer_later(…) or answer(…)`.

    `answer` gets the context that is passed to `resume`. It must not refer to this request, whose body would stay in memory.
    Raises ninja's `AuthenticationError` if the caller's token stops working during the wait.
    """
    if not wait_s:
        return None
    waiter = Waiter(
        task_id=task.pk,
        by=by,
        wait_s=wait_s,
        until=time.monotonic() + wait_s,
        answer=answer,
        request_id=current_id(),
        carried={name: getattr(request, name) for name in CARRIED if hasattr(request, name)},
    )
    if task.status not in RESTING:
        if getattr(request, "can_run_again", False):
            return _placeholder(waiter) if _watcher.has_room(waiter) else None
        if not _wait_in_thread(task, wait_s, by=by):
            return None
    request.META[WAITER] = waiter
    return None


def _placeholder(waiter: Waiter) -> HttpResponse:
    """Return a response that the web server recognizes and does not send."""
    response = HttpResponse(status=202)
    response.waiter = waiter  # type: ignore[attr-defined]
    return response


def first_run(request: HttpRequest) -> Waiter | None:
    """Return the `Waiter` of the first run if this is the second."""
    waiter: Waiter | None = request.META.get(WAITER)
    return waiter


def resume(request: HttpRequest, *context: Any) -> Any:
    """Return the answer, made from this context, if the request has waited; otherwise None. Call it after the caller was authenticated and
    before anything else is done. An operation that does not call it holds a thread while it waits.
    """
    waiter = first_run(request)
    if waiter is None:
        request.can_run_again = WAITER in request.META  # type: ignore[attr-defined]
        return None
    vars(request).update(waiter.carried)
    return waiter.answer(*context)


def waited_s(request: HttpRequest) -> int:
    """Return the seconds that this answer was allowed to wait; 0 if it was made at once."""
    waiter = first_run(request)
    return waiter.wait_s if waiter else 0


def _wait_in_thread(task: GenerationTask, wait_s: int, *, by: Caller) -> bool:
    """Wait in this thread until the task has ended or is in review, or the time is over. Return False at once if too many threads wait.

    Raises ninja's `AuthenticationError` if the caller's token stops working during the wait.
    """
    if not THREADS.acquire(blocking=False):
        return False
    try:
        until = time.monotonic() + wait_s
        while _status(task, by) not in RESTING and time.monotonic() < until and not _stopping.wait(LOOK_EVERY_S):
            pass
    finally:
        THREADS.release()
    return True


def _status(task: GenerationTask, by: Caller) -> str:
    """Return the task's status, in one query that also checks whether the token still works."""
    works: Any = Exists(working(timezone.now()).filter(pk=by.token.pk)) if by.token else Value(value=True)
    status, still = GenerationTask.objects.filter(pk=task.pk).values_list("status", works).get()
    if not still:
        raise AuthenticationError
    return str(status)


def _ended(waiting: Sequence[Waiter]) -> list[Waiter]:
    """Return those whose task rests or whose token no longer works. Makes two queries for any number."""
    tasks = GenerationTask.objects.filter(pk__in={waiter.task_id for waiter in waiting}).exclude(status__in=RESTING)
    live = set(tasks.values_list("pk", flat=True))
    token_ids = {waiter.by.token.pk for waiter in waiting if waiter.by.token}
    good = set(working(timezone.now()).filter(pk__in=token_ids).values_list("pk", flat=True)) if token_ids else set()
    return [waiter for waiter in waiting if waiter.task_id not in live or (waiter.by.token and waiter.by.token.pk not in good)]


class Watcher:
    """Watches all requests of this process that wait. Its thread runs while there are any."""

    def __init__(self) -> None:
        self._waiting: dict[Waiter, None] = {}
        self._dropped: list[Waiter] = []
        self._changed = Condition()
        self._is_watching = False

    def has_room(self, waiter: Waiter) -> bool:
        """Return whether one more may wait, for this caller. A few more than `MOST_WAITERS` may get in at the same time."""
        with self._changed:
            of_one = sum(other.whose == waiter.whose for other in self._waiting)
            return of_one < MOST_WAITERS - len(self._waiting) and not _stopping.is_set()

    def add(self, waiter: Waiter) -> None:
        with self._changed:
            if not waiter.has_hung_up:
                self._waiting[waiter] = None
                self._begin()

    def drop(self, waiter: Waiter) -> None:
        with self._changed:
            waiter.has_hung_up = True
            self._waiting.pop(waiter, None)
            self._dropped.append(waiter)
            self._begin()

    def _begin(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            Thread(target=self._watch, name="waiters", daemon=True).start()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _watch(self) -> None:
        try:
            while self._look():
                pass
        finally:
            connections.close_all()

    def _look(self) -> bool:
        """Look once, after a pause, and run the requests again that have waited enough. Return False if none wait."""
        with self._changed:
            pause_s = min([LOOK_EVERY_S, *(waiter.until - time.monotonic() for waiter in self._waiting)])
            if not _stopping.is_set():
                self._changed.wait(max(0.0, pause_s))
            dropped, self._dropped = self._dropped, []
            waiting = list(self._waiting)
            self._is_watching = bool(dropped or waiting)
        for waiter in dropped:
            _safely(waiter.give_up)
        now = float("inf") if _stopping.is_set() else time.monotonic()
        over = [waiter for waiter in waiting if waiter.until <= now]
        if others := [waiter for waiter in waiting if waiter.until > now]:
            over += _safely(partial(_ended, others)) or []
        with self._changed:
            over = [waiter for waiter in over if waiter in self._waiting]  # the others have hung up
            for waiter in over:
                del self._waiting[waiter]
        for waiter in over:
            _safely(waiter.run_again)
        return bool(dropped or waiting)


def _safely(act: Callable[[], Any]) -> Any:
    """Return the result of `act`, or None after an error, which is logged: one request must not keep the others waiting."""
    try:
        return act()
    except Exception as error:
        log.warning("requests that wait: %s", error, exc_info=not isinstance(error, (DatabaseError, InterfaceError)))
        connections.close_all()
        return None


_stopping = Event()
_watcher = Watcher()


def stop_waiting() -> None:
    """Answer all waiting requests of this process now, because it is about to end."""
    _stopping.set()
    _watcher.wake()
