"""What administrators do with budgets, and people with those of their tokens. Each is in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction

from access import budgets
from access.ledger_models import Budget, BudgetKind
from access.models import ApiToken
from access.money import decimal
from events import audit
from events.audit import Actor

__all__ = ["BudgetGone", "change", "limit_token", "limits_of_lines", "limits_of_token", "make", "remove", "twin_of"]

EDITABLE = ("limit", "note", "enabled")


class BudgetGone(Exception):
    """Somebody else has deleted the budget."""


def twin_of(budget: Budget) -> Budget | None:
    """Return the stored budget for the same target and period, if there is one."""
    target = {name: getattr(budget, name) for name in ("kind", "user_id", "team_id", "token_line", "window")}
    return Budget.objects.filter(**target).first()


@transaction.atomic
def make(budget: Budget, *, by: Actor | None) -> None:
    """Put a new budget in force. Raise IntegrityError if its target has one for this period."""
    budgets.put_in_force(budget)
    of = {"kind": budget.kind, "user": budget.user, "team": budget.team, "token": budget.token_line, "window": budget.window}
    audit.record("budget.created", budget, by=by, after={name: value for name, value in of.items() if value} | _facts(budget))


@transaction.atomic
def change(budget: Budget, *, by: Actor | None) -> None:
    """Store the limit, note and state that the object has. What is unchanged is not recorded. Raise `BudgetGone`."""
    before, after = _facts(_locked(budget)), _facts(budget)
    changed = [name for name in EDITABLE if before[name] != after[name]]
    if changed:
        budgets.put_in_force(budget)
        audit.record(
            "budget.changed", budget, by=by, before={name: before[name] for name in changed}, after={name: after[name] for name in changed}
        )


@transaction.atomic
def remove(budget: Budget, *, by: Actor | None) -> None:
    """Delete the budget. What was bought stays in the ledger. Raise `BudgetGone`."""
    _locked(budget)
    audit.record("budget.deleted", budget, by=by, before=_facts(budget))
    budget.delete()
    transaction.on_commit(budgets.forget)


def _locked(budget: Budget) -> Budget:
    stored = Budget.objects.select_for_update(no_key=True).filter(pk=budget.pk).first()
    if stored is None:
        raise BudgetGone
    return stored


def limits_of_token(token: ApiToken) -> dict[str, int]:
    """Return what the token's line may spend, in micro, by period; only where a budget is in force."""
    return limits_of_lines([token.line_id]).get(token.line_id, {})


def limits_of_lines(lines: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Return the same by line, in one query."""
    found: dict[UUID, dict[str, int]] = {}
    for budget in Budget.objects.filter(token_line__in=set(lines), enabled=True).order_by("window"):
        if budget.token_line is not None:
            found.setdefault(budget.token_line, {})[budget.window] = budget.limit
    return found


@transaction.atomic
def limit_token(token: ApiToken, limits: Mapping[str, int | None], *, by: Actor | None) -> None:
    """Limit what the token's line may spend in each period, in micro; None removes the limit. Raise IntegrityError if another request
    does so at the same moment.
    """
    stored = Budget.objects.filter(token_line=token.line_id).order_by("pk").select_for_update(no_key=True)  # the order in which all lock
    kept = {budget.window: budget for budget in stored}
    for window, limit in limits.items():
        budget = kept.get(window)
        if budget is None and limit is not None:
            make(Budget(kind=BudgetKind.TOKEN, token_line=token.line_id, window=window, limit=limit), by=by)
        elif budget is not None and limit is not None:
            budget.limit, budget.enabled = limit, True
            change(budget, by=by)
        elif budget is not None and budget.enabled:
            remove(budget, by=by)


def _facts(budget: Budget) -> dict[str, object]:
    return {"limit": str(decimal(budget.limit)), "note": budget.note, "enabled": budget.enabled}
