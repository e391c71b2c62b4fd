"""All tasks, by state, with the accounts above them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from access.callers import caller_of
from generation.ordering.estimate import usual_seconds
from generation.queries.queue_position import pool_state
from generation.queries.tasks import TABS, activity_counts, activity_page
from web.presenters.cards import cards_of
from web.presenters.providers import provider_cards
from web.views.common import uuid_in

__all__ = ["activity"]

NEWCOMERS = f"/tasks/{UUID(int=0)}/card?as=row"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """A tab of the page. `n` is how many tasks it has, in words; empty for none."""

    label: str
    href: str
    current: bool
    n: str
    alert: bool


@login_required
@require_GET
def activity(request: HttpRequest) -> HttpResponse:
    """Show one page of one tab; staff see everybody's tasks and members those of their teams, unless they ask for their own."""
    caller = caller_of(request)
    tab = request.GET.get("tab", "all")
    tab, mine = tab if tab in TABS else "all", request.GET.get("who") == "mine" or not caller.sees_others
    tasks, has_more = activity_page(caller, tab=tab, mine=mine, before=uuid_in(request, "before"))
    loads = pool_state().loads
    context = {
        "cards": cards_of(tasks, caller, "row"),
        "tabs": _tabs(tab, activity_counts(caller, mine=mine), mine=mine and caller.sees_others),
        "tab": tab,
        "newcomers": NEWCOMERS if tab == "all" and "before" not in request.GET else "",
        "newcomers_of": "" if mine else "all",
        "mine": mine,
        "sees_others": caller.sees_others,
        "whose_url": _link(tab, mine=not mine),
        "providers": provider_cards(loads, usual_seconds(task.model for task in tasks), timezone.now()),
        "next_url": _link(tab, mine=mine and caller.sees_others, before=str(tasks[-1].pk)) if has_more else "",
    }
    return render(request, "activity/page.html", context)


def _link(tab: str, *, mine: bool, before: str = "") -> str:
    parts = {"tab": "" if tab == "all" else tab, "who": "mine" if mine else "", "before": before}
    return reverse("activity", query={name: value for name, value in parts.items() if value})


def _tabs(current: str, counts: dict[str, int], *, mine: bool) -> list[Tab]:
    labels = {
        "all": _("All"),
        "running": _("Running"),
        "waiting": _("Waiting"),
        "attention": _("Needs attention"),
        "done": _("Done"),
        "cancelled": _("Cancelled"),
    }
    shown = {tab: str(count) for tab, count in counts.items() if count}
    if "done" in shown:
        shown["done"] = _("%(n)s today") % {"n": shown["done"]}
    return [
        Tab(label=label, href=_link(tab, mine=mine), current=tab == current, n=shown.get(tab, ""), alert=tab == "attention")
        for tab, label in labels.items()
    ]
