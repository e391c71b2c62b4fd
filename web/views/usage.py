"""What was spent: the Usage page, its rows as CSV, and the league table of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from access.callers import Caller, caller_of
from access.ledger_models import Reservation
from access.money import decimal
from access.rights import may
from access.usage import COLUMNS, MOST_DAYS, Line, Wanted, labels_of, lines_by, rows_for, rows_in_order, totals
from database import clock
from delivery.csv_export import csv_lines
from generation.bills.bills import bills_of
from generation.queries.league import ENOUGH, WINDOWS, league
from library.votes import scores
from web.presenters.bills import bill_row
from web.presenters.usage import PARAMS, address, chart_of, figures_of, headings, label_of, standings_of, table_of

__all__ = ["export", "models", "table", "usage"]

NAMED = frozenset({"owner", "team", "token"})
"""Dimensions whose keys are ids, with names of their own."""
SHOWN, ALL = 20, 1_000
"""Lines of a table on the page, and where only that table is shown."""
AT_ONCE = 20_000
"""Where more purchases must be read, the page is sent first and asks for its tables after that: each takes 0.1 s for 80,000 on SQLite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A link of a menu."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """A filter and what can be chosen there."""

    label: str
    is_set: bool
    items: list[Choice]


@login_required
@require_GET
def usage(request: HttpRequest) -> HttpResponse:
    """Show what was spent in some days; staff see everyone's, others their own."""
    caller, wanted = caller_of(request), _wanted(request)
    rows, dimensions = rows_for(caller, wanted), _dimensions(caller)
    sums, days = totals(rows), lines_by(rows, "day", MOST_DAYS)
    only = request.GET.get("by", "") if request.GET.get("by") in dimensions else ""
    shown = [only] if only else [name for name in dimensions if name not in wanted.facts]
    read = rows_for(caller, replace(wanted, vendor="", model="", content_id=""))[: AT_ONCE + 1].count()  # these have no index
    later = [] if only or read <= AT_ONCE else shown
    lines = {name: lines_by(rows, name, ALL if only else SHOWN + 1) for name in shown if name not in later}
    context = {
        "wanted": wanted,
        "hidden": {PARAMS.get(name, name): value for name, value in wanted.facts.items()},
        "periods": _periods(wanted),
        "menus": _menus(wanted, dimensions, lines, are_known=bool(days) or may(caller, "see", Reservation)),
        "figures": figures_of(sums),
        "chart": chart_of(days, wanted.first, wanted.last) if days else None,
        "tables": [table_of(name, found, wanted, ALL if only else SHOWN) for name, found in lines.items()],
        "later": [(headings()[name], address(wanted, "usage-table", by=name), address(wanted, by=name)) for name in later],
        "zone": settings.TIME_ZONE,
        "bills": [bill_row(one) for one in bills_of(caller, wanted.first, wanted.last, wanted.vendor)],
        "sees_all": may(caller, "see", Reservation),
        "export_url": address(wanted, "usage-export"),
        "clear_url": address(Wanted(first=wanted.first, last=wanted.last)),
        "back_url": address(wanted) if only else "",
    }
    return render(request, "usage/page.html", context)


@login_required
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Return the sums by one dimension, for a page that counts so many purchases that it was sent without them."""
    caller, wanted, name = caller_of(request), _wanted(request), request.GET.get("by", "")
    if name not in _dimensions(caller):
        raise Http404
    lines = lines_by(rows_for(caller, wanted), name, SHOWN + 1)
    return render(request, "usage/_table.html", {"table": table_of(name, lines, wanted, SHOWN)})


@login_required
@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Send every purchase that the page counts, one on a line."""
    wanted = _wanted(request)
    rows = rows_for(caller_of(request), wanted)
    response = StreamingHttpResponse(csv_lines(_table(rows_in_order(rows))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="usage-{wanted.first}-{wanted.last}.csv"'
    return response


@login_required
@require_GET
def models(request: HttpRequest) -> HttpResponse:
    """Show the league table of models."""
    days = next((days for days in WINDOWS if str(days) == request.GET.get("days")), WINDOWS[0])
    choices = [Choice(label=_("%(n)d days") % {"n": one}, href=f"?days={one}", current=one == days) for one in WINDOWS]
    sees_all = may(caller_of(request), "see", Reservation)
    return render(
        request,
        "usage/models.html",
        {"rows": standings_of(league(days), scores(days)), "choices": choices, "enough": ENOUGH, "sees_all": sees_all},
    )


def _wanted(request: HttpRequest) -> Wanted:
    """Return the filters of the address. What cannot be read counts as not given; without days it is this month."""
    asked = request.GET
    this_month = _month(_today())
    first, last = _day(asked.get("from", "")) or this_month[0], _day(asked.get("to", "")) or this_month[1]
    first, last = min(first, last), max(first, last)
    person, team = asked.get("person", ""), asked.get("team", "")
    return Wanted(
        first=max(first, last - timedelta(days=MOST_DAYS - 1)),
        last=last,
        vendor=_text(asked.get("vendor", ""), 40),
        model=_text(asked.get("model", ""), 120),
        owner=int(person) if _is_key(person) else None,
        team=int(team) if _is_key(team) else None,
        token=_uuid(asked.get("token", "")),
        content_id=_text(asked.get("content_id", ""), 200),
    )


def _text(text: str, longest: int) -> str:
    return text.replace("\x00", "")[:longest]  # PostgreSQL takes no NUL


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _periods(wanted: Wanted) -> list[Choice]:
    now = _month(_today())
    before = _month(now[0] - timedelta(days=1))
    named = {_("This month"): now, _("Last month"): before}
    return [
        Choice(label=label, href=address(wanted, **{"from": first, "to": last}), current=(wanted.first, wanted.last) == (first, last))
        for label, (first, last) in named.items()
    ]


def _dimensions(caller: Caller) -> list[str]:
    """Return by what the page splits the sums: not by person for a reader who sees only themselves."""
    alone = not may(caller, "see", Reservation)
    return [name for name in COLUMNS if name != "day" and not (alone and name == "owner")]


def _menus(wanted: Wanted, dimensions: list[str], lines: dict[str, list[Line]], *, are_known: bool) -> list[Menu]:
    """Return a menu for each dimension: to choose one of its lines, or to drop what was chosen. Unless the reader has purchases of what was
    chosen or sees everyone's, teams and tokens are not named: anybody can write their ids into the address.
    """
    found = []
    for name in dimensions:
        chosen, label, param = wanted.facts.get(name), headings()[name], PARAMS.get(name, name)
        if chosen is not None:
            words = label_of(name, chosen, labels_of(name, {chosen})) if are_known or name not in NAMED else label
            drop = Choice(label=_("All"), href=address(wanted, **{param: None}), current=False)
            found.append(Menu(label=words, is_set=True, items=[drop, Choice(label=words, href="", current=True)]))
        elif rows := table_of(name, lines.get(name, []), wanted, SHOWN).rows:
            items = [Choice(label=row.label, href=row.href, current=False) for row in rows if row.href]
            found.append(Menu(label=label, is_set=False, items=items))
    return found


def _table(rows: Iterator[Reservation]) -> Iterator[list[Any]]:
    """Yield the head of the CSV, then one line for each purchase. Words stay English: programs read them."""
    yield [
        *("ordered_at", "day", "task", "number", "person", "team", "token", "vendor", "model", "content_id", "state", "settled_by"),
        *("currency", "reserved", "spent", "released", "price_currency", "reserved_in_it", "spent_in_it", "rate"),
    ]
    zone, names = ZoneInfo(settings.TIME_ZONE), dict[UUID | None, str]()
    for row in rows:
        if row.token_line and row.token_line not in names:
            names[row.token_line] = label_of("token", row.token_line, labels_of("token", {row.token_line}))
        yield [
            *(_moment(row.at, zone), row.day.isoformat(), row.task_id, row.number, row.owner.get_username()),
            *(row.team.name if row.team else "", names.get(row.token_line, ""), row.vendor, row.model, row.content_id),
            *("waits" if row.waits else "open" if row.closed_at is None else "closed", row.basis if row.is_priced else "no price"),
            *(settings.CURRENCY, _plain(row.reserved), _plain(row.settled), _plain(row.released)),
            *(row.currency, _plain(row.own_reserved), _plain(row.own_settled), "" if row.rate is None else f"{row.rate.normalize():f}"),
        ]


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _plain(amount: int | None) -> str:
    """Write an amount in micro as a number."""
    return "" if amount is None else f"{decimal(amount).normalize():f}"
