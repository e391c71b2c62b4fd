"""What a worker does: jobs by name, and the functions that its clock calls. This is all that `jobs` knows of the product.

The queue's messages name `jobs.run` and a job, never the module of a function, so a module may move while messages wait.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from structlog.contextvars import bound_contextvars

from jobs import busy_locks

__all__ = ["BEAT", "Periodic", "Wiring", "run", "wiring"]

log = logging.getLogger("jobs.run")

BEAT = "beat"
"""The job that does nothing; a cluster that took and acknowledged its message is alive."""


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A function that the worker's clock calls every `every_s` seconds; with 0 in each of its rounds, ten times a second. The first call is
    at once if `at_start`.
    """

    every_s: float
    call: Callable[[], object]
    at_start: bool = True


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The jobs by name; what the clock calls, in order; what a worker calls when it stops; what a job raises if another took its row."""

    jobs: Mapping[str, Callable[..., object]]
    periodic: Sequence[Periodic]
    at_stop: Callable[[], object]
    lost_race: type[Exception]


@cache
def wiring() -> Wiring:
    """Return the installation's wiring, named by `settings.JOBS_WIRING`."""
    return import_string(settings.JOBS_WIRING)  # type: ignore[no-any-return]


def run(name: str, *args: Any) -> None:
    """Do the job of this name. It may come twice, late, or for a row that moved on; jobs allow for that. An unexpected exception is logged
    and raised again: the step is repeated after its lease, and no paid video is lost.
    """
    if name == BEAT:
        return
    with busy_locks.busy(), bound_contextvars(job=" ".join([name, *map(str, args)])):
        try:
            wiring().jobs[name](*args)
        except wiring().lost_race:
            return
        except Exception:
            log.exception("%s%s", name, args)
            raise
