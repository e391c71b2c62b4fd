"""How many of a cluster's processes are at work, known from the kernel: each job holds a lock on a file of its own while it runs.

A killed process loses its lock at once, so the count is right when it matters: the watchdog asks before it calls a cluster frozen.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.parent_death import is_alive

__all__ = ["busy", "count_busy", "new_folder"]

PREFIX = "portal-worker-"


@contextmanager
def new_folder(place: Path | None = None) -> Iterator[Path]:
    """Where a worker's clusters keep their locks, in the system's temporary folder. Folders of killed workers are cleared away first."""
    place = place or Path(tempfile.gettempdir())
    for old in place.glob(f"{PREFIX}*"):
        pid = old.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not is_alive(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def busy() -> Iterator[None]:
    """Hold this process's lock. Does nothing outside a cluster of `manage.py worker`."""
    folder = os.environ.get("PORTAL_BUSY_LOCKS_DIR")
    if not folder:
        yield
        return
    with (Path(folder) / str(os.getpid())).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def count_busy(folder: Path) -> int:
    """Locks that are held right now. Files that nobody holds are of idle or dead processes."""
    return sum(_is_held(path) for path in folder.iterdir())


def _is_held(path: Path) -> bool:
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
