"""What was spent, on what and by whom: sums of the reservations that a caller may see. No other table is read for them.

Days are those of PORTAL_TIME_ZONE for every reader. A purchase counts on the day of its order, also when its price is known later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from access.callers import Caller
from access.ledger_models import Basis, Reservation
from access.models import ApiToken
from access.money import decimal
from access.rights import may

__all__ = ["COLUMNS", "MOST_DAYS", "Line", "Sums", "Wanted", "labels_of", "lines_by", "rows_for", "rows_in_order", "totals"]

MOST_DAYS = 400
COLUMNS: Mapping[str, str] = {
    "day": "day",
    "vendor": "vendor",
    "model": "model",
    "owner": "owner_id",
    "team": "team_id",
    "token": "token_line",
    "content_id": "content_id",
}
"""By what the sums can be split, and the column of each."""
CHUNK = 2_000
NOT_BOUGHT = (Basis.NOTHING, Basis.SANDBOX)
SUMS = {
    "sum_spent": Coalesce(Sum("settled"), 0),
    "sum_reserved": Coalesce(Sum("reserved", filter=Q(closed_at=None, waits=False)), 0),
    "sum_waits": Coalesce(Sum("reserved", filter=Q(waits=True)), 0),
    "without_price": Count("pk", filter=Q(is_priced=False) & ~Q(basis__in=NOT_BOUGHT)),
    "renders": Count("pk", filter=~Q(basis__in=NOT_BOUGHT)),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which purchases count: those of the days `first` to `last`, both included, with all of the other facts that are given."""

    first: date
    last: date
    vendor: str = ""
    model: str = ""
    owner: int | None = None
    team: int | None = None
    token: UUID | None = None
    content_id: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """Return the facts that are given, by name."""
        return {name: value for name in COLUMNS if name != "day" and (value := getattr(self, name)) not in {None, ""}}


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Amounts in PORTAL_CURRENCY: `spent` is settled, `reserved` set aside for renders under way, `waits` for purchases of which a person
    has to say whether they were charged. `renders` were or may be charged; of these, `without_price` count as nothing.
    """

    spent: Decimal
    reserved: Decimal
    waits: Decimal
    without_price: int
    renders: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """The sums of one day, model, person and so on. `key` is its value in the column of the dimension."""

    key: Any
    sums: Sums


def rows_for(caller: Caller, wanted: Wanted) -> QuerySet[Reservation]:
    """Return the purchases that count and that the caller may see. What a sandbox rendered is none."""
    facts = {COLUMNS[name]: value for name, value in wanted.facts.items()}
    rows = Reservation.objects.filter(day__gte=wanted.first, day__lte=wanted.last, **facts).exclude(basis=Basis.SANDBOX).order_by()
    return rows if may(caller, "see", Reservation) else rows.filter(owner=caller.user)


def totals(rows: QuerySet[Reservation]) -> Sums:
    """Return the sums of all these rows."""
    return _sums(rows.aggregate(**SUMS))


def lines_by(rows: QuerySet[Reservation], dimension: str, most: int) -> list[Line]:
    """Return the sums by a dimension of `COLUMNS`, those with most money first; days in their order. At most `most`."""
    column = COLUMNS[dimension]
    found = rows.values(column).annotate(**SUMS)
    money = F("sum_spent") + F("sum_reserved") + F("sum_waits")
    ordered = found.order_by(column) if dimension == "day" else found.order_by(-money, column)
    return [Line(key=row[column], sums=_sums(row)) for row in ordered[:most]]


def labels_of(dimension: str, keys: set[Any]) -> dict[Any, str]:
    """Return the names of people, teams or tokens by their keys; of other dimensions nothing, whose keys are their names. A line of tokens
    has the label of its newest.
    """
    if dimension == "owner":
        return {person.pk: person.get_full_name() or person.get_username() for person in User.objects.filter(pk__in=keys)}
    if dimension == "team":
        return dict(Group.objects.filter(pk__in=keys).values_list("pk", "name"))
    if dimension == "token":
        tokens = ApiToken.objects.filter(Q(pk__in=keys) | Q(first__in=keys)).order_by("pk")
        return {token.line_id: token.label for token in tokens}
    return {}


def rows_in_order(rows: QuerySet[Reservation]) -> Iterator[Reservation]:
    """Yield all rows in the order of their ids, a part at a time: no query stays open and no more than a part is in memory."""
    part = rows.select_related("owner", "team").order_by("pk")
    found = list(part[:CHUNK])
    while found:
        yield from found
        found = list(part.filter(pk__gt=found[-1].pk)[:CHUNK])


def _sums(row: Mapping[str, Any]) -> Sums:
    """Return the sums of a row of the database, where PostgreSQL has exact decimals and SQLite whole numbers."""
    amounts = {name: decimal(int(row[f"sum_{name}"])) for name in ("spent", "reserved", "waits")}
    return Sums(**amounts, without_price=row["without_price"], renders=row["renders"])
