"""The money for a paid request: nothing is sent to an account that is billed without an open reservation."""

from __future__ import annotations

from access import ledger
from access.ledger_models import Basis, Reservation
from generation.models import GenerationTask
from generation.models.attempt import MAYBE_PAID
from generation.ordering.purchase import ask_of, latest_reservation, scope_of
from providers.core.catalog import ModelSpec, Params
from providers.models import ProviderAccount

__all__ = ["set_money_aside"]


def set_money_aside(task: GenerationTask, account: ProviderAccount, spec: ModelSpec, params: Params) -> None:
    """See that the task has an open reservation before it is sent to this account; a sandbox needs none. Part of the intent's transaction,
    in which the task counts this request already.

    The order has made it, as a rule. Raise `BudgetReached`, `PriceUnknown` or `AlreadyClosed`.
    """
    row = latest_reservation(task)
    if account.sandbox:
        if row is not None and row.closed_at is None:
            _free(task, row)
    elif row is None:
        ledger.reserve([ask_of(task, spec, params, scope_of(task))], surely=True)
    elif row.closed_at is not None and row.basis == Basis.SANDBOX and row.model == spec.name:
        ledger.reserve_again(row)
    elif row.closed_at is not None or row.waits:  # it is about an earlier request, or about the model that was asked for
        sent_before = task.attempt_count - 1
        scope = ledger.scope_of_row(row)
        ledger.reserve([ask_of(task, spec, params, scope, number=row.number + 1, sent_before=sent_before)], surely=True)


def _free(task: GenerationTask, row: Reservation) -> None:
    """Release what a sandbox does not need, unless an earlier request to a real account may have been paid."""
    earlier = task.attempts.filter(number__gt=row.sent_before, number__lt=task.attempt_count)
    if earlier.filter(dispatch__in=MAYBE_PAID, account__sandbox=False).exists():
        ledger.keep_for_person(row)
    else:
        ledger.release(row, basis=Basis.SANDBOX)
