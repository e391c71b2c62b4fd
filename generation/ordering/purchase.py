"""What an order asks of the ledger, and how a refusal reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from access import ledger
from access.budgets import Scope, buyers, next_start
from access.exchange import rate_of
from access.ledger import Ask, BudgetReached, PriceUnknown
from access.ledger_models import Basis, Budget, Reservation
from access.money import convert, decimal, micro
from generation.errors import PortalError
from generation.models import GenerationTask
from generation.ordering.prices import current
from generation.tariff import ceiling
from providers.core.catalog import ModelSpec, Params, vendor_of

__all__ = ["OverBudget", "Unpriced", "ask_of", "latest_reservation", "pay_again", "raise_to", "refusal_of", "scope_of"]

NAMES = {
    ("everyone", "day"): gettext_noop("The daily budget of everyone together"),
    ("everyone", "month"): gettext_noop("The monthly budget of everyone together"),
    ("team", "day"): gettext_noop("The daily budget of your team"),
    ("team", "month"): gettext_noop("The monthly budget of your team"),
    ("user", "day"): gettext_noop("Your daily budget"),
    ("user", "month"): gettext_noop("Your monthly budget"),
    ("token", "day"): gettext_noop("The daily budget of this API token"),
    ("token", "month"): gettext_noop("The monthly budget of this API token"),
}


class OverBudget(PortalError):
    """A budget has no room for the order. 403 and not 429: trying again does not help before the period ends."""

    code = "budget_reached"
    status = 403

    def __init__(self, message: str, *, budget: Budget) -> None:
        super().__init__(message)
        self.budget = budget


class Unpriced(PortalError):
    """A budget counts the order, and what it costs is not known."""

    code = "price_unknown"
    status = 403


def ask_of(task: GenerationTask, spec: ModelSpec, params: Params, scope: Scope, *, number: int = 1, sent_before: int = 0) -> Ask:
    """Return what to set aside for a task with these options, at the prices and rates of now: the most that it can cost. `number` and
    `sent_before` are those of `Reservation`.
    """
    tariff = current().tariff(spec)
    most = ceiling(tariff, params)
    rate = rate_of(tariff.currency) if tariff else None
    return Ask(
        task_id=task.pk,
        scope=scope,
        number=number,
        sent_before=sent_before,
        account_id=task.account_id,
        model=spec.name,
        vendor=vendor_of(spec.name),
        content_id=task.content_id,
        tariff=tariff.frozen() if tariff else {},
        currency=tariff.currency if tariff else "",
        rate=rate,
        amount=None if most is None or rate is None else _worth(most, rate),
        own_amount=None if most is None else micro(most),
    )


def _worth(amount: Decimal, rate: Decimal) -> int | None:
    """Return the amount at this rate, in micro; None if it is too large for the column, because of a wrong rate."""
    try:
        return convert(amount, rate)
    except ValueError:
        return None


def scope_of(task: GenerationTask) -> Scope:
    """Return in whose name the task is paid for: its owner, the team that pays, the line of its token. Costs a query as a rule."""
    team = task.paying_team_id or buyers([task.owner_id])[task.owner_id].team_id
    return Scope(owner_id=task.owner_id, team_id=team, token_line=task.token.line_id if task.token else None)


def latest_reservation(task: GenerationTask) -> Reservation | None:
    """Return the reservation for the last time that it was sent; earlier ones are decided by a person or a bill."""
    return Reservation.objects.filter(task_id=task.pk).order_by("-number").first()


def pay_again(task: GenerationTask, spec: ModelSpec) -> None:
    """Set money aside once more, as a person sends the task again; the earlier request may be charged too, so its money waits for a
    decision. Raise `OverBudget` or `Unpriced`.
    """
    before = latest_reservation(task)
    if before is None or before.basis == Basis.SANDBOX:
        return  # nothing was paid yet; the next submit sets money aside
    if before.closed_at is None:
        ledger.keep_for_person(before)
    params = spec.params.model_construct(**task.params)
    ask = ask_of(task, spec, params, ledger.scope_of_row(before), number=before.number + 1, sent_before=task.attempt_count)
    try:
        ledger.reserve([ask], surely=True)
    except (BudgetReached, PriceUnknown) as refusal:
        raise refusal_of(refusal) from refusal


def raise_to(task: GenerationTask, spec: ModelSpec, params: Params) -> None:
    """Let the task's money be for another model. Raise what `ledger.raise_to` does. Without a reservation the next submit makes one."""
    row = latest_reservation(task)
    if row is not None and row.closed_at is None:
        ledger.raise_to(row, ask_of(task, spec, params, ledger.scope_of_row(row), number=row.number))


def refusal_of(error: BudgetReached | PriceUnknown) -> PortalError:
    """Return the refusal of an order: which budget has no room and when it starts again, or which price is not known."""
    if isinstance(error, PriceUnknown):
        if error.currency:
            words = _("A budget counts this order, and the price of %(model)s is in %(currency)s. Ask an administrator to set its rate.")
        else:
            words = _("A budget counts this order, and %(model)s has no price. Ask an administrator to set one.")
        return Unpriced(words % {"model": error.model, "currency": error.currency})
    budget = error.budget
    facts: dict[str, Any] = {
        "budget": _(NAMES[budget.kind, budget.window]),
        "left": f"{decimal(budget.left):.2f}",
        "limit": f"{decimal(budget.limit):.2f}",
        "currency": budget.currency,
        "at": next_start(budget),
    }
    words = _(
        "%(budget)s has %(left)s of %(limit)s %(currency)s left, and this may cost more. It starts again at %(at)s. "
        "Ask an administrator to raise it."
    )
    return OverBudget(words % facts, budget=budget)
