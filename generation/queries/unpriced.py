"""The models that billed accounts offer and of which the portal cannot say what they cost: a budget refuses them. Read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from access.exchange import rate_of
from generation.ordering.first_values import enabled_accounts
from generation.ordering.prices import current
from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS

__all__ = ["Unpriced", "unpriced"]


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """Models `without_price`, and by currency those whose price is in one for which nobody has set a rate."""

    without_price: Sequence[ModelSpec]
    without_rate: Mapping[str, Sequence[ModelSpec]]

    @property
    def models(self) -> list[ModelSpec]:
        """Return all of them."""
        return [*self.without_price, *(spec for specs in self.without_rate.values() for spec in specs)]


def unpriced() -> Unpriced:
    """Look at all models, in three queries at most."""
    accounts, prices = [account for account in enabled_accounts() if not account.sandbox], current()
    without_price: list[ModelSpec] = []
    without_rate: dict[str, list[ModelSpec]] = {}
    for spec in ALL_MODELS.values():
        if any(account.takes(spec) for account in accounts):
            tariff = prices.tariff(spec)
            if tariff is None:
                without_price.append(spec)
            elif rate_of(tariff.currency) is None:
                without_rate.setdefault(tariff.currency, []).append(spec)
    return Unpriced(without_price=without_price, without_rate=without_rate)
