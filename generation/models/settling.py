"""Settles the money of a task when it ends, as part of its move (docs/adr/0029).

Nothing here stops a move: what fails is undone up to a savepoint, the money stays reserved, and `generation.money_check` does it again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction

from access import ledger
from access.exchange import rate_of
from access.ledger_models import Basis, Reservation
from access.money import convert, micro
from generation.lifecycle import RESTING, TERMINAL, Status
from generation.models.attempt import MAYBE_PAID, Dispatch
from generation.tariff import made, resolution_made, tariff_read
from providers.core.catalog import ModelSpec
from providers.core.errors import DuplicateReference

__all__ = [
    "ABANDONED",
    "costs_of",
    "end_without_render",
    "follow_move",
    "never_in_the_way",
    "note_costs",
    "paying_row",
    "settle_ended",
]

log = logging.getLogger("generation.money")

ABANDONED = "abandoned"
"""The error code of a review that a person gave up: what may have been paid is still not known."""


class Ended(Protocol):
    """What is asked of a task (`generation.models.GenerationTask`)."""

    pk: UUID
    params: dict[str, Any]
    outputs: list[dict[str, Any]]
    submission_id: str
    error_code: str
    charged_amount: Decimal | None
    charged_unit: str
    rendered_at: datetime | None
    attempts: Any
    videos: Any
    cost_settled: int | None
    cost_basis: str
    objects: Any

    @property
    def spec(self) -> ModelSpec | None: ...
    @property
    def vendor(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a render cost, in micro of PORTAL_CURRENCY; `own` is in the reservation's currency, None where that does not say it."""

    amount: int
    own: int | None
    basis: str


@contextmanager
def never_in_the_way(task_id: UUID) -> Iterator[None]:
    """Undo what the block did if it raises, and go on: a paid render is never lost for the sake of the books. Only where the whole
    transaction is lost the error is raised, and the step is repeated.
    """
    try:
        with transaction.atomic():
            yield
    except Exception:
        if connection.needs_rollback or connection.closed_in_transaction:
            raise
        log.exception("the money of task %s is not settled; it stays reserved until `ledger check`", task_id)


def follow_move(task: Ended, seen: Status, to: Status) -> None:
    """Do what a move means for the task's money, in the move's transaction. One reservation follows the task (`paying_row`); about requests
    of earlier ones a person or a bill decides.
    """
    if to in TERMINAL or (seen in RESTING and to in {Status.RUNNING, Status.INGESTING}):
        with never_in_the_way(task.pk):
            rows = list(Reservation.objects.filter(task_id=task.pk).order_by("number"))
            if rows:
                row, last = paying_row(task, rows), rows[-1]
                _follow(task, row, to)
                if to in TERMINAL and last != row and last.closed_at is None and not last.waits:
                    end_without_render(task, last)
                note_costs(task)


def paying_row(task: Ended, rows: Sequence[Reservation]) -> Reservation:
    """Return which of a task's reservations, in their order, pays for the render that it follows: the last. An earlier one does if the
    vendor's id is that of an earlier attempt, whose answer came late or was found: else one purchase would be counted by both.
    """
    if len(rows) == 1 or not task.submission_id:
        return rows[-1]
    numbers = task.attempts.filter(submission_id=task.submission_id).order_by("-number").values_list("number", flat=True)
    number = numbers.first()
    if number is None:
        return rows[-1]
    row = next((one for one in reversed(rows) if one.sent_before < number), rows[-1])
    return row if row.closed_at is None or row.settled else rows[-1]  # closed as not charged: the last pays after all


def _follow(task: Ended, row: Reservation, to: Status) -> None:
    if to in TERMINAL:
        if to is Status.SUCCEEDED and row.basis == Basis.NOTHING:
            ledger.reopen(row)  # a reservation of a render that went on after all, and that could not be opened then
        if row.closed_at is None:
            settle_ended(task, row, to)
    elif row.closed_at is None:
        ledger.stop_waiting(row)
    elif row.basis not in {Basis.SANDBOX, Basis.BILL} and not (row.basis == Basis.PERSON and row.settled):
        ledger.reopen(row)  # it goes on after all


def note_costs(task: Ended) -> None:
    """Keep in the task what it cost, as its reservations say."""
    costs = costs_of(task.pk)
    if any(getattr(task, name) != value for name, value in costs.items()):
        type(task).objects.filter(pk=task.pk).update(**costs)
        for name, value in costs.items():
            setattr(task, name, value)


def costs_of(task_id: UUID) -> dict[str, Any]:
    """Return the task's columns that say what it cost, from all its reservations. The basis is that of the last that cost something."""
    closed = Reservation.objects.filter(task_id=task_id, closed_at__isnull=False).exclude(basis=Basis.SANDBOX).order_by("number")
    rows = list(closed.values_list("settled", "basis"))
    if not rows:
        return {"cost_settled": None, "cost_basis": ""}
    basis = next((basis for settled, basis in reversed(rows) if settled), rows[-1][1])
    return {"cost_settled": sum(settled for settled, _basis in rows), "cost_basis": basis}


def settle_ended(task: Ended, row: Reservation, to: Status) -> None:
    """Settle or release the open reservation of a task that ends so, or keep it for a person."""
    try:
        worth = _charge(task, row)
        if worth is None and (to is Status.SUCCEEDED or task.rendered_at is not None):
            worth = _made(task, row) or Worth(amount=row.reserved, own=row.own_reserved, basis=Basis.ASKED)
    except ValueError as error:  # no column holds it: a person looks at it
        log.error("task %s: %s", task.pk, error)
        ledger.keep_for_person(row)
        return
    if worth is not None:
        ledger.settle(row, worth.amount, own=worth.own, basis=worth.basis)
    elif _may_be_charged(task, row):
        ledger.keep_for_person(row)
    else:
        ledger.release(row)


def end_without_render(task: Ended, row: Reservation) -> None:
    """Release the open reservation of a later sending, as the task followed the render of an earlier one; keep it for a person if a request
    that it pays for may have been accepted. A refusal of our reference as known says that there is one render only.
    """
    sent = task.attempts.filter(number__gt=row.sent_before, dispatch__in=MAYBE_PAID)
    if sent.exclude(error_code=DuplicateReference.default_code).exists():
        ledger.keep_for_person(row)
    else:
        ledger.release(row)


def _may_be_charged(task: Ended, row: Reservation) -> bool:
    """Return whether a task that ended without a render may have been charged.

    Vendors charge for finished videos only (so atlascloud.ai/docs/billing/refunds, read 2026-11-29): what a vendor ends is free unless it
    says that it charged it. What is unknown, or was given up while the vendor had it, is not known to be free.
    """
    if (task.charged_amount or 0) > 0:
        return True
    since = task.attempts.filter(number__gt=row.sent_before)
    if task.error_code == ABANDONED:
        # of a second sending the attempts say whether it left; a first one may have been sent since a backup that was restored
        return not row.sent_before or since.filter(dispatch__in=MAYBE_PAID).exists()
    if since.filter(dispatch__in=[Dispatch.SENDING, Dispatch.UNKNOWN]).exists():
        return True
    return not task.submission_id and since.filter(dispatch=Dispatch.ACCEPTED).exists()


def _charge(task: Ended, row: Reservation) -> Worth | None:
    """Return what the vendor's own charge is worth: of money, of units with a rate, or of tokens and seconds at the price of the order."""
    charged, unit = task.charged_amount, task.charged_unit
    if charged is None:
        return None
    if not charged:
        return Worth(amount=0, own=0, basis=Basis.CHARGED)
    if unit == row.currency and row.rate is not None:
        return Worth(amount=convert(charged, row.rate), own=micro(charged), basis=Basis.CHARGED)
    for rate, basis in ((rate_of(unit), Basis.CHARGED), (rate_of(unit, vendor=task.vendor), Basis.UNITS)):
        if rate is not None:
            return Worth(amount=convert(charged, rate), own=None, basis=basis)
    if unit in {"tokens", "seconds"}:
        return _at_price(task, row, Basis.USAGE, **{unit: charged})
    return None


def _made(task: Ended, row: Reservation) -> Worth | None:
    """Return what the videos cost by their length: as the vendor reported it, or else as it was measured."""
    reported = [float(output.get("duration_s") or 0) for output in task.outputs]
    measured = [max(1, int(seconds + 0.5)) for seconds in task.videos.values_list("duration_s", flat=True)]
    for lengths, basis in ((reported, Basis.REPORTED), (measured, Basis.MEASURED)):
        if lengths and all(lengths):
            worth = _at_price(task, row, basis, seconds=sum(lengths), videos=len(lengths))
            if worth is not None:
                return worth
    return None


def _at_price(task: Ended, row: Reservation, basis: str, **usage: Any) -> Worth | None:
    """Return what this usage costs at the prices of the order; None where they have none for it. Without a rate it counts as nothing."""
    own = made(tariff_read(row.tariff), task.params, resolution=_resolution(task), **usage) if row.tariff else None
    if own is None:
        return None
    return Worth(amount=0 if row.rate is None else convert(own, row.rate), own=micro(own), basis=basis)


def _resolution(task: Ended) -> str:
    """Return the resolution that was made, by the model's own names; empty where that is not known."""
    size = task.videos.values_list("width_px", "height_px").order_by("output_index").first()
    return resolution_made(task.spec, *size) if size and task.spec else ""
