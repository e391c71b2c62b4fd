"""Waits for tasks. Two queries each half a second serve all calls that wait, so that a waiting call holds no thread and no connection."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import anyio
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from access.tokens import working
from api.mcp.calls import in_thread
from generation.lifecycle import RESTING, Status
from generation.models import GenerationTask

__all__ = ["Look", "Watcher"]

log = logging.getLogger("api.mcp.watcher")

LOOK_EVERY_S = 0.5
NOTIFY_EVERY_S = 10.0
"""Clients give up after a minute of silence; a notice of progress shows that the call is still running."""
MOST_WAITING = 1000


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a task was when it was last looked at."""

    status: Status
    progress: int | None


@dataclass(kw_only=True, eq=False)
class _Waiting:
    """A call that waits, its task and token, and what the last look found."""

    task: UUID
    token: UUID | None
    look: Look | None = None
    works: bool = True
    looked: anyio.Event = field(default_factory=anyio.Event)


class Watcher:
    """Looks at the tasks that calls wait for. When `is_stopping` returns true, the process is ending, and all calls are answered."""

    def __init__(self) -> None:
        self.is_stopping: Callable[[], bool] = lambda: False
        self._waiting: set[_Waiting] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look while the server runs."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._run)
            yield
            group.cancel_scope.cancel()

    async def wait(self, task: UUID, token: UUID | None, for_s: float, notify: Callable[[Look], Awaitable[None]]) -> bool:
        """Wait until the task has ended or is in review, the token stops working, the time is over or the process ends. Return at once if
        very many calls wait already.

        Call `notify` with every change, and every `NOTIFY_EVERY_S` without one. Return whether the token still works.
        """
        of_one = sum(other.token == token for other in self._waiting)
        if of_one >= MOST_WAITING - len(self._waiting):  # no caller has more than are left for the others
            return True
        me, sent, sent_at = _Waiting(task=task, token=token), None, 0.0
        self._waiting.add(me)
        try:
            with anyio.move_on_after(for_s):
                while True:
                    await me.looked.wait()
                    me.looked = anyio.Event()
                    if me.look is None or me.look.status in RESTING or not me.works or self.is_stopping():
                        break
                    if me.look != sent or time.monotonic() - sent_at >= NOTIFY_EVERY_S:
                        sent, sent_at = me.look, time.monotonic()
                        await notify(me.look)
        finally:
            self._waiting.remove(me)
        return me.works

    async def _run(self) -> None:
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            asked = list(self._waiting)
            if not asked:
                continue
            try:
                looks, works = await in_thread(_look, {one.task for one in asked}, {one.token for one in asked if one.token})
            except (DatabaseError, InterfaceError) as error:  # the database may be back at the next look
                log.warning("the tasks that calls wait for could not be read: %s", error)
                continue
            for one in asked:
                one.look, one.works = looks.get(one.task), one.token is None or one.token in works
                one.looked.set()


def _look(tasks: Collection[UUID], tokens: Collection[UUID]) -> tuple[dict[UUID, Look], set[UUID]]:
    """Return the tasks by id, and which of the tokens work."""
    rows = GenerationTask.objects.filter(pk__in=tasks).values_list("pk", "status", "progress")
    looks = {pk: Look(status=Status(status), progress=progress) for pk, status, progress in rows}
    return looks, set(working(timezone.now()).filter(pk__in=tokens).values_list("pk", flat=True))
