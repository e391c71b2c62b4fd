"""What a vendor's list of recent tasks proves, where tasks carry no reference of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.core.errors import Unsupported

__all__ = ["Listed", "require_absence"]

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One task of a list; `created_at` is None where the vendor does not say it in a form that we trust."""

    id: str
    created_at: datetime | None


def require_absence(listed: Iterable[Listed], *, since: datetime, known: Sequence[str]) -> None:
    """Return when the list surely holds no task of ours that was begun at `since`; raise `Unsupported` when one of it may be ours."""
    ours = set(known)
    for task in listed:
        late = task.created_at is None or task.created_at >= since - CLOCK_SKEW
        if late and task.id not in ours:
            raise Unsupported("The vendor lists a task from that time which may be this one; its list does not carry our reference.")
