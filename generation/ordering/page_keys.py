"""Makes and reads the key in a page's forms. Its reader has not seen what was ordered or decided after it was made (docs/adr/0014)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["made_at", "new_key", "read_key", "stored_key"]

NEVER = UUID(int=0)
TIME_ORDERED = 7
FROM_A_PAGE = "page¦"
"""No Idempotency-Key of the API begins with this: those are ASCII."""


def new_key() -> str:
    """Return a key for a page that is rendered now: a UUIDv7, as ids are, so later tasks and events have larger ids."""
    return str(uuid7())


def read_key(text: str) -> UUID:
    """Return the key that a form sent. A page without a valid one counts as older than everything."""
    try:
        key = UUID(text)
    except ValueError:
        return NEVER
    return key if key.version == TIME_ORDERED else NEVER


def made_at(key: UUID) -> datetime:
    """Return when the page with this key was rendered."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def stored_key(key: UUID, *what: Any) -> str:
    """Return the idempotency key of a task that is ordered by `what` on the page with this key."""
    return FROM_A_PAGE + "-".join(str(part) for part in (key, *what))
