"""What every model costs here, as it is now: own prices and list prices, read from the database at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from generation.tariff import Tariff, tariff_of
from providers.core.catalog import ModelSpec, Tier
from providers.models import ModelPrice

__all__ = ["PriceBook", "current", "forget"]


@dataclass(frozen=True)
class PriceBook:
    """This installation's own prices, by model: their currency and the prices."""

    own: Mapping[str, tuple[str, tuple[Tier, ...]]]

    def tariff(self, spec: ModelSpec) -> Tariff | None:
        """Return what the model costs; None without a price of ours and without a list price."""
        currency, tiers = self.own.get(spec.name, ("", ()))
        return tariff_of(spec, tiers, currency)

    def is_own(self, model: str) -> bool:
        """Return whether an administrator set prices for this model."""
        return model in self.own


class _Kept:
    book: PriceBook | None = None
    at_s = 0.0
    lock = threading.Lock()


def current() -> PriceBook:
    """Return the prices as they were at most `settings.PRICES_KEPT_S` seconds ago."""
    kept = _Kept.book
    if kept is not None and time.monotonic() - _Kept.at_s <= settings.PRICES_KEPT_S:
        return kept
    with _Kept.lock:
        at_s = time.monotonic()
        _Kept.book = book = _read()
        _Kept.at_s = at_s
    return book


def forget() -> None:
    """Read again at the next use: this process changed a price."""
    _Kept.book = None


def _read() -> PriceBook:
    own: dict[str, tuple[str, tuple[Tier, ...]]] = {}
    for row in ModelPrice.objects.order_by("model", "when", "pk"):
        currency, tiers = own.get(row.model, (row.currency, ()))
        if row.currency == currency:  # the form allows no other
            own[row.model] = (currency, (*tiers, row.tier))
    return PriceBook(own)
