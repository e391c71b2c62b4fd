"""The money of batches: what their rows ask of the ledger, and what is given back for rows that never become tasks (docs/adr/0050)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from pydantic import ValidationError

from access import ledger
from access.budgets import Scope, buyers, of_caller
from access.callers import Caller
from access.ledger import Ask
from access.ledger_models import Budget, Reservation
from batches.models import Batch, BatchRow, RowState
from database import clock
from generation.models import GenerationTask
from generation.ordering.accounts import accounts_lately, is_billed
from generation.ordering.purchase import ask_of
from providers.vendors import find_model

__all__ = ["asks_of", "mend", "tightest_budget"]

log = logging.getLogger("batches.money")


def asks_of(batch: Batch, rows: Sequence[BatchRow]) -> list[Ask | None]:
    """Return for each row what to set aside for the task that it will become. None where only sandboxes can render it, and for an order
    that the catalog does not take any more: that is refused when its turn comes.
    """
    token, accounts, billed = batch.token, accounts_lately(), dict[str, bool]()
    team_id = buyers([batch.owner_id])[batch.owner_id].team_id
    scope = Scope(owner_id=batch.owner_id, team_id=team_id, token_line=token.line_id if token else None)

    def ask(row: BatchRow) -> Ask | None:
        spec = find_model(row.order.get("model", ""))
        if spec is None:
            return None
        if spec.name not in billed:
            billed[spec.name] = is_billed(spec, accounts, token.only if token else "")
        if not billed[spec.name]:
            return None
        try:
            params = spec.params.model_validate(row.order.get("params", {}))
        except ValidationError:
            return None
        return ask_of(GenerationTask(id=row.task_id, content_id=row.order.get("content_id", "")), spec, params, scope)

    return [ask(row) for row in rows]


def mend() -> None:
    """Release what is still set aside for rows that were refused or cancelled, and log it as an error: it shows a fault of the portal."""
    ended = BatchRow.objects.filter(task_id=OuterRef("task_id"), state__in=[RowState.REFUSED, RowState.WITHDRAWN])
    tasks = GenerationTask.objects.filter(pk=OuterRef("task_id"))
    unused = Reservation.objects.filter(Exists(ended), ~Exists(tasks), closed_at=None)
    ids = list(unused.values_list("task_id", flat=True))
    if ids:
        with transaction.atomic():
            count = ledger.release_unused(ids)
        log.error("the money of %d rows that became no task was released", count)


def tightest_budget(caller: Caller) -> Budget | None:
    """Return the budget that has the least room for what the caller orders now, None where none counts it."""
    counting = [one for one in of_caller(caller, clock.now()) if caller.token or one.token_line is None]
    return min(counting, key=lambda budget: budget.left, default=None)
