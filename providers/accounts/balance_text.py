"""Amounts in a vendor's units, in words."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.core.types import Balance

__all__ = ["balance_words", "in_unit"]

UNITS = {
    "credits": gettext_lazy("%(amount)s credits"),
    "seconds": gettext_lazy("%(amount)s seconds"),
    "tokens": gettext_lazy("%(amount)s tokens"),
    "units": gettext_lazy("%(amount)s units"),
}


def balance_words(left: Balance) -> str:
    """Write a balance as `10,000 credits`, in the reader's language; a unit that `UNITS` lacks keeps the vendor's word."""
    whole = left.amount == left.amount.to_integral_value()
    amount = number_format(left.amount, 0 if whole else 2, use_l10n=True, force_grouping=True)
    return in_unit(amount, left.unit)


def in_unit(amount: str, unit: str) -> str:
    """Write an amount with its unit."""
    return UNITS[unit] % {"amount": amount} if unit in UNITS else _("%(amount)s %(unit)s") % {"amount": amount, "unit": unit}
