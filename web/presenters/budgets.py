"""Budgets as people read them: whose they are, what is left, and when they start again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.budgets import zone_of
from access.ledger_models import Budget
from access.models import ApiToken
from access.money import decimal
from web.formatting import money
from web.presenters.words import name_of

__all__ = ["BudgetCard", "budget_card", "starts_again", "target_of"]

TITLES = {
    ("everyone", "day"): gettext_lazy("Everyone together, each day"),
    ("everyone", "month"): gettext_lazy("Everyone together, each month"),
    ("team", "day"): gettext_lazy("Your team %(name)s, each day"),
    ("team", "month"): gettext_lazy("Your team %(name)s, each month"),
    ("user", "day"): gettext_lazy("You, each day"),
    ("user", "month"): gettext_lazy("You, each month"),
    ("token", "day"): gettext_lazy("Your token %(name)s, each day"),
    ("token", "month"): gettext_lazy("Your token %(name)s, each month"),
}
ALMOST = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetCard:
    """A budget that counts what the reader orders. `percent` is at most 100; `tone` is warn when it is almost used up, bad when it is."""

    title: str
    left: str
    used: str
    percent: int
    tone: str
    state: str
    starts_again: str


def budget_card(budget: Budget) -> BudgetCard:
    """Return the card of a budget of the present period (`show_present`)."""
    percent = min(budget.held * 100 // budget.limit, 100) if budget.limit else 100
    tone, state = "", ""
    if not budget.left:
        tone, state = "bad", _("Used up")
    elif percent >= ALMOST:
        tone, state = "warn", _("Almost used up")
    return BudgetCard(
        title=TITLES[budget.kind, budget.window] % {"name": target_of(budget)},
        left=_("%(amount)s left") % {"amount": money(decimal(budget.left), budget.currency)},
        used=_("%(used)s of %(limit)s used or reserved")
        % {"used": money(decimal(budget.held), budget.currency), "limit": money(decimal(budget.limit), budget.currency)},
        percent=percent,
        tone=tone,
        state=state,
        starts_again=_("Starts again %(time)s") % {"time": starts_again(budget, zone_of(budget))},
    )


def target_of(budget: Budget) -> str:
    """Return whose budget it is."""
    if budget.user:
        return name_of(budget.user)
    if budget.team:
        return budget.team.name
    if budget.token_line is not None:
        token = ApiToken.objects.filter(pk=budget.token_line).first()
        return token.label if token else _("A token that was deleted")
    return capfirst(budget.get_kind_display())


def starts_again(budget: Budget, zone: ZoneInfo) -> str:
    """Return when the next period begins, on the clock of the budget's own zone; that is named where it is not the reader's."""
    time = date_format(timezone.localtime(budget.ends_at, zone), "DATETIME_FORMAT")
    return time if _is_readers(zone, budget.ends_at) else f"{time} ({zone.key})"


def _is_readers(zone: ZoneInfo, at: datetime) -> bool:
    return timezone.localtime(at).utcoffset() == timezone.localtime(at, zone).utcoffset()
