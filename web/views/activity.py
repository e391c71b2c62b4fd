"""All tasks, by state, with the accounts above them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.callers import Caller, caller_of
from batches.models import Batch
from generation.actions.retry import RETRIED_MOST, failed_of
from generation.models import GenerationTask
from generation.ordering.estimate import usual_seconds
from generation.queries.queue_position import pool_state
from generation.queries.task_search import SEARCHED_MOST, found_by
from generation.queries.tasks import ACTIVITY_PAGE, TABS, activity_counts, activity_page
from providers.labels import listed
from web.formatting import money
from web.presenters.batches import BatchLine, lines_of
from web.presenters.cards import Card, cards_of
from web.presenters.providers import provider_cards
from web.views.common import text_in, the_batch, uuid_in

__all__ = ["activity", "batch_line"]

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
    words, only, keep = text_in(request, "q"), Q(), {"who": "mine"} if mine and caller.sees_others else {}
    if words:
        only, keep = found_by(words, caller, mine=mine), keep | {"q": words}
    if batch := _batch(caller, uuid_in(request, "batch")):
        only, keep = only & Q(batch_id=batch.pk), keep | {"batch": str(batch.pk)}
    before, is_grouped = uuid_in(request, "before"), tab == "all" and not only
    tasks, has_more = activity_page(caller, tab=tab, mine=mine, before=before, only=Q(batch_id=None) if is_grouped else only)
    batches = _batches(caller, mine=mine, before=before) if is_grouped else []
    rows, has_more = _newest([*tasks, *batches], has_more=has_more)
    tasks = [row for row in rows if isinstance(row, GenerationTask)]
    loads = pool_state().loads
    context = {
        "cards": _in_order(rows, cards_of(tasks, caller, "row")),
        "grouped": is_grouped,
        "tabs": _tabs(tab, activity_counts(caller, mine=mine), keep),
        "tab": tab,
        "words": words,
        "hidden": ({} if tab == "all" else {"tab": tab}) | {name: value for name, value in keep.items() if name != "q"},
        "searched_most": SEARCHED_MOST,
        "batch": batch,
        "without_batch_url": _link(tab, {name: value for name, value in keep.items() if name != "batch"}),
        "again": _again(caller) if tab == "attention" else None,
        "newcomers": NEWCOMERS if is_grouped and before is None else "",
        "newcomers_of": "" if mine else "all",
        "mine": mine,
        "sees_others": caller.sees_others,
        "whose_url": _link(tab, {name: value for name, value in keep.items() if name != "who"} | ({} if mine else {"who": "mine"})),
        "providers": provider_cards(loads, usual_seconds(task.model for task in tasks), timezone.now()),
        "next_url": _link(tab, keep | {"before": str(rows[-1].pk)}) if has_more else "",
    }
    return render(request, "activity/page.html", context)


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """The button that orders failed videos again: how many, and what it asks first."""

    count: int
    confirm: str


def _again(caller: Caller) -> Again | None:
    costs = list(failed_of(caller).values_list("cost_estimated", "currency")[:RETRIED_MOST])
    if not costs:
        return None
    sums: dict[str, Decimal] = {}
    for cost, currency in costs:
        if cost:
            sums[currency] = sums.get(currency, Decimal()) + cost
    count, amount = len(costs), listed([money(total, currency) for currency, total in sums.items()])
    words = ngettext("Order %(n)d video again?", "Order %(n)d videos again?", count) % {"n": count}
    return Again(count=count, confirm=f"{words} {_('It costs about %(amount)s.') % {'amount': amount}}" if amount else words)


def _batches(caller: Caller, *, mine: bool, before: UUID | None) -> list[Batch]:
    """Return one page of the batches that were started, newest first, and one more."""
    started = Batch.objects.filter(accepted_at__isnull=False).select_related("owner")
    if before:
        started = started.filter(pk__lt=before)
    count = ACTIVITY_PAGE + 1
    return list(started.filter(owner=caller.user).order_by("-pk")[:count] if mine else started.first_for(caller, count))


def _newest(rows: Iterable[GenerationTask | Batch], *, has_more: bool) -> tuple[list[GenerationTask | Batch], bool]:
    """Return one page of both, and whether there are more. Ids of both rise with time."""
    found = sorted(rows, key=lambda row: row.pk, reverse=True)
    return found[:ACTIVITY_PAGE], has_more or len(found) > ACTIVITY_PAGE


def _in_order(rows: Sequence[GenerationTask | Batch], cards: Iterable[Card]) -> list[Card | BatchLine]:
    """Return the cards and the lines of batches in the order of the rows."""
    coming, lines = iter(cards), iter(lines_of([row for row in rows if isinstance(row, Batch)]))
    return [next(coming) if isinstance(row, GenerationTask) else next(lines) for row in rows]


@login_required
@never_cache
@require_GET
def batch_line(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the line of a batch, as it is now."""
    (line,) = lines_of([the_batch(request, pk)])
    return render(request, "activity/_batch.html", {"card": line})


def _batch(caller: Caller, pk: UUID | None) -> Batch | None:
    return Batch.objects.one_for(caller, pk) if pk else None


def _link(tab: str, keep: Mapping[str, str]) -> str:
    return reverse("activity", query=({} if tab == "all" else {"tab": tab}) | dict(keep))


def _tabs(current: str, counts: dict[str, int], keep: Mapping[str, str]) -> list[Tab]:
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
        Tab(label=label, href=_link(tab, keep), current=tab == current, n=shown.get(tab, ""), alert=tab == "attention")
        for tab, label in labels.items()
    ]
