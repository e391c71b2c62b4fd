"""Takes over the amounts of a bill: a purchase costs the sum of its rows, and a purchase that is not on the bill costs nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from access import ledger
from access.callers import Caller
from access.ledger import AlreadyClosed
from access.ledger_models import Basis, Reservation
from access.money import convert, decimal
from events import audit
from generation.actions.decide import require_decider
from generation.bills.bills import check_of, note_result
from generation.bills.matching import Check, Found, Here
from generation.bills.purchases import worth_of
from generation.errors import Conflict, PortalError
from generation.models import Bill, GenerationTask
from generation.models.settling import note_costs

__all__ = ["MOST_AT_ONCE", "take_over", "takeable", "why_not"]

MOST_AT_ONCE = 1_000


def why_not(one: Found | Here) -> str:
    """Return why the bill's amount of this purchase cannot be taken over; empty if it can."""
    purchase = one.purchase
    if isinstance(one, Here):
        if not purchase.waits:
            return "" if purchase.is_closed else _("Decide its review first.")
        rows = ", ".join(map(str, one.maybe[:5]))
        return _("Row %(rows)s may be this purchase.") % {"rows": rows} if rows else ""
    if one.theirs < 0:
        return _("The refunds are larger than the charges.")
    if not purchase.is_closed and not purchase.waits:
        return _("Decide its review first.") if purchase.is_unknown else _("It is still being rendered.")
    return ""


def takeable(check: Check) -> Mapping[UUID, int]:
    """Return by purchase the amounts that may be taken over, in micro of the bill's currency. A purchase that is not on the bill costs
    nothing if it was not known whether it was charged; a settled one is left out, because it may be on the next bill.
    """
    differing = {one.purchase.pk: one.theirs for one in check.differs if not why_not(one)}
    free = {one.purchase.pk: 0 for one in check.only_here if one.purchase.waits and not why_not(one)}
    return differing | free


def take_over(bill: Bill, *, by: Caller, purchases: Collection[UUID] | None = None) -> tuple[int, list[str]]:
    """Set the cost of these purchases to the bill's amounts; without `purchases`, of all whose amounts differ, at most `MOST_AT_ONCE`.
    Return how many were set, and why others were not. Raise `NotAllowed`; `Conflict` if a named one can no longer be taken over.
    """
    require_decider(by)
    check = check_of(bill)
    offered = takeable(check)
    if purchases is None:
        wanted = [one.purchase.pk for one in check.differs if one.purchase.pk in offered][:MOST_AT_ONCE]
    elif any(pk not in offered for pk in purchases):
        raise Conflict(_("The comparison has changed. Check it again."), code="already_settled")
    else:
        wanted = list(dict.fromkeys(purchases))
    done, refusals = 0, list[str]()
    for pk in wanted:
        try:
            _take(bill, pk, offered[pk], by)
            done += 1
        except PortalError as refusal:
            refusals.append(refusal.message)
    if done:
        with transaction.atomic():
            audit.record("bill.taken_over", bill, by=by, after={"purchases": done, "currency": bill.currency})
        note_result(bill)
    return done, refusals


def _take(bill: Bill, pk: UUID, theirs: int, by: Caller) -> None:
    try:
        with transaction.atomic():
            task = GenerationTask.objects.select_for_update().get(pk=Reservation.objects.values_list("task_id", flat=True).get(pk=pk))
            row = Reservation.objects.get(pk=pk)
            amount, own = _amount(bill, row, theirs), theirs if row.currency == bill.currency else None
            if row.closed_at is not None:
                if row.basis == Basis.SANDBOX:
                    raise Conflict(_("A sandbox rendered it, which is never billed."), code="sandbox")
                ledger.correct(row, amount, by=by, basis=Basis.BILL, reason=bill.file_name, own=own)
            elif row.waits:
                ledger.settle(row, amount, basis=Basis.BILL, own=own)
                audit.record("ledger.settled", row, by=by, after={"settled": str(decimal(amount)), "basis": Basis.BILL, "bill": bill})
            else:
                raise Conflict(_("It is still being rendered. What it costs is settled when it ends."), code="not_waiting")
            note_costs(task)
    except AlreadyClosed as other:
        words = _("Someone else changed the cost at the same time. Check it again.")
        raise Conflict(words, code="already_settled") from other


def _amount(bill: Bill, row: Reservation, theirs: int) -> int:
    """Return the bill's amount in micro of PORTAL_CURRENCY."""
    rate = worth_of(row, bill.currency).rate
    if theirs and rate is None:
        words = _("No rate is known for %(currency)s. Set one in the admin, at Rates.") % {"currency": bill.currency}
        raise Conflict(words, code="no_rate")
    try:
        return convert(decimal(theirs), rate) if rate is not None else 0
    except ValueError as error:
        raise Conflict(_("The amount is too large."), code="too_large") from error
