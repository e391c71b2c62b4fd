"""How far a batch has come: its rows, and for those that have a task, what became of that."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from batches.models import Batch, BatchRow, RowState
from generation.lifecycle import Status
from generation.models import GenerationTask

__all__ = ["counts_of", "with_status"]


def with_status(rows: QuerySet[BatchRow]) -> QuerySet[BatchRow]:
    """Add `status`: that of the row's task, and of a row without one its own state."""
    task = GenerationTask.objects.filter(pk=OuterRef("task_id")).order_by().values("status")
    return rows.annotate(status=Coalesce(Subquery(task), "state"))


def counts_of(batch: Batch) -> dict[str, int]:
    """Return how many rows there are of each kind, all kinds named: a task's status, or the state of a row without a task. One query."""
    rows: Any = with_status(batch.rows.all())
    found = dict(rows.order_by().values_list("status").annotate(count=Count("pk")))
    kinds = [state.value for state in RowState if state is not RowState.PLACED] + [status.value for status in Status]
    return {kind: found.get(kind, 0) for kind in kinds}
