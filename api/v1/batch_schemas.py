"""How a batch is shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from access.callers import Caller
from access.money import decimal
from api.v1.schemas import TEXT
from batches.models import Batch
from batches.progress import counts_of
from batches.report import repairs_of
from generation.errors import NotThere
from providers.messages import translated

__all__ = ["BatchLineOut", "BatchOut", "Mapped", "Name", "batch_out", "visible_batch"]

Name = Annotated[str, Field(max_length=200, pattern=TEXT)]
Mapped = Annotated[dict[str, Name], Field(max_length=200)]


class RepairOut(Schema):
    """Rows that are mended in the same way: how many, the number of the first, and what is wrong with that one."""

    repair: str
    state: str
    count: int
    first: int
    words: str


class BatchLineOut(Schema):
    """A batch as lists have it."""

    id: UUID
    name: str
    source: str
    state: str
    file_name: str
    priority: int
    needed_by: datetime | None
    created_at: datetime
    checked_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None


class BatchOut(BatchLineOut):
    """A batch. `cost` is what its rows may cost at most, in `currency`; `unpriced` of them have no known price and are not in it.

    `counts` has every kind of row: the status of its task, or `bad`, `ready`, `left_out`, `waiting`, `refused`, `withdrawn` without one.
    """

    encoding: str
    heading: list[str]
    mapping: dict[str, str]
    defaults: dict[str, Any]
    rows: int
    counts: dict[str, int]
    cost: Decimal | None
    unpriced: int
    currency: str
    repairs: list[RepairOut]
    error: str


def batch_out(batch: Batch) -> BatchOut:
    """Return how the API shows the batch. Two queries."""
    counts = counts_of(batch)
    return BatchOut(
        id=batch.pk,
        name=batch.name,
        source=batch.source,
        state=batch.state,
        file_name=batch.file_name,
        encoding=batch.encoding,
        heading=batch.heading,
        mapping=batch.mapping,
        defaults=batch.defaults,
        rows=sum(counts.values()),
        counts=counts,
        cost=None if batch.cost is None else decimal(batch.cost),
        unpriced=batch.unpriced,
        currency=settings.CURRENCY,
        priority=batch.priority,
        needed_by=batch.needed_by,
        repairs=[RepairOut.model_validate(one) for one in repairs_of(batch)],
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
