"""Keeps the page of a large bill for a while: comparing 50,000 rows takes seconds (docs/adr/0035)."""

from __future__ import annotations

from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from django.utils.translation import get_language

from access.ledger_models import Basis, Rate, Reservation
from generation.bills.bills import check_of
from generation.bills.matching import Check
from generation.models import Bill
from generation.ordering.order import digest_of
from web.presenters.bills import BillPage, bill_page

__all__ = ["page_of"]

LARGE = 5_000
"""Rows, from which on comparing takes longer than a reader likes to wait."""
KEPT = timedelta(minutes=10)


def page_of(bill: Bill, check: Check | None = None) -> BillPage:
    """Return the page of a bill, of a large one as it was a few minutes ago if nothing was bought, settled or corrected at its vendor.
    `check`: how it compares now, where that is known.
    """
    if bill.rows < LARGE:
        return bill_page(bill, check or check_of(bill))
    key = "bill-page:" + digest_of(bill.pk, bill.checked_at, bill.result, *_of_reader(), _state_of_money(bill.vendor))
    page: BillPage | None = cache.get(key) if check is None else None
    if page is None:
        page = bill_page(bill, check or check_of(bill))
        cache.set(key, page, KEPT.total_seconds())
    return page


def _of_reader() -> tuple[str | None, str]:
    return get_language(), timezone.get_current_timezone_name()


def _state_of_money(vendor: str) -> list[str]:
    """Return sums that are others after nearly every change of a purchase at this vendor, and after each of a rate."""
    sums = Reservation.objects.filter(vendor=vendor).aggregate(
        all=Count("pk"),
        closed=Count("closed_at"),
        waiting=Count("pk", filter=Q(waits=True)),
        decided=Count("pk", filter=Q(basis__in=[Basis.PERSON, Basis.BILL])),
        reserved=Sum("reserved"),
        settled=Sum("settled"),
        last=Max("closed_at"),
    )
    return [str(value) for value in (*sums.values(), Rate.objects.aggregate(last=Max("updated_at"))["last"])]
