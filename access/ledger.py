"""The ledger: reserves money when something is ordered, and settles or releases it when the order ends (docs/adr/0029).

Only these functions write `Reservation`. Call them in the transaction of the change that moves the money, so that both happen or neither.
Locks are taken in this order: the task, its reservation, the budgets by id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from access import budgets
from access.budgets import BudgetReached, Difference, Scope
from access.ledger_models import Basis, Budget, Reservation
from access.money import decimal
from database import clock
from events import audit
from events.audit import Actor

__all__ = [
    "AlreadyClosed",
    "Ask",
    "BudgetReached",
    "BudgetsChanged",
    "PriceUnknown",
    "check",
    "correct",
    "keep_for_person",
    "raise_to",
    "release",
    "release_unused",
    "reopen",
    "reserve",
    "reserve_again",
    "scope_of_row",
    "settle",
    "stop_waiting",
]

AT_ONCE = 500
"""Rows that one statement names."""


class BudgetsChanged(Exception):
    """A budget had no room, its period ended, or it changed. Roll back, and decide again under its lock (`reserve(surely=True)`)."""


class PriceUnknown(Exception):
    """A budget counts the purchase, but its price is not known. Allowing it would let some models pass the limit."""

    def __init__(self, model: str, currency: str) -> None:
        """`currency` is that of the price, for which no rate is set; empty without a price."""
        super().__init__(model)
        self.model = model
        self.currency = currency


class AlreadyClosed(Exception):
    """Another process closed the reservation first, or opened it again."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A purchase to reserve money for. `amount` is in micro of PORTAL_CURRENCY, `own_amount` in micro of `currency`; None without a known
    price or rate.
    """

    task_id: UUID
    scope: Scope
    model: str
    vendor: str
    content_id: str = ""
    number: int = 1
    sent_before: int = 0
    account_id: UUID | None = None
    tariff: Mapping[str, Any] = field(default_factory=dict)
    currency: str = ""
    rate: Decimal | None = None
    amount: int | None = None
    own_amount: int | None = None

    @property
    def price(self) -> dict[str, Any]:
        """Return the columns that say what it may cost."""
        return {
            "model": self.model,
            "vendor": self.vendor,
            "tariff": dict(self.tariff),
            "currency": self.currency,
            "rate": self.rate,
            "is_priced": self.amount is not None,
            "own_reserved": self.own_amount,
        }


def reserve(asks: Sequence[Ask], *, surely: bool = False, forced: bool = False) -> None:
    """Reserve money for all of these purchases. Raise `BudgetReached`, `PriceUnknown` or `BudgetsChanged`; roll back then.

    Usually this is one INSERT and one conditional UPDATE, which cannot say which budget has no room. After `BudgetsChanged` call it again
    with `surely`, which locks the budgets and looks. `forced`: the vendor has the render already, so it is counted whatever the limits are.
    """
    _in_transaction()
    now = clock.now()
    if not (surely or forced):
        amounts = _amounts(asks, budgets.in_force(), BudgetsChanged)
        _insert(asks, now)
        if amounts and not budgets.take(amounts, now):
            raise BudgetsChanged
        return
    bound = budgets.locked([ask.scope for ask in asks], now)
    amounts = _amounts(asks, bound, None if forced else PriceUnknown)
    if not forced:
        budgets.require_room(bound, amounts)
    at = max([now, *(budget.starts_at for budget in bound)])  # another machine's clock may have begun the period
    _insert(asks, at)
    budgets.add(amounts, at)


def _amounts(asks: Iterable[Ask], bound: Sequence[Budget], unknown: type[Exception] | None) -> dict[UUID, int]:
    """Return the amount for each budget, by its id. Raise `unknown` if one counts a purchase without a price."""
    amounts: Counter[UUID] = Counter()
    for ask in asks:
        for budget in budgets.binding(ask.scope, bound):
            if ask.amount is None and unknown is not None:
                raise unknown(ask.model, ask.currency)
            if ask.amount:
                amounts[budget.pk] += ask.amount
    return dict(amounts)


def _insert(asks: Iterable[Ask], at: datetime) -> None:
    Reservation.objects.bulk_create(
        Reservation(
            task_id=ask.task_id,
            number=ask.number,
            sent_before=ask.sent_before,
            account_id=ask.account_id,
            owner_id=ask.scope.owner_id,
            team_id=ask.scope.team_id,
            token_line=ask.scope.token_line,
            content_id=ask.content_id,
            at=at,
            day=_day_of(at),
            reserved=ask.amount or 0,
            **ask.price,
        )
        for ask in asks
    )


def _day_of(at: datetime) -> Any:
    return at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def settle(row: Reservation, amount: int, *, basis: str, own: int | None = None) -> None:
    """Close an open reservation at the cost `amount`, and free the rest. A cost above what was reserved is counted too.

    `own` is the amount in the row's own currency, if known. Raise `AlreadyClosed`.
    """
    _in_transaction()
    reserved = max(amount, row.reserved)
    before = row.counts
    _write(
        row,
        was_open=True,
        reserved=reserved,
        settled=amount,
        released=reserved - amount,
        own_settled=own,
        basis=basis,
        waits=False,
        closed_at=clock.now(),
        is_priced=row.is_priced or amount > 0,
    )
    _count(row, amount - before)


def release(row: Reservation, *, basis: str = Basis.NOTHING) -> None:
    """Close an open reservation at no cost, because nothing was bought. Raise `AlreadyClosed`."""
    settle(row, 0, basis=basis, own=0)


def release_unused(task_ids: Sequence[UUID]) -> int:
    """Close the open reservations of tasks that will never exist, at no cost. Return how many there were."""
    _in_transaction()
    now, count = clock.now(), 0
    freed: dict[datetime, Counter[UUID]] = {}
    for start in range(0, len(task_ids), AT_ONCE):
        rows = Reservation.objects.filter(task_id__in=task_ids[start : start + AT_ONCE], closed_at=None)
        found = list(rows.order_by("pk").select_for_update(no_key=True))
        Reservation.objects.filter(pk__in=[row.pk for row in found]).update(
            settled=0, released=F("reserved"), own_settled=0, basis=Basis.NOTHING, waits=False, closed_at=now
        )
        count += len(found)
        for row in found:
            for budget in budgets.binding(scope_of_row(row), budgets.in_force()):
                freed.setdefault(row.at, Counter())[budget.pk] -= row.reserved
    for at, amounts in freed.items():  # last: the budgets are locked until the commit
        budgets.add(amounts, at)
    return count


def keep_for_person(row: Reservation) -> None:
    """Keep an open reservation until a person or the vendor's bill says whether it was charged. Raise `AlreadyClosed`."""
    _in_transaction()
    _write(row, was_open=True, waits=True)


def stop_waiting(row: Reservation) -> None:
    """Note that an open reservation no longer waits for a person, because its render goes on. Raise `AlreadyClosed`."""
    if row.waits:
        _in_transaction()
        _write(row, was_open=True, waits=False)


def reopen(row: Reservation) -> None:
    """Open a reservation again, because the vendor has the render after all. No limit is checked. Raise `AlreadyClosed` if it is open."""
    _in_transaction()
    released = row.released or 0
    _write(row, was_open=False, settled=None, released=None, own_settled=None, basis="", waits=False, closed_at=None)
    _count(row, released)


def reserve_again(row: Reservation) -> None:
    """Open a reservation that a sandbox closed, because a real account will now charge for it, at the price of the order. It counts from
    now on: nothing was bought before. Raise `BudgetReached`, `PriceUnknown`; roll back then.
    """
    _in_transaction()
    Reservation.objects.select_for_update(no_key=True).filter(pk=row.pk).first()  # locked before the budgets, as everywhere
    bound = budgets.locked([scope_of_row(row)], clock.now())
    if bound and not row.is_priced:
        raise PriceUnknown(row.model, row.currency)
    amounts = {budget.pk: row.reserved for budget in bound}
    budgets.require_room(bound, amounts)
    at = max([clock.now(), *(budget.starts_at for budget in bound)])
    _write(row, was_open=False, at=at, day=_day_of(at), settled=None, released=None, own_settled=None, basis="", closed_at=None)
    budgets.add(amounts, at)


def raise_to(row: Reservation, ask: Ask) -> None:
    """Change an open reservation to another model and its price. The amount is never lowered. Raise `BudgetReached`, `PriceUnknown`."""
    _in_transaction()
    reserved = max(row.reserved, ask.amount or 0)
    more = reserved - row.reserved
    _write(row, was_open=True, reserved=reserved, **ask.price)
    bound = budgets.locked([scope_of_row(row)], clock.now())
    if bound and ask.amount is None:
        raise PriceUnknown(ask.model, ask.currency)
    amounts = {budget.pk: more for budget in bound if budget.starts_at <= row.at}
    budgets.require_room(bound, amounts)
    budgets.add(amounts, row.at)


def correct(
    row: Reservation, amount: int, *, by: Actor | None, basis: str = Basis.PERSON, reason: str = "", own: int | None = None
) -> None:
    """Correct the cost of a closed reservation as a person or a bill says; `own` is the amount in its own currency. Raise
    `AlreadyClosed` if the row has changed since it was read.
    """
    _in_transaction()
    before = {"settled": str(row.spent), "basis": row.basis}
    counted, reserved = row.counts, max(row.reserved, amount)
    facts = {
        "settled": amount,
        "released": reserved - amount,
        "own_settled": own,
        "basis": basis,
        "is_priced": row.is_priced or amount > 0,
    }
    _write(row, was_open=False, reserved=reserved, **facts)
    _count(row, amount - counted)
    after = {"settled": str(decimal(amount)), "basis": basis} | ({"reason": reason} if reason else {})
    audit.record("ledger.corrected", row, by=by, before=before, after=after)


def _in_transaction() -> None:
    assert connection.in_atomic_block, "call this in the transaction of the change that moves the money"


def _write(row: Reservation, *, was_open: bool, **changes: Any) -> None:
    """Update the row, if it has not changed since it was read, and the object. Raise `AlreadyClosed` otherwise."""
    seen = {"closed_at": row.closed_at, "reserved": row.reserved, "settled": row.settled}
    is_as_expected = (row.closed_at is None) is was_open
    if not is_as_expected or not Reservation.objects.filter(pk=row.pk, **seen).update(**changes):
        raise AlreadyClosed(f"reservation {row.pk}")
    for name, value in changes.items():
        setattr(row, name, value)


def _count(row: Reservation, change: int) -> None:
    """Add this change, which may be negative, to the budgets that count the purchase."""
    if change:
        budgets.add({budget.pk: change for budget in budgets.binding(scope_of_row(row), budgets.in_force())}, row.at)


def scope_of_row(row: Reservation) -> Scope:
    """Return in whose name it was bought."""
    return Scope(owner_id=row.owner_id, team_id=row.team_id, token_line=row.token_line)


def check(*, repair: bool = False) -> list[Difference]:
    """Compare what each enabled budget holds with the sum of its reservations. With `repair`, store that sum."""
    found = []
    for budget in Budget.objects.filter(enabled=True).order_by("pk"):
        with transaction.atomic():
            difference = budgets.rebuild(budget)
            if difference is not None and not repair:
                transaction.set_rollback(True)
        if difference is not None:
            found.append(difference)
    return found
