"""Accepts a checked batch: all of its money is set aside in one transaction, or nothing changes (docs/adr/0050)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from uuid_utils.compat import uuid7

from access import ledger
from access.budget_warnings import warn_of_refusal
from access.callers import Caller
from access.ledger import Ask, BudgetReached, BudgetsChanged, PriceUnknown
from access.ledger_models import Budget
from access.models import ApiToken
from access.rights import may
from batches.models import Batch, BatchRow, RowState, State
from batches.money import asks_of
from database import clock
from events import audit
from generation.errors import Conflict, NotAllowed
from generation.ordering.purchase import refusal_of
from generation.ordering.room import quotas_of, require_free_disk

__all__ = ["accept", "named", "require_rights", "require_same_limits", "require_unchanged", "save_rows", "set_waiting", "with_money"]


def accept(batch: Batch, *, by: Caller, good_only: bool = False) -> Batch:
    """Set money aside for every good row and let the rows become tasks. Return the batch as it is now.

    Without `good_only`, a row that needs fixing stops it all. Raise `Conflict`, `NotAllowed`, `QuotaReached`, `StorageLow`, `OverBudget` or
    `Unpriced`; nothing has changed then. Thousands of rows are priced before the transaction, in which everybody else's writes wait; the
    fence shows whether they are still these rows.
    """
    require_rights(batch, by)
    require_free_disk()
    quotas_of([batch.owner_id])[batch.owner_id].require_room()
    batch = Batch.objects.select_related("token", "owner").get(pk=batch.pk)
    require_same_limits(by, batch.token)
    rows = list(batch.rows.filter(state=RowState.READY).only("order", "batch_id"))
    asks = named(batch, rows)

    def begin(surely: bool) -> Batch:
        locked = Batch.objects.select_for_update(of=("self",)).select_related("token", "owner").get(pk=batch.pk)
        if locked.state != State.CHECKED:
            raise Conflict(
                _("This batch cannot be accepted. Its state: %(state)s.") % {"state": locked.get_state_display()}, code="not_checked"
            )
        require_unchanged(locked, batch)
        bad = locked.rows.filter(state=RowState.BAD)
        if not good_only and (count := bad.count()):
            words = ngettext("%(n)d row needs fixing. Accept the good rows only, or mend it first.",
                             "%(n)d rows need fixing. Accept the good rows only, or mend them first.", count)  # fmt: skip
            raise Conflict(words % {"n": count}, code="rows_need_fixing")
        if not rows:
            raise Conflict(_("This batch has no row that can become a video."), code="no_good_rows")
        left_out = bad.update(state=RowState.LEFT_OUT)
        now = clock.now()
        set_waiting(rows)
        locked.state, locked.accepted_at, locked.due_at = State.RUNNING, now, now
        locked.cost, locked.unpriced = sum(ask.amount or 0 for ask in asks), sum(ask.amount is None for ask in asks)
        locked.save(update_fields=["state", "accepted_at", "due_at", "cost", "unpriced"])
        audit.record("batch.accepted", locked, by=by, after={"rows": len(rows), "left_out": left_out, "cost": locked.cost})
        ledger.reserve(asks, surely=surely)  # last: the budgets are locked until the commit, and everybody's orders wait for them
        return locked

    return with_money(begin)


def require_unchanged(locked: Batch, batch: Batch) -> None:
    """Raise `Conflict` if the rows of this checked batch may have changed since `batch` was read: every change raises its fence."""
    if locked.fence != batch.fence:
        raise Conflict(_("The batch was just changed. Look at it and try again."), code="batch_changed")


def with_money(change: Callable[[bool], Batch]) -> Batch:
    """Make a change whose last part is a reservation, in a transaction; once more, `surely`, if a budget had no room or changed. Raise as
    an order does.
    """
    try:
        try:
            with transaction.atomic():
                return change(False)
        except BudgetsChanged:
            with transaction.atomic():
                return change(True)
    except (BudgetReached, PriceUnknown) as error:
        if isinstance(error, BudgetReached):
            warn_of_refusal(error.budget)
        raise refusal_of(error) from error


def named(batch: Batch, rows: Sequence[BatchRow]) -> list[Ask]:
    """Give each row the id that its task will have, unsaved. Return the money to set aside for them."""
    for row in rows:
        row.task_id = uuid7()
    return [ask for ask in asks_of(batch, rows) if ask]


def set_waiting(rows: Sequence[BatchRow]) -> None:
    """Save the ids of their tasks and their orders, and let them wait for their turn."""
    for row in rows:
        row.state = RowState.WAITING
    save_rows(rows, "task_id", "state", "order")


def save_rows(rows: Sequence[BatchRow], *names: str) -> None:
    """Save these columns of many rows. Django's bulk_update takes a hundred times as long for ten thousand."""
    fields: list[Any] = [BatchRow._meta.get_field(name) for name in (*names, "id")]  # noqa: SLF001 - public in Django
    columns = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields[:-1])
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE batches_batchrow SET {columns} WHERE id = %s",  # noqa: S608 - our own names
            [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows],
        )


def require_rights(batch: Batch, by: Caller) -> None:
    """Raise `NotAllowed` unless this caller may act on the batch."""
    if not may(by, "act", batch):
        raise NotAllowed(_("This batch belongs to someone else. Ask its owner, or an administrator who may change batches."))


def require_same_limits(by: Caller, ordering: ApiToken | None) -> None:
    """Raise `NotAllowed` if the caller's token has limits or a budget that would not count: orders have the token `ordering`, or none."""
    token = by.token
    if token is None or (ordering is not None and ordering.pk == token.pk):
        return
    limits = (token.models_allowed, token.only)
    is_free = not any(limits) or (ordering is not None and (ordering.models_allowed, ordering.only) == limits)
    is_counted = ordering is not None and ordering.line_id == token.line_id
    if not is_free or (not is_counted and Budget.objects.filter(token_line=token.line_id, enabled=True).exists()):
        words = _("This was not made with this token, so its limits and budget would not count. Use the one that made it, or the page.")
        raise NotAllowed(words, code="other_token")
