"""What money of other currencies, and vendors' own units, are worth in PORTAL_CURRENCY: the rates that administrators set."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings

from access.ledger_models import Rate

__all__ = ["forget", "rate_of"]


class _Kept:
    """The rates by vendor and unit as this process last read them, and when, in seconds of the monotonic clock."""

    rates: Mapping[tuple[str, str], Decimal] = {}
    at_s = float("-inf")
    lock = threading.Lock()


def rate_of(unit: str, *, vendor: str = "") -> Decimal | None:
    """Return what one unit is worth: of a currency, or with `vendor` of that vendor's own. None where nobody has set it."""
    if not vendor and unit == settings.CURRENCY:
        return Decimal(1)
    if time.monotonic() - _Kept.at_s >= settings.BUDGETS_KEPT_S:
        with _Kept.lock:
            at_s = time.monotonic()
            _Kept.rates = {(row.vendor, row.unit): row.rate for row in Rate.objects.all()}
            _Kept.at_s = at_s
    return _Kept.rates.get((vendor, unit))


def forget() -> None:
    """Read the rates again at the next use: this process changed one."""
    _Kept.at_s = float("-inf")
