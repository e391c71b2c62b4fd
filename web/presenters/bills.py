"""Texts of the pages of bills: their list, the first rows as they are read, and what agrees or differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.ledger_models import Reservation
from access.money import decimal
from generation.bills.bills import columns_of
from generation.bills.columns import Columns, Line, lines_of
from generation.bills.matching import Check, Found, Here, Purchase
from generation.bills.reading import BadBill, Table
from generation.bills.sentences import words_of
from generation.bills.take_over import MOST_AT_ONCE, takeable, why_not
from generation.models import Bill
from providers.labels import listed
from web.formatting import money
from web.presenters.usage import Figure, address_of_days
from web.presenters.words import account_label, date_time, model_label, name_of, vendor_label

__all__ = ["BillRow", "bill_page", "bill_row", "in_bill", "preview_of", "purchases_by_id", "take_page"]

MOST = 100
"""Most rows of a list on the page; the CSV has all."""
MOST_PREVIEWED = 5
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class BillRow:
    """A bill in a list. `verdict` says how it compares, `agrees` whether nothing differs."""

    href: str
    name: str
    vendor: str
    days: str
    note: str
    verdict: str
    agrees: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A purchase, a row of the bill, or both. `purchase` is set if the bill's amount can be taken over; `label` is that of the button."""

    title: str
    href: str
    who: str
    content_id: str
    at: str
    rows: str
    theirs: str
    ours: str
    difference: str
    note: str
    purchase: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One list of the page; `more` says how many rows only the CSV has."""

    name: str
    title: str
    text: str
    count: int
    rows: list[Difference]
    more: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BillPage:
    """The page of a bill."""

    facts: list[dict[str, Any]]
    figures: list[Figure]
    sections: list[Section]
    agreed: Section
    to_take: int
    usage_url: str
    row: BillRow


@dataclass(frozen=True, kw_only=True, slots=True)
class TakePage:
    """What all the amounts that may be taken over add up to: `count` of them now, and `rest` later. Of `unknown` none is known here."""

    count: int
    rest: int
    theirs: str
    ours: str
    unknown: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The first rows as these columns read them, or why they cannot be read."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    read: list[dict[str, str]]
    problem: str


def bill_row(bill: Bill) -> BillRow:
    """Return a bill for lists."""
    return BillRow(
        href=reverse("bill" if bill.result else "bill-columns", args=[bill.pk]),
        name=bill.file_name,
        vendor=vendor_label(bill.vendor),
        days=_days(bill),
        note=_("%(name)s, %(at)s") % {"name": name_of(bill.owner), "at": date_time(bill.created_at)},
        verdict=_verdict(bill),
        agrees=bool(bill.result) and not any(bill.result.get(name) for name in ("differs", "only_bill", "only_here")),
    )


def _verdict(bill: Bill) -> str:
    if not bill.result:
        return _("Columns to be confirmed")
    result = bill.result
    words = {
        "differs": ngettext("%(n)d amount differs", "%(n)d amounts differ", result["differs"]),
        "only_bill": ngettext("%(n)d row only on the bill", "%(n)d rows only on the bill", result["only_bill"]),
        "only_here": ngettext("%(n)d purchase only here", "%(n)d purchases only here", result["only_here"]),
    }
    return listed([text % {"n": result[name]} for name, text in words.items() if result[name]]) or _("The bill agrees")


def _days(bill: Bill) -> str:
    if bill.first is None or bill.last is None:
        return ""
    return f"{date_format(bill.first, 'SHORT_DATE_FORMAT')} – {date_format(bill.last, 'SHORT_DATE_FORMAT')}"


def in_bill(amount: int | None, bill: Bill) -> str:
    """Write an amount in the bill's currency; – where it is not known."""
    return "–" if amount is None else money(decimal(amount), bill.currency)


def preview_of(table: Table, columns: Columns) -> Preview:
    """Return the first rows, as cells and as they are read."""
    rows = [cells for _number, cells in table.rows[:MOST_PREVIEWED]]
    few = Table(encoding=table.encoding, heading=table.heading, rows=table.rows[:MOST_PREVIEWED])
    try:
        lines, problem = lines_of(few, columns)[0], ""
    except BadBill as error:
        lines, problem = [], "" if error.code == "no_rows" else words_of(error)
    zone = ZoneInfo(columns.zone)
    read = [
        {
            "row": str(line.row),
            "reference": line.reference,
            "at": _moment(line.begins, zone),
            "model": line.model,
            "amount": money(decimal(line.amount), columns.currency),
        }
        for line in lines
    ]
    return Preview(heading=table.heading, rows=rows, read=read, problem=problem)


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a time in the bill's time zone, so that it can be found there."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d}" if local.time() == time.min else f"{local:%Y-%m-%d %H:%M}"


def bill_page(bill: Bill, check: Check) -> BillPage:
    """Return the page of a bill: the totals, what differs, and what agrees."""
    known = purchases_by_id(_shown(check))
    zone = ZoneInfo(columns_of(bill).zone)
    can_take = takeable(check)
    return BillPage(
        facts=_facts(bill, check),
        figures=_figures(bill, check),
        sections=[
            _section(
                "only-bill",
                _("Only on the bill"),
                _("The vendor charged these without a request of the portal: another program uses the key, or records are lost."),
                check.only_bill,
                lambda line: _of_line(bill, line, zone),
            ),
            _section(
                "differs",
                _("Amounts differ"),
                _("By a cent or more, or not settled yet. “By likeness” was matched by model, amount and time, without an id."),
                check.differs,
                lambda one: _of_found(bill, one, known, zone, can_take),
            ),
            _section(
                "only-here",
                _("Only here"),
                _("Bought in the days of the bill and not on it. What was settled may be on the next bill."),
                check.only_here,
                lambda one: _of_here(bill, one, known, zone, can_take),
            ),
        ],
        agreed=_section("agrees", _("Agrees"), "", check.agrees, lambda one: _of_found(bill, one, known, zone, {})),
        to_take=sum(one.purchase.pk in can_take for one in check.differs),
        usage_url=address_of_days(bill.first or date.min, bill.last or date.min, bill.vendor),
        row=bill_row(bill),
    )


def _section(name: str, title: str, text: str, found: Sequence[T], row: Callable[[T], Difference]) -> Section:
    """Return a list of the page with its first rows."""
    more = len(found) - MOST
    words = ngettext("%(n)d more row is in the CSV.", "%(n)d more rows are in the CSV.", more) % {"n": more} if more > 0 else ""
    return Section(name=name, title=title, text=text, count=len(found), rows=[row(one) for one in found[:MOST]], more=words)


def take_page(bill: Bill, check: Check) -> TakePage:
    """Return what is asked before all amounts that differ are taken over."""
    can_take = takeable(check)
    wanted = [one for one in check.differs if one.purchase.pk in can_take]
    part = wanted[:MOST_AT_ONCE]
    return TakePage(
        count=len(part),
        rest=len(wanted) - len(part),
        theirs=in_bill(sum(one.theirs for one in part), bill),
        ours=in_bill(sum(one.purchase.ours or 0 for one in part), bill),
        unknown=sum(one.purchase.ours is None for one in part),
    )


def _shown(check: Check) -> Iterable[Purchase]:
    for found in (check.differs, check.only_here, check.agrees):
        yield from (one.purchase for one in islice(found, MOST))  # type: ignore[attr-defined]


def purchases_by_id(purchases: Iterable[Purchase]) -> Mapping[UUID, Reservation]:
    """Return the rows of these purchases, with their people and teams."""
    ids = [purchase.pk for purchase in purchases]
    found: dict[UUID, Reservation] = {}
    for start in range(0, len(ids), 500):
        found |= Reservation.objects.select_related("owner", "team").in_bulk(ids[start : start + 500])
    return found


def _rows(count: int) -> str:
    return ngettext("%(n)d row", "%(n)d rows", count) % {"n": count}


def _facts(bill: Bill, check: Check) -> list[dict[str, Any]]:
    account = account_label(bill.account) if bill.account else _("All billed accounts of the vendor")
    others = ngettext("%(n)d row of other products left out", "%(n)d rows of other products left out", bill.others) % {"n": bill.others}
    free = ngettext("%(n)d without an amount", "%(n)d without an amount", check.free) % {"n": check.free}
    rows = _rows(bill.rows)
    return [
        {"label": _("Vendor"), "value": vendor_label(bill.vendor)},
        {"label": _("Account"), "value": account},
        {"label": _("Days"), "value": f"{_days(bill)} ({columns_of(bill).zone})"},
        {"label": _("Rows"), "value": ", ".join([rows, *([free] if check.free else []), *([others] if bill.others else [])])},
        {"label": _("Uploaded"), "value": bill_row(bill).note},
        {"label": "SHA-256", "value": bill.sha256, "mono": True},
    ]


def _figures(bill: Bill, check: Check) -> list[Figure]:
    difference = check.theirs - check.ours
    agrees = ngettext("%(n)d purchase agrees", "%(n)d purchases agree", len(check.agrees)) % {"n": len(check.agrees)}
    more = _("more on the bill") if difference > 0 else _("more here") if difference < 0 else _("the sums agree")
    return [
        Figure(
            label=_("Amount on the bill"),
            value=in_bill(check.theirs, bill),
            note=_rows(bill.rows),
        ),
        Figure(label=_("Amount here"), value=in_bill(check.ours, bill), note=agrees),
        Figure(label=_("Difference"), value=in_bill(abs(difference), bill), note=more, warn=difference != 0),
        Figure(
            label=_("Only on the bill"),
            value=in_bill(sum(line.amount for line in check.only_bill), bill),
            note=_rows(len(check.only_bill)),
            warn=bool(check.only_bill),
        ),
    ]


def _of_line(bill: Bill, line: Line, zone: ZoneInfo) -> Difference:
    return Difference(
        title=line.reference or _("No id"),
        href="",
        who="",
        content_id="",
        at=_moment(line.begins, zone),
        rows=str(line.row),
        theirs=in_bill(line.amount, bill),
        ours="–",
        difference=in_bill(line.amount, bill),
        note=line.model,
    )


def _of_found(bill: Bill, one: Found, known: Mapping[UUID, Reservation], zone: ZoneInfo, can_take: Mapping[UUID, int]) -> Difference:
    notes = ["" if one.by_id else _("By likeness"), "" if one.agrees else why_not(one)]
    if one.purchase.is_closed and one.purchase.ours is None:
        notes.append(_("No rate is known for %(currency)s.") % {"currency": bill.currency})
    return Difference(
        **_purchase(one.purchase, known, zone),
        rows=", ".join(str(line.row) for line in one.lines[:5]) + (" …" if len(one.lines) > 5 else ""),
        theirs=in_bill(one.theirs, bill),
        ours=in_bill(one.purchase.ours, bill),
        difference=_signed(one.difference, bill),
        note=" · ".join(filter(None, notes)),
        purchase=str(one.purchase.pk) if one.purchase.pk in can_take else "",
        label=_("Take over"),
    )


def _of_here(bill: Bill, one: Here, known: Mapping[UUID, Reservation], zone: ZoneInfo, can_take: Mapping[UUID, int]) -> Difference:
    purchase = one.purchase
    unknown = _("It is not known whether it was charged.") if purchase.is_unknown else ""
    ours = purchase.ours if purchase.is_closed else purchase.most
    return Difference(
        **_purchase(purchase, known, zone),
        rows="–",
        theirs="–",
        ours=in_bill(ours, bill),
        difference=_signed(None if ours is None else -ours, bill),
        note=" ".join(filter(None, [unknown, why_not(one)])),
        purchase=str(purchase.pk) if purchase.pk in can_take else "",
        label=_("Not charged"),
    )


def _purchase(purchase: Purchase, known: Mapping[UUID, Reservation], zone: ZoneInfo) -> dict[str, str]:
    row = known[purchase.pk]
    return {
        "title": model_label(purchase.model),
        "href": reverse("task", args=[purchase.task_id]),
        "who": name_of(row.owner),
        "content_id": row.content_id,
        "at": _moment(purchase.begins, zone),
    }


def _signed(amount: int | None, bill: Bill) -> str:
    if not amount:
        return in_bill(amount, bill)
    return ("+" if amount > 0 else "−") + in_bill(abs(amount), bill)
