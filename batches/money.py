"""The money of batches: what their rows ask of the ledger, and what is given back for rows that never become tasks (docs/adr/0050)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

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
from generation.ordering.order import digest_of
from generation.ordering.purchase import ask_of
from providers.vendors import find_model

__all__ = ["asks_of", "mend", "tightest_budget"]

log = logging.getLogger("batches.money")


def asks_of(batch: Batch, rows: Sequence[BatchRow]) -> list[Ask | None]:
    """Return for each row what to set aside for the task that it will become. None where only sandboxes can render it, and for an order
    that the catalog does not take any more: that is refused when its turn comes.
    """
    token, accounts = batch.token, accounts_lately()
    team_id = buyers([batch.owner_id])[batch.owner_id].team_id
    scope = Scope(owner_id=batch.owner_id, team_id=team_id, token_line=token.line_id if token else None)
    priced: dict[str, Ask | None] = {}
    """By the model and its options: most rows of a batch have the same."""

    def price(model: str, given: Mapping[str, Any]) -> Ask | None:
        spec = find_model(model)
        if spec is None or not is_billed(spec, accounts, token.only if token else ""):
            return None
        try:
            params = spec.params.model_validate(given)
        except ValidationError:
            return None
        return ask_of(GenerationTask(), spec, params, scope)

    def ask(row: BatchRow) -> Ask | None:
        model, params = row.order.get("model", ""), row.order.get("params", {})
        key = digest_of(model, params)
        if key not in priced:
            priced[key] = price(model, params)
        like = priced[key]
        return replace(like, task_id=row.task_id or like.task_id, content_id=row.order.get("content_id", "")) if like else None

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
