"""A field for an amount in PORTAL_CURRENCY: typed and shown as money, handled as the ledger keeps it, in micro."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from access.money import decimal, micro
from web.formatting import CURRENCY_SIGNS

__all__ = ["MoneyField"]

MOST_DIGITS, PLACES = 15, 6


class MoneyField(forms.DecimalField):
    """An amount of 0 to 999,999,999.999999; cleaned and initial values are micro."""

    def __init__(self, **facts: Any) -> None:
        unit = CURRENCY_SIGNS.get(settings.CURRENCY, settings.CURRENCY)
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "data-unit": unit})
        super().__init__(min_value=Decimal(0), max_digits=MOST_DIGITS, decimal_places=PLACES, widget=widget, **facts)

    def clean(self, value: Any) -> int | None:
        amount = super().clean(value)
        return None if amount is None else micro(amount)

    def prepare_value(self, value: Any) -> Any:
        return f"{decimal(value).normalize():f}" if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
