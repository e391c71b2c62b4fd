"""How a batch is shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Schema

from access.callers import Caller
from access.money import decimal
from batches.models import Batch
from batches.progress import counts_of
from generation.errors import NotThere
from providers.messages import translated

__all__ = ["BatchOut", "batch_out", "visible_batch"]


class BatchOut(Schema):
    """A batch. `cost` is what its rows may cost at most, in `currency`; `unpriced` of them have no known price and are not in it.

    `counts` has every kind of row: the status of its task, or `bad`, `ready`, `left_out`, `waiting`, `refused`, `withdrawn` without one.
    """

    id: UUID
    name: str
    source: str
    state: str
    file_name: str
    rows: int
    counts: dict[str, int]
    cost: Decimal | None
    unpriced: int
    currency: str
    priority: int
    needed_by: datetime | None
    error: str
    created_at: datetime
    checked_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None


def batch_out(batch: Batch) -> BatchOut:
    """Return how the API shows the batch. One query."""
    counts = counts_of(batch)
    return BatchOut(
        id=batch.pk,
        name=batch.name,
        source=batch.source,
        state=batch.state,
        file_name=batch.file_name,
        rows=sum(counts.values()),
        counts=counts,
        cost=None if batch.cost is None else decimal(batch.cost),
        unpriced=batch.unpriced,
        currency=settings.CURRENCY,
        priority=batch.priority,
        needed_by=batch.needed_by,
        error=translated(batch.error),
        created_at=batch.created_at,
        checked_at=batch.checked_at,
        accepted_at=batch.accepted_at,
        ended_at=batch.ended_at,
    )


def visible_batch(asking: Caller, batch_id: UUID) -> Batch:
    """Return the batch. Raise `NotThere` if the caller may not see it."""
    batch = Batch.objects.one_for(asking, batch_id)
    if batch is None:
        raise NotThere(_("There is no such batch."))
    return batch
