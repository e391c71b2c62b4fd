"""Counts the working processes of a cluster by file locks: each process locks its own file while it runs a job.

A killed process loses its lock at once, so the count is right when it matters: before the watchdog treats a cluster as frozen.
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
    """Make the folder for the locks of a worker's clusters, by default in the system's temporary folder. Remove those of killed workers."""
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
    """Count the locks that are held now. Files without a lock are of idle or dead processes."""
    count = 0
    for path in folder.iterdir():
        with path.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                count += 1
    return count
