"""Settings, Budgets: what limits the reader's orders, what is left, and when it starts again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from access.budgets import of_caller
from access.callers import caller_of
from access.ledger_models import Budget
from access.rights import may
from database import clock
from web.presenters.budgets import budget_card

__all__ = ["budgets"]


@login_required
@require_safe
def budgets(request: HttpRequest) -> HttpResponse:
    """Show the budgets that count what this person orders."""
    caller = caller_of(request)
    cards = [budget_card(budget) for budget in of_caller(caller, clock.now())]
    return render(request, "budgets/page.html", {"cards": cards, "may_change": may(caller, "change", Budget)})
