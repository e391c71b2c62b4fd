"""What was spent, as the Usage page shows it: sums, bars by day, and a table for each dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.usage import Line, Sums, Wanted, labels_of
from generation.queries.league import Standing
from library.votes import Score
from web.formatting import duration, money
from web.presenters.charts import Chart, Stack, bars_of
from web.presenters.words import model_label, vendor_label

__all__ = [
    "PARAMS",
    "Figure",
    "address",
    "address_of_days",
    "chart_of",
    "figures_of",
    "headings",
    "label_of",
    "standings_of",
    "table_of",
]

MOST_BARS = 92
"""With more days, a bar is a month."""
PARAMS: Mapping[str, str] = {"owner": "person"}
"""Dimensions whose name in the address is another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A sum at the top of the page."""

    label: str
    value: str
    note: str = ""
    warn: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of a table. `href` narrows the page to it; `percent` is its part of the largest line."""

    label: str
    href: str
    spent: str
    reserved: str
    renders: int
    percent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The sums by one dimension. `more_href` shows all of its lines, where this table is cut."""

    name: str
    title: str
    rows: list[Row]
    more_href: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StandingRow:
    """A model in the league table, in words; – where too few renders say nothing."""

    label: str
    vendor: str
    renders: int
    cost: str
    p50: str
    p95: str
    failed: str
    rejected: str
    invalid: str
    starred: str
    preferred: str


def headings() -> dict[str, str]:
    """Return what the dimensions are called."""
    return {
        "vendor": _("Vendor"),
        "model": _("Model"),
        "owner": _("Person"),
        "team": _("Team"),
        "token": _("API token"),
        "content_id": _("Content id"),
    }


def address(wanted: Wanted, name: str = "usage", /, **changes: Any) -> str:
    """Return the address of a usage page with these filters; a change to None removes one."""
    facts = {"from": wanted.first, "to": wanted.last, **{PARAMS.get(key, key): value for key, value in wanted.facts.items()}}
    return reverse(name, query={key: str(value) for key, value in {**facts, **changes}.items() if value is not None})


def address_of_days(first: date, last: date, vendor: str) -> str:
    """Return the address of the usage page with these days and this vendor."""
    return address(Wanted(first=first, last=last, vendor=vendor))


def figures_of(sums: Sums) -> list[Figure]:
    """Return the sums at the top."""
    renders = ngettext("%(n)d render", "%(n)d renders", sums.renders) % {"n": sums.renders}
    found = [
        Figure(label=_("Spent"), value=_money(sums.spent), note=renders),
        Figure(label=_("Reserved"), value=_money(sums.reserved), note=_("set aside for renders under way")),
    ]
    if sums.waits:
        note = _("whether it was charged is not known")
        found.append(Figure(label=_("Waits for a decision"), value=_money(sums.waits), note=note, warn=True))
    if sums.without_price:
        note = _("counted as nothing, because no price was known")
        words = ngettext("%(n)d render", "%(n)d renders", sums.without_price) % {"n": sums.without_price}
        found.append(Figure(label=_("Without a price"), value=words, note=note, warn=True))
    return found


def chart_of(lines: Sequence[Line], first: date, last: date) -> Chart:
    """Return a bar for each day of the period, also for days without a purchase; for each month where the days are many."""
    by_month = (last - first).days >= MOST_BARS
    places = _places(first, last, by_month=by_month)
    spent, opened = dict.fromkeys(places, Decimal()), dict.fromkeys(places, Decimal())
    for line in lines:
        place = line.key.replace(day=1) if by_month else line.key
        spent[place] += line.sums.spent
        opened[place] += line.sums.reserved + line.sums.waits
    top = _money(max(spent[place] + opened[place] for place in places))
    stacks = [_stack(place, spent[place], opened[place], by_month=by_month) for place in places]
    ends = {"first": stacks[0].label, "last": stacks[-1].label, "top": top}
    return Chart(
        heading=_("By month") if by_month else _("By day"),
        summary=_("Spent from %(first)s to %(last)s; the highest is %(top)s. The table below has the numbers.") % ends,
        column=_("Month") if by_month else _("Day"),
        lower=_("Spent"),
        upper=_("Reserved"),
        bars=bars_of(stacks),
        top=top,
    )


def _places(first: date, last: date, *, by_month: bool) -> list[date]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return sorted({day.replace(day=1) for day in days}) if by_month else days


def _stack(place: date, spent: Decimal, opened: Decimal, *, by_month: bool) -> Stack:
    label = date_format(place, "YEAR_MONTH_FORMAT" if by_month else "MONTH_DAY_FORMAT")
    amounts = {"day": label, "spent": _money(spent), "reserved": _money(opened)}
    return Stack(
        label=label,
        title=(_("%(day)s: %(spent)s spent, %(reserved)s reserved") if opened else _("%(day)s: %(spent)s spent")) % amounts,
        lower=float(spent),
        upper=float(opened),
        lower_text=amounts["spent"],
        upper_text=amounts["reserved"],
    )


def table_of(dimension: str, lines: Sequence[Line], wanted: Wanted, most: int) -> Table:
    """Return the table of a dimension, cut after `most` lines."""
    labels = labels_of(dimension, {line.key for line in lines} - {None})
    amounts = [line.sums.spent + line.sums.reserved + line.sums.waits for line in lines]
    largest = max(amounts, default=Decimal()) or Decimal(1)
    rows = [
        Row(
            label=label_of(dimension, line.key, labels),
            href=address(wanted, **{PARAMS.get(dimension, dimension): line.key}) if line.key not in {None, ""} else "",
            spent=_money(line.sums.spent),
            reserved=_money(line.sums.reserved + line.sums.waits) if line.sums.reserved or line.sums.waits else "",
            renders=line.sums.renders,
            percent=int(100 * amount / largest),
        )
        for line, amount in zip(lines[:most], amounts, strict=False)
    ]
    more = address(wanted, by=dimension) if len(lines) > most else ""
    return Table(name=dimension, title=headings()[dimension], rows=rows, more_href=more)


def label_of(dimension: str, key: Any, labels: Mapping[Any, str]) -> str:
    """Return a line's key in words."""
    if key in {None, ""}:
        empty = {"team": _("No team"), "token": _("Pages, without a token"), "content_id": _("No content id")}
        return empty.get(dimension, "–")
    if dimension == "model":
        return model_label(key)
    if dimension == "vendor":
        return vendor_label(key)
    gone = {"token": _("Deleted token"), "team": _("Deleted team"), "owner": _("Deleted person")}
    return labels.get(key) or gone.get(dimension) or str(key)


def standings_of(standings: Sequence[Standing], voted: Mapping[str, Score]) -> list[StandingRow]:
    """Return the league table in words; `voted` is how the models did in blind votes."""
    return [
        StandingRow(
            label=model_label(row.model),
            vendor=vendor_label(row.model.partition("/")[0]),
            renders=row.renders,
            cost="–" if row.cost_per_s is None else money(row.cost_per_s, settings.CURRENCY, 3),
            p50=duration(row.p50_s) or "–",
            p95=duration(row.p95_s) or "–",
            failed=_share(row.failed),
            rejected=_share(row.rejected),
            invalid=_share(row.invalid),
            starred=_share(row.starred),
            preferred=_preferred(voted.get(row.model)),
        )
        for row in standings
    ]


def _preferred(score: Score | None) -> str:
    """Return how often a model was preferred, and of how many votes: few votes say little."""
    if score is None:
        return "–"
    return ngettext("%(share)s of %(n)d vote", "%(share)s of %(n)d votes", score.votes) % {"share": _share(score.share), "n": score.votes}


def _share(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.0f} %"


def _money(amount: Decimal) -> str:
    return money(amount, settings.CURRENCY)
