"""Children that do not outlive their parents (Linux; elsewhere a no-op, and the watchdog's group kill remains).

A killed parent's children live on otherwise: django-q2's were seen working unguarded for half an hour.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent", "is_alive"]

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int | None = None) -> None:
    """This process, and every process forked from it later, is killed when its parent ends.

    A parent that says who it is (its pid) is missed even when it ended before this call.
    """
    if not sys.platform.startswith("linux"):
        return
    _arm(parent or os.getppid())
    os.register_at_fork(before=_remember, after_in_child=_arm_child)


def is_alive(pid: int) -> bool:
    """A process of this machine has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


_parent = 0


def _remember() -> None:
    global _parent  # noqa: PLW0603 - the forking process tells its child who it was
    _parent = os.getpid()


def _arm_child() -> None:
    _arm(_parent)


def _arm(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)
