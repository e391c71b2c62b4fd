"""Looks at the media storage for /readyz, so that a storage that hangs holds one thread of this process and no request."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue

from generation import store

__all__ = ["look_at_storage"]


@dataclass(kw_only=True)
class _Look:
    """One look at the storage; those who ask while it lasts share it."""

    began: float = field(default_factory=time.monotonic)
    answer: Future[None] = field(default_factory=Future)


class _Looker(threading.Thread):
    """A thread that stays, because storages keep their connections for each thread, and that nobody waits for when the process ends."""

    def __init__(self) -> None:
        super().__init__(name="storage-look", daemon=True)
        self.wanted: SimpleQueue[_Look] = SimpleQueue()
        self.last = _Look()
        self.last.answer.set_result(None)

    def run(self) -> None:
        while True:
            answer = self.wanted.get().answer
            try:
                store.listing("")
            except Exception as error:
                answer.set_exception(error)
            else:
                answer.set_result(None)


_lock = threading.Lock()
_looker: _Looker | None = None


def look_at_storage(patience_s: float) -> None:
    """List the storage's first folder. Raises what the store raises, and TimeoutError if no answer came in this time."""
    global _looker  # noqa: PLW0603
    with _lock:
        if _looker is None or not _looker.is_alive():  # the child of a fork has the object and not the thread
            _looker = _Looker()
            _looker.start()
        current = _looker.last
        if current.answer.done():
            current = _looker.last = _Look()
            _looker.wanted.put(current)
    current.answer.result(max(patience_s - (time.monotonic() - current.began), 0.0))
