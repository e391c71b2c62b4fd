"""Deletes many rows without holding anybody up: in the order of their keys, a few hundred in each short transaction."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

__all__ = ["PAUSE_S", "delete_in_batches", "first_id"]

BATCH = 500
PAUSE_S = 0.02
"""The pause between two batches. Without it nobody else would get SQLite's write lock, which others try again every few milliseconds."""
LASTING_S = 60.0


def first_id(at: datetime) -> UUID:
    """Return an id that is not larger than any UUIDv7 of this moment or later (RFC 9562: its first 48 bits are milliseconds)."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)


def delete_in_batches(rows: QuerySet[Any], *, lasting_s: float = LASTING_S) -> int:
    """Delete these rows, as far as the time reaches; another call continues. Return how many.

    A row that no longer belongs to them when its batch is deleted stays. May be killed at any moment.
    """
    until, count, last = time.monotonic() + lasting_s, 0, None
    while time.monotonic() < until:
        left = rows if last is None else rows.filter(pk__gt=last)
        batch = list(left.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not batch:
            break
        with transaction.atomic():
            count += rows.filter(pk__in=batch).delete()[0]
        last = batch[-1]
        time.sleep(PAUSE_S)
    return count
