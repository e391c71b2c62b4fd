"""Warnings of budgets, as `budget.warning` in the outbox: in each period one at 80 percent, one at 100 percent (only that if one purchase
passes both), and one for the first order that did not fit.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q

from access import budgets
from access.ledger_models import Budget
from access.models import ApiToken
from access.money import decimal
from database import clock
from events import outbox

__all__ = ["warn_of_refusal", "watch"]

SHARES = {100: F("limit"), 80: F("limit") - F("limit") / 5}
"""The amount at which a share of the limit, in percent, is used; the highest first. A limit times 80 might not fit into 64 bits."""


def watch() -> None:
    """Begin new periods, and warn of budgets that are almost or completely used up. The clock calls it."""
    budgets.roll(clock.now())
    for percent, amount in SHARES.items():
        used = Q(held__gte=amount, warned__lt=percent, limit__gt=0)  # of a limit of 0 only a refusal is news
        for budget in Budget.objects.filter(used, enabled=True).order_by("pk"):
            _warn(budget, percent, used, warned=percent)


def warn_of_refusal(budget: Budget) -> None:
    """Warn that an order did not fit into this budget, in addition to the warnings of its shares: most budgets never reach their limit by
    themselves, of one of 10, renders of 3 leave 1. Call it once the order is rolled back, and with it the period that it had begun.
    """
    budgets.roll(clock.now())
    percent = 100 * budget.held // budget.limit if budget.limit else 100
    _warn(budget, percent, Q(refusal_told=False), refusal_told=True)


def _warn(budget: Budget, percent: int, still: Q, **told: int) -> None:
    """Write the warning if the budget is in the same period, is `still` so, and nobody has warned since it was read."""
    with transaction.atomic():
        if not Budget.objects.filter(still, pk=budget.pk, enabled=True, starts_at=budget.starts_at).update(**told):
            return
        owner_id, name = _whose(budget)
        facts = {
            "kind": budget.kind,
            "name": name,
            "window": budget.window,
            "percent": percent,
            "refused": "refusal_told" in told,
            "held": str(decimal(budget.held)),
            "limit": str(decimal(budget.limit)),
            "currency": budget.currency,
            "ends_at": budget.ends_at,
            "team_id": budget.team_id,
        }
        outbox.write("budget.warning", subject=budget.pk, at=clock.now(), owner_id=owner_id, facts=facts)


def _whose(budget: Budget) -> tuple[int | None, str]:
    """Return the id of the person whose budget it is, None for that of a team or of everyone; and the name of the person, team or token."""
    if budget.token_line is not None:
        token = ApiToken.objects.filter(pk=budget.token_line).first()
        return (token.owner_id, token.label) if token else (None, "")
    if budget.user is not None:
        return budget.user.pk, budget.user.get_username()
    return None, budget.team.name if budget.team else ""
