"""Child processes that end with their parents (Linux; elsewhere this does nothing, and the watchdog's group kill remains).

Without it the children of a killed process live on: django-q2's have worked unguarded for half an hour.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent", "is_alive"]

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int | None = None) -> None:
    """Have this process, and every process forked from it later, killed when its parent ends.

    With the parent's pid this works even if the parent ended before the call.
    """
    if not sys.platform.startswith("linux"):
        return
    _arm(parent or os.getppid())
    os.register_at_fork(before=_remember, after_in_child=lambda: _arm(_parent))


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


_parent = 0


def _remember() -> None:
    global _parent  # noqa: PLW0603 - the child reads it after the fork
    _parent = os.getpid()


def _arm(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call
        os._exit(1)
