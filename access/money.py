"""Amounts of money as the ledger keeps them: whole millionths ("micro") of a currency. Pure.

SQLite has no decimal type: a DecimalField becomes a REAL there and its sums are not exact (django/db/backends/sqlite3/operations.py, read
2026-11-29). Integers are exact on both databases.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["MOST", "convert", "decimal", "micro"]

MOST = 9 * 10**18
"""The largest amount in micro: nine billion billion fits a 64-bit column."""
SCALE = 6
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""More digits than an amount of 16 and a rate of 18 have together: a product is rounded once, to micro."""


def micro(amount: Decimal) -> int:
    """Return the amount in micro, half a micro rounded up. Raise ValueError for a value that is not a number or is larger than `MOST`."""
    if not amount.is_finite():
        raise ValueError(f"{amount} is not an amount")
    found = int(EXACT.to_integral_value(EXACT.scaleb(amount, SCALE)))
    if abs(found) > MOST:
        raise ValueError(f"{amount} is too large")
    return found


def decimal(amount: int) -> Decimal:
    """Return an amount in micro as a decimal with six places."""
    return EXACT.scaleb(Decimal(amount), -SCALE)


def convert(amount: Decimal, rate: Decimal) -> int:
    """Return the amount times the rate, in micro. Raise ValueError as `micro` does."""
    return micro(EXACT.multiply(amount, rate))
