"""What django-q2 runs: thin doors to the services. A job may come twice, late, or for a row that moved on; services know.

`except Exception` stands here: a bug of ours is logged and raised again, the lease brings the step back, and a paid video is not thrown
away. The two others keep one task's trouble from its neighbours in a batch of polls (`services/polling.py`, `providers/core/client.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from generation import presence
from generation.errors import LostRace
from generation.services import housekeeping
from generation.services.dispatch import ingest_next
from generation.services.health import probe_account
from generation.services.ingest import ingest as ingest_task
from generation.services.polling import poll_account
from generation.services.second_look import look_again as look_up_again
from generation.services.settle import settle as settle_task
from generation.services.submit import submit as submit_task

__all__ = ["beat", "ingest", "look_again", "poll", "probe", "settle", "submit", "sweep"]

log = logging.getLogger("generation.jobs")
P = ParamSpec("P")


def job(function: Callable[P, None]) -> Callable[P, None]:
    """Marks the process as busy while it runs, lets a lost race pass, logs everything else."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with presence.busy():
            try:
                function(*args, **kwargs)
            except LostRace:
                return
            except Exception:
                log.exception("%s%s", function.__name__, args)
                raise

    return run


@job
def submit(task_id: str, fence: int) -> None:
    submit_task(task_id, fence)


@job
def settle(task_id: str, fence: int) -> None:
    settle_task(task_id, fence)


@job
def look_again(task_id: str) -> None:
    look_up_again(task_id)


@job
def poll(account_id: str) -> None:
    poll_account(account_id)


@job
def probe(account_id: str) -> None:
    probe_account(account_id)


@job
def ingest(task_id: str, fence: int) -> None:
    ingest_task(task_id, fence)
    ingest_next()


@job
def sweep() -> None:
    housekeeping.sweep()


def beat() -> None:
    """Does nothing. See `queue.send_beat`."""
