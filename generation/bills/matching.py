"""Finds the purchase that each row of a bill charges, and what differs on either side. Pure.

An id decides first: the vendor's id of the task or the request, or the portal's. Rows without a known id are matched by account, model,
amount and time, if exactly one purchase fits the row and no other row fits that purchase. All amounts are in millionths of the bill's
currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from generation.bills.columns import PARTS, Line
from generation.bills.reading import plain_name

__all__ = ["NEAR", "Check", "Found", "Here", "Purchase", "match"]

NEAR = 10_000
"""A cent. Amounts that differ by less agree, because bills round."""
SLACK = timedelta(minutes=10)
"""Most difference between the vendor's clock and the portal's, or between a row and the request that it charges."""
LONGEST = timedelta(days=2)
"""A row for a longer time, such as a month, cannot be matched to one request."""


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What the portal knows of one reservation. `ours` is what it cost, None without a known rate or while it is open; `most` is what was
    reserved. `is_unknown`: it is not known whether it was charged. Its requests were sent and rendered between `begins` and `ends`.
    """

    pk: UUID
    task_id: UUID
    model: str
    names: frozenset[str]
    keys: frozenset[str]
    begins: datetime
    ends: datetime
    ours: int | None
    most: int | None
    is_closed: bool
    waits: bool
    is_unknown: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """A purchase and the rows that charge it."""

    purchase: Purchase
    lines: Sequence[Line]
    by_id: bool

    @property
    def theirs(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def difference(self) -> int | None:
        """Return by how much the bill is higher; None if the portal's cost is not known."""
        return None if self.purchase.ours is None else self.theirs - self.purchase.ours

    @property
    def agrees(self) -> bool:
        return self.purchase.is_closed and self.difference is not None and abs(self.difference) < NEAR


@dataclass(frozen=True, kw_only=True)
class Here:
    """A purchase that is not on the bill. `maybe` has the numbers of unmatched rows that may charge it."""

    purchase: Purchase
    maybe: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Check:
    """The result of a comparison. `free` counts rows without an amount that match no purchase."""

    agrees: list[Found] = field(default_factory=list)
    differs: list[Found] = field(default_factory=list)
    only_bill: list[Line] = field(default_factory=list)
    only_here: list[Here] = field(default_factory=list)
    free: int = 0

    @property
    def ours(self) -> int:
        """Return the portal's sum over the purchases that are on the bill or should be."""
        found: list[Found | Here] = [*self.agrees, *self.differs, *self.only_here]
        return sum(one.purchase.ours or 0 for one in found)

    @property
    def theirs(self) -> int:
        """Return the bill's sum."""
        return sum(one.theirs for one in (*self.agrees, *self.differs)) + sum(line.amount for line in self.only_bill)


def match(lines: Sequence[Line], purchases: Sequence[Purchase], begins: datetime, ends: datetime) -> Check:
    """Compare the bill's rows with the purchases; those that began and ended between `begins` and `ends` should be on it."""
    paid, left = _by_id(lines, purchases)
    open_lines = [line for line in left if line.amount > 0]
    pairs = _alike(open_lines, [one for one in purchases if one.pk not in paid])
    matched = {line.row for line, _purchase in pairs}
    known = {one.pk: one for one in purchases}
    found = [Found(purchase=known[pk], lines=rows, by_id=True) for pk, rows in paid.items()]
    found += [Found(purchase=purchase, lines=[line], by_id=False) for line, purchase in pairs]
    found.sort(key=lambda one: one.lines[0].row)
    only_bill = [line for line in left if line.amount and line.row not in matched]
    seen = {one.purchase.pk for one in found}
    days = _by_day(only_bill)
    missing = [one for one in purchases if one.pk not in seen and _should_be_there(one, begins, ends)]
    return Check(
        agrees=[one for one in found if one.agrees],
        differs=[one for one in found if not one.agrees],
        only_bill=only_bill,
        only_here=[_missing(one, days) for one in missing],
        free=sum(not line.amount for line in left),
    )


def _missing(purchase: Purchase, days: dict[date, list[Line]]) -> Here:
    return Here(purchase=purchase, maybe=[line.row for line in _near(purchase, days) if _fits(line, purchase, by_amount=False)])


def _by_id(lines: Iterable[Line], purchases: Iterable[Purchase]) -> tuple[dict[UUID, list[Line]], list[Line]]:
    """Return the rows by the purchase whose id they have, and the other rows. An id that two purchases have does not count."""
    owners: dict[str, set[UUID]] = defaultdict(set)
    for purchase in purchases:
        for key in purchase.keys:
            owners[key].add(purchase.pk)
    paid: dict[UUID, list[Line]] = defaultdict(list)
    left = []
    for line in lines:
        named = {pk for key in line.keys for pk in owners.get(key, ())}
        if len(named) == 1:
            paid[named.pop()].append(line)
        else:
            left.append(line)
    return dict(paid), left


def _alike(lines: Sequence[Line], purchases: Sequence[Purchase]) -> list[tuple[Line, Purchase]]:
    """Return rows and purchases that fit each other and nothing else."""
    days = _by_day(lines)
    of_line: dict[int, list[Purchase]] = defaultdict(list)
    of_purchase: dict[UUID, list[Line]] = {}
    for purchase in purchases:
        fitting = of_purchase[purchase.pk] = [line for line in _near(purchase, days) if _fits(line, purchase, by_amount=True)]
        for line in fitting:
            of_line[line.row].append(purchase)
    pairs = ((line, of_line[line.row]) for line in lines)
    return [(line, ones[0]) for line, ones in pairs if len(ones) == 1 and len(of_purchase[ones[0].pk]) == 1]


def _by_day(lines: Iterable[Line]) -> dict[date, list[Line]]:
    """Return the rows by each day that their time touches."""
    days: dict[date, list[Line]] = defaultdict(list)
    for line in lines:
        if line.begins and line.ends and line.ends - line.begins <= LONGEST:
            for day in _days(line.begins, line.ends):
                days[day].append(line)
    return days


def _near(purchase: Purchase, days: dict[date, list[Line]]) -> list[Line]:
    found = {line.row: line for day in _days(purchase.begins, purchase.ends) for line in days.get(day, ())}
    return list(found.values())


def _days(begins: datetime, ends: datetime) -> Iterator[date]:
    first, last = (begins - SLACK).date(), (ends + SLACK).date()
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _fits(line: Line, purchase: Purchase, *, by_amount: bool) -> bool:
    if line.begins is None or line.ends is None:
        return False
    if line.begins > purchase.ends + SLACK or line.ends < purchase.begins - SLACK:
        return False
    if line.model and not purchase.names & {plain_name(line.model), *map(plain_name, PARTS.split(line.model))}:
        return False
    if not by_amount:
        return True
    if purchase.is_closed:
        return purchase.ours is not None and abs(line.amount - purchase.ours) < NEAR
    return purchase.is_unknown and (purchase.most is None or line.amount < purchase.most + NEAR)


def _should_be_there(purchase: Purchase, begins: datetime, ends: datetime) -> bool:
    """Return whether a bill of this time must have the purchase: it cost something, or that is not known. One that began earlier or ended
    later may be on another bill.
    """
    if not (begins <= purchase.begins and purchase.ends < ends):
        return False
    return purchase.is_unknown or (purchase.is_closed and purchase.ours != 0)
