"""Money in a storm: accounts that are billed, budgets that count, one of them too small; and what must be true of the books afterwards."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import Q

from access.budget_changes import make
from access.ledger_models import Budget, BudgetKind, Reservation
from access.money import micro
from generation import money_check
from providers.models import ModelPrice, ProviderAccount
from tests.chaos.orders import MODELS

__all__ = ["PRICE", "books", "charge"]

PRICE = Decimal("0.5")
"""Of a second, in PORTAL_CURRENCY."""


def charge(thrifty: User, *, limit: Decimal) -> None:
    """Bill every account, and let `thrifty` spend no more than `limit` a day. Everybody together may spend a lot, which is counted too."""
    ProviderAccount.objects.update(sandbox=False)
    for model in MODELS:
        ModelPrice.objects.create(model=model, unit=ModelPrice.Unit.SECOND, amount=PRICE)
    make(Budget(kind=BudgetKind.USER, user=thrifty, window=Budget.Window.DAY, limit=micro(limit)), by=None)
    make(Budget(kind=BudgetKind.EVERYONE, window=Budget.Window.MONTH, limit=micro(Decimal(1_000_000))), by=None)


def books() -> list[str]:
    """Return what is wrong with the money: sums that differ, ended tasks whose money is not settled, limits that were passed."""
    return [
        *money_check.check(),
        *(f"{budget} holds {budget.held} of {budget.limit}" for budget in Budget.objects.all() if budget.held > budget.limit),
        *([] if Reservation.objects.filter(~Q(settled=0), closed_at__isnull=False).exists() else ["nothing was settled"]),
    ]
