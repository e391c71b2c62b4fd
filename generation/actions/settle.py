"""Sets what a render cost, as a person says: where only the vendor's console or bill shows whether it was charged, or as a correction."""

from __future__ import annotations

import re
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from access import ledger
from access.callers import Caller
from access.ledger import AlreadyClosed
from access.ledger_models import Basis, Reservation
from access.money import decimal, micro
from events import audit
from generation.actions.decide import require_decider
from generation.errors import Conflict, InvalidRequest
from generation.models import GenerationTask
from generation.models.settling import note_costs

__all__ = ["MOST", "amount_typed", "correctable_of", "set_cost", "the_one_of", "waiting_of"]

MOST = 10**9
"""More than any render costs, in any currency: a typing error."""
LONGEST_REASON = 200
UNCLEAR = re.compile(r"\d,\d{3}$")
"""A thousand to some, and one to others."""


def waiting_of(task: GenerationTask) -> list[Reservation]:
    """Return the task's reservations that wait for a person."""
    return list(Reservation.objects.filter(task_id=task.pk, waits=True).order_by("number"))


def correctable_of(task: GenerationTask) -> list[Reservation]:
    """Return the task's closed reservations, whose cost may have been typed or calculated wrongly."""
    return list(Reservation.objects.filter(task_id=task.pk, closed_at__isnull=False).exclude(basis=Basis.SANDBOX).order_by("number"))


def the_one_of(task: GenerationTask, number: int | None) -> Reservation:
    """Return the reservation of the task's sending with this number; without a number the one that waits for a person, otherwise the last.
    Raise `Conflict` if there is none, `InvalidRequest` if several wait.
    """
    rows = list(Reservation.objects.filter(task_id=task.pk).order_by("number"))
    if not rows:
        raise Conflict(_("Nothing was bought for this task."), code="nothing_bought")
    chosen = [row for row in rows if row.number == number] if number else [row for row in rows if row.waits] or rows[-1:]
    if len(chosen) != 1:
        words = _("Choose one of: %(names)s.") % {"names": ", ".join(str(row.number) for row in rows)}
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"sending": words})
    return chosen[0]


def amount_typed(typed: str) -> Decimal:
    """Return the amount that was typed into a form. Raise `InvalidRequest` for what is none."""
    try:
        amount = Decimal(typed.strip().replace(",", "."))
        right = amount.is_finite() and 0 <= amount <= MOST and not UNCLEAR.search(typed.strip())
    except ArithmeticError:
        right = False
    if not right:
        words = _("Write the amount in %(currency)s, such as 3.50.") % {"currency": settings.CURRENCY}
        raise InvalidRequest(words, fields={"amount": words})
    return amount


def set_cost(row: Reservation, amount: Decimal, *, by: Caller, reason: str = "", seen: int | None = None, is_first: bool = False) -> None:
    """Store what this purchase cost, in PORTAL_CURRENCY; 0: it was not charged. Only for those who decide reviews. What is known already is
    corrected, for a `reason` that the audit log keeps.

    The same decision sent twice is made once. `seen` is the cost, in micro, that the person corrects; `is_first`: it is of a page on which
    nobody has decided yet, and corrects nothing. Raise `Conflict` if that has changed, and while the render goes on or is in review, as its
    end settles it.
    """
    require_decider(by)
    try:
        with transaction.atomic():
            task = GenerationTask.objects.select_for_update().get(pk=row.task_id)
            row = Reservation.objects.get(pk=row.pk)
            if row.settled != micro(amount) and ((is_first and row.closed_at is not None) or seen not in {None, row.settled}):
                raise _changed()
            if row.closed_at is not None:
                _correct(row, micro(amount), by, " ".join(reason.replace("\x00", "").split()))
            elif row.waits:
                ledger.settle(row, micro(amount), basis=Basis.PERSON)
                audit.record("ledger.settled", row, by=by, after={"settled": str(decimal(micro(amount))), "currency": settings.CURRENCY})
            else:
                raise Conflict(_("It is still being rendered. What it costs is settled when it ends."), code="not_waiting")
            note_costs(task)
    except AlreadyClosed as other:
        raise _changed() from other


def _changed() -> Conflict:
    return Conflict(_("Someone else changed the cost at the same time. Check it again."), code="already_settled")


def _correct(row: Reservation, amount: int, by: Caller, reason: str) -> None:
    if row.basis == Basis.SANDBOX:
        raise Conflict(_("A sandbox rendered it, which is never billed."), code="sandbox")
    if row.settled == amount:
        return
    if not reason or len(reason) > LONGEST_REASON:
        words = _("Say why, in %(most)d characters at most. The audit log keeps it.") % {"most": LONGEST_REASON}
        raise InvalidRequest(words, fields={"reason": words})
    ledger.correct(row, amount, by=by, reason=reason)
