"""Finishes drafts: a video that somebody picked is rendered once more, better, with the same prompt, seed and images, as one more row of
its batch (docs/adr/0055).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from access import ledger
from access.callers import Caller
from batches.accepting import require_rights, require_same_limits, with_money
from batches.actions import lock, move
from batches.checking import Checker, Draft
from batches.fitting import LeftOut, fitted, unasked
from batches.images import Images
from batches.messages import words_of
from batches.models import Batch, BatchRow, RowState, State
from batches.money import asks_of
from events import audit
from generation.errors import Conflict, InvalidRequest
from generation.lifecycle import Status
from generation.models import Asset, GenerationTask
from generation.ordering.accounts import accounts_lately
from generation.ordering.room import quotas_of, require_free_disk
from providers.core.catalog import ModelSpec
from providers.vendors import find_model

__all__ = ["Finish", "draft_row", "finish", "plan_finish"]


@dataclass(frozen=True, kw_only=True)
class Finish:
    """A draft as it would be finished: the `row` is checked and priced, and not stored. `cost` is in millionths of PORTAL_CURRENCY, 0 where
    only sandboxes render it, None without a price.
    """

    draft: BatchRow
    row: BatchRow
    left_out: Sequence[LeftOut]
    cost: int | None

    @property
    def problems(self) -> dict[str, str]:
        """Return what keeps it from being ordered, by field."""
        return {one.get("field") or "model": words_of(one | {"field": ""}) for one in self.row.problems}


def draft_row(task: GenerationTask) -> BatchRow:
    """Return the row that became this task. Raise `Conflict` if it was not ordered in a batch."""
    row = BatchRow.objects.select_related("batch__owner", "batch__token").filter(task_id=task.pk).first()
    if row is None:
        raise Conflict(_("This video was ordered alone. Remix it in the Studio to render it on another model."), code="no_batch")
    return row


def plan_finish(draft: BatchRow, spec: ModelSpec, params: Mapping[str, Any] | None = None) -> Finish:
    """Return how the draft would be finished on this model: with its full settings, changed by `params`. Raise `Conflict` if it has no
    video.
    """
    batch, said = draft.batch, draft.order
    task = GenerationTask.objects.filter(pk=draft.task_id, status=Status.SUCCEEDED).first() if draft.task_id else None
    if task is None:
        raise Conflict(_("Only a row that has a video can be finished."), code="not_ready")
    wanted = {**said.get("full", said.get("params", {})), **(params or {})}
    caller = Caller(user=batch.owner, token=batch.token)
    images = Asset.objects.visible_to(caller).in_bulk([UUID(pk) for ids in said.get("inputs", {}).values() for pk in ids])
    inputs = {slot: [images[UUID(pk)] for pk in ids if UUID(pk) in images] for slot, ids in said.get("inputs", {}).items()}
    only = batch.token.only if batch.token else ""
    fit = fitted(spec, wanted, inputs, accounts=accounts_lately(), only=only, quiet=unasked(wanted, find_model(said.get("model", ""))))
    order = {name: value for name, value in said.items() if name not in {"full", "offline", "retry_of"}} | {
        "model": spec.name,
        "params": dict(fit.params),
        "inputs": {slot: [str(asset.pk) for asset in assets] for slot, assets in fit.inputs.items()},
        "external_id": "",
        "finishes": str(task.pk),
    }
    cells = draft.cells | {name: spec.name for name, target in batch.mapping.items() if target == "model"}
    (row,) = Checker(batch, Images(caller)).checked([Draft(0, cells, {"content_id": "", "metadata": {}, **order})])
    (ask,) = asks_of(batch, [row])
    return Finish(draft=draft, row=row, left_out=[*fit.left_out, *_without_seed(said, spec)], cost=0 if ask is None else ask.amount)


def _without_seed(said: Mapping[str, Any], spec: ModelSpec) -> list[LeftOut]:
    """Return a `LeftOut` if the draft has no seed to repeat and the better model takes one."""
    if said.get("params", {}).get("seed") is not None or "seed" not in spec.params.model_fields:
        return []  # the seed is repeated, or `fitted` has named it
    return [LeftOut(field="params.seed", value=None, why=_("The draft has no seed to repeat, so the picture will differ."))]


def finish(planned: Finish, *, by: Caller) -> tuple[BatchRow, bool]:
    """Set money aside and let the row become a task. Return the row, and whether it is new: the same draft with the same model and settings
    is finished once, unless that failed.

    Raise `InvalidRequest`, `NotAllowed`, `Conflict`, `QuotaReached`, `StorageLow`, `OverBudget` or `Unpriced`; nothing has changed then.
    """
    batch, row = planned.draft.batch, planned.row
    require_rights(batch, by)
    require_same_limits(by, batch.token)
    if planned.problems:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=planned.problems)
    require_free_disk()
    quotas_of([batch.owner_id])[batch.owner_id].require_room()
    known: list[BatchRow] = []

    def begin(surely: bool) -> Batch:
        locked = lock(batch, by, State.RUNNING, State.PAUSED, State.ENDED)
        known[:], failed = _finished(locked, row.order)
        if known:
            return locked
        locked.rows.filter(pk__in=failed).update(state=RowState.WITHDRAWN)  # this row is in their place: they are not retried beside it
        row.pk, row.task_id, row.state = None, uuid7(), RowState.WAITING
        row.number = (locked.rows.aggregate(last=Max("number"))["last"] or 0) + 1
        asks = [ask for ask in asks_of(locked, [row]) if ask]
        row.save(force_insert=True)
        cost = planned.cost or 0
        Batch.objects.filter(pk=locked.pk).update(
            rows_read=row.number, cost=(locked.cost or 0) + cost, unpriced=locked.unpriced + (planned.cost is None)
        )
        move(locked, State.PAUSED if locked.state == State.PAUSED else State.RUNNING)
        audit.record("batch.finishing", locked, by=by, after={"row": planned.draft.number, "model": row.order["model"], "cost": cost})
        ledger.reserve(asks, surely=surely)  # last: the budgets are locked until the commit
        return locked

    with_money(begin)
    return (known[0], False) if known else (row, True)


def _finished(batch: Batch, order: Mapping[str, Any]) -> tuple[list[BatchRow], list[int]]:
    """Return the row that finishes the same draft in the same way and has not failed, if there is one, and the ids of those that have."""
    same = batch.rows.filter(order__finishes=order["finishes"], state__in=[RowState.WAITING, RowState.PLACED, RowState.REFUSED])
    rows = [row for row in same.order_by("-number") if all(row.order[name] == order[name] for name in ("model", "params", "inputs"))]
    tasks = GenerationTask.objects.filter(status__in=[Status.FAILED, Status.CANCELLED], pk__in=[row.task_id for row in rows if row.task_id])
    ended = set(tasks.values_list("pk", flat=True))
    failed = [row.pk for row in rows if row.state == RowState.REFUSED or row.task_id in ended]
    return [row for row in rows if row.pk not in failed][:1], failed
