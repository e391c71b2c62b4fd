"""The audit log: who did what to what, from where, written in the transaction of what was done.

Each action is recorded by the one function that does it. Facts hold no secret: the recorder names what may be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import QuerySet

from database import clock
from database.batches import first_id
from events.models import AuditEvent

__all__ = ["Actor", "old_events", "record"]


class _Token(Protocol):
    pk: Any


class Actor(Protocol):
    """Who acts: `access.callers.Caller`, which this room does not know."""

    @property
    def user(self) -> User: ...
    @property
    def token(self) -> _Token | None: ...
    @property
    def ip(self) -> str: ...


def record(
    action: str, target: models.Model, *, by: Actor | None, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
) -> None:
    """Write that `by` did this to `target`, in the caller's transaction. None: a command on the server did.

    `action` is the target's kind and what was done: `account.disabled`. Rows among the facts are kept as their names.
    """
    assert connection.in_atomic_block, "an action is recorded together with what it changes"
    AuditEvent.objects.create(
        at=clock.now(),
        user_id=by.user.pk if by else None,
        user_name=by.user.get_username() if by else "",
        token_id=by.token.pk if by and by.token else None,
        ip=by.ip[:45] if by else "",
        action=action,
        target_type=target._meta.label_lower,  # noqa: SLF001 - public in Django, whatever its name
        target_id=str(target.pk),
        target_label=str(target)[:200],
        before=_plain(before or {}),
        after=_plain(after or {}),
    )


def old_events(before: datetime) -> QuerySet[AuditEvent]:
    """Return what was done before this time."""
    return AuditEvent.objects.filter(pk__lt=first_id(before))


def _plain(value: Any) -> Any:
    """Replace rows, also inside lists and mappings, by their names; leave other values to the JSON encoder."""
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
