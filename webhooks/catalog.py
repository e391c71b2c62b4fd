"""The public types of events, and the outbox's types that they are made of.

Knows no rows, so the settings read the consumer's types here.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ACCOUNT_RESTS",
    "ALERTS",
    "BUDGET_WARNS",
    "CALLBACK_TYPES",
    "CONSUMER",
    "OUTBOX",
    "PING",
    "RUN_FAILED",
    "TASK_EXPIRES",
    "TYPES",
    "USUAL_TYPES",
    "VIDEO_REVIEWED",
    "public_type",
]

CONSUMER = "webhooks"
ACCOUNT_RESTS = "account.resting"
BUDGET_WARNS = "budget.warning"
PING = "ping"
ALERTS = ("system.alert", "system.recovered")
RUN_FAILED = "batch.run_failed"
TASK_EXPIRES = "task.expiring"
VIDEO_REVIEWED = "video.reviewed"
OUTBOX: Mapping[str, str] = {
    "task.running": "task.started",
    "task.succeeded": "task.succeeded",
    "task.failed": "task.failed",
    "task.cancelled": "task.cancelled",
    "task.needs_review": "task.needs_review",
    "task.expiring": TASK_EXPIRES,
    "account.cooldown": ACCOUNT_RESTS,
    "budget.warning": BUDGET_WARNS,
    "batch.finished": "batch.finished",
    "batch.run_failed": RUN_FAILED,
    "endpoint.disabled": "endpoint.disabled",
    "video.reviewed": VIDEO_REVIEWED,
    **{name: name for name in ALERTS},
}
"""The public type by that of the outbox. The outbox compares beginnings of types, `public_type` whole ones."""
STARTS_FROM = frozenset({"queued", "submitting"})
"""A render that continues after a review or a failure was started before."""
TYPES = tuple(OUTBOX.values())
CALLBACK_TYPES = ("task.succeeded", "task.failed", "task.cancelled", "task.needs_review")
"""What the callback address of a task gets: how the task ended, or that a person must decide."""
USUAL_TYPES = (*CALLBACK_TYPES, TASK_EXPIRES, "endpoint.disabled")
"""What a new endpoint gets unless it says otherwise."""


def public_type(outbox_type: str, facts: Mapping[str, object]) -> str:
    """Return the public type of this event; empty if it is not sent to anyone."""
    if outbox_type == "task.running" and facts.get("from") not in STARTS_FROM:
        return ""
    return OUTBOX.get(outbox_type, "")
