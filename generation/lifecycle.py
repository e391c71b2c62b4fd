"""The states of a task and the moves between them. Pure: decides, performs nothing.

    queued -> submitting -> running -> ingesting -> succeeded

`submitting` goes back to `queued` only after an error that is surely safe to repeat, and to `needs_review` when the outcome is unknown.
To `needs_review` also goes a task that cannot be sent again after an unknown outcome, and an accepted render that our deadline or a limit
of ours keeps us from (docs/adr/0012). Terminal states are final, with one exception: a failed task whose render is alive or done at the
vendor goes on (docs/adr/0007). `GenerationTask.move` is the only code that performs a move.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

__all__ = [
    "AT_VENDOR",
    "LIVE",
    "RESTING",
    "TERMINAL",
    "TRANSITIONS",
    "UNDER_WAY",
    "IllegalTransition",
    "Status",
    "backoff",
    "require_move",
    "wants_attention",
]


class IllegalTransition(Exception):
    """A move that the table does not have: a bug of the portal, never caused by a user."""


class Status(StrEnum):
    """The states of a task."""

    QUEUED = "queued"
    """Ordered, not sent. Costs nothing yet."""
    SUBMITTING = "submitting"
    """The intent is committed and the paid request may be on its way."""
    RUNNING = "running"
    """The vendor has it, and its id there is stored."""
    INGESTING = "ingesting"
    """Rendered at the vendor; being copied into our storage."""
    SUCCEEDED = "succeeded"
    """The video is stored."""
    NEEDS_REVIEW = "needs_review"
    """It may have been paid, or it was accepted and we cannot get it. An answer of the vendor ends this, or a person does."""
    FAILED = "failed"
    """It will not continue without a person; `error_code` says why."""
    CANCELLED = "cancelled"
    """Stopped by its owner."""


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
LIVE = frozenset(Status) - TERMINAL
RESTING = TERMINAL | {Status.NEEDS_REVIEW}
"""The clock does not come back to these."""
AT_VENDOR = frozenset({Status.SUBMITTING, Status.RUNNING})
"""These hold one of the account's slots."""
UNDER_WAY = AT_VENDOR | {Status.INGESTING}
"""Work is being done for these."""

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SUBMITTING, Status.NEEDS_REVIEW, Status.FAILED, Status.CANCELLED}),
    Status.SUBMITTING: frozenset({Status.RUNNING, Status.QUEUED, Status.NEEDS_REVIEW, Status.FAILED}),
    Status.NEEDS_REVIEW: frozenset({Status.RUNNING, Status.INGESTING, Status.QUEUED, Status.FAILED, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.INGESTING, Status.NEEDS_REVIEW, Status.FAILED, Status.CANCELLED}),
    Status.INGESTING: frozenset({Status.SUCCEEDED, Status.NEEDS_REVIEW, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset({Status.RUNNING, Status.INGESTING}),
    Status.CANCELLED: frozenset(),
}


def require_move(seen: Status, to: Status) -> None:
    """Raise `IllegalTransition` unless the table has the move."""
    if to not in TRANSITIONS[seen]:
        raise IllegalTransition(f"no way from {seen} to {to}")


def wants_attention(status: Status) -> bool:
    """Return whether the clock must come back to this state, so that `due_at` is set exactly then."""
    return status not in RESTING


def backoff(failures: int, *, most: timedelta = timedelta(minutes=5)) -> timedelta:
    """Return how long to wait after `failures` (1, 2, ...) in a row: doubling from 2 s, capped, with full jitter above the half."""
    ceiling = min(timedelta(seconds=2) * float(2 ** min(failures - 1, 16)), most)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing
