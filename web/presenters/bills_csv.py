"""The differences of a bill as CSV. The text stays English, because programs read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from access.ledger_models import Reservation
from access.money import decimal
from generation.bills.bills import columns_of
from generation.bills.columns import Line
from generation.bills.matching import Check, Purchase
from generation.models import Bill
from web.presenters.bills import purchases_by_id

__all__ = ["table_of_differences"]


def table_of_differences(bill: Bill, check: Check) -> Iterator[list[Any]]:
    """Yield the heading, then one line for each difference, the most important first."""
    zone = ZoneInfo(columns_of(bill).zone)
    known = purchases_by_id(one.purchase for found in (check.differs, check.only_here) for one in found)
    yield [
        *("difference", "rows", "id", "task", "person", "team", "content_id", "model", "time", "currency"),
        *("on_the_bill", "here", "more_on_the_bill", "matched_by", "state"),
    ]
    for line in check.only_bill:
        yield ["only on the bill", *_of_lines([line], zone), bill.currency, _plain(line.amount), "", _plain(line.amount), "", ""]
    for one in check.differs:
        ours = one.purchase.ours
        yield [
            *("amount differs", _rows(one.lines), _ids(one.lines), *_of_purchase(one.purchase, known, zone), bill.currency),
            *(_plain(one.theirs), _plain(ours), _plain(one.difference), "id" if one.by_id else "likeness", _state(one.purchase)),
        ]
    for here in check.only_here:
        purchase = here.purchase
        ours = purchase.ours if purchase.is_closed else purchase.most
        yield [
            *("only here", "", "", *_of_purchase(purchase, known, zone), bill.currency),
            *("", _plain(ours), _plain(None if ours is None else -ours), "", _state(purchase)),
        ]


def _of_lines(lines: Sequence[Line], zone: ZoneInfo) -> list[str]:
    return [_rows(lines), _ids(lines), "", "", "", "", lines[0].model, _moment(lines[0].begins, zone)]


def _rows(lines: Iterable[Line]) -> str:
    return " ".join(str(line.row) for line in lines)


def _ids(lines: Iterable[Line]) -> str:
    return " ".join(dict.fromkeys(line.reference for line in lines if line.reference))


def _of_purchase(purchase: Purchase, known: Mapping[UUID, Reservation], zone: ZoneInfo) -> list[str]:
    row = known[purchase.pk]
    team = row.team.name if row.team else ""
    return [str(purchase.task_id), row.owner.get_username(), team, row.content_id, purchase.model, _moment(purchase.begins, zone)]


def _state(purchase: Purchase) -> str:
    return "settled" if purchase.is_closed else "outcome unknown" if purchase.is_unknown else "open"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _plain(amount: int | None) -> str:
    return "" if amount is None else f"{decimal(amount).normalize():f}"
