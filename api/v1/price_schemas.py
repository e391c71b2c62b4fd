"""Prices as the API shows them: of a model, and one of several for some settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ninja import Schema
from pydantic import Field

from generation.tariff import Tariff
from providers.core.catalog import Tier

__all__ = ["PriceOut", "TierOut", "price_out", "tier_out"]


class TierOut(Schema):
    """A price that holds if all options of `when` have these values, written as text. The one with most options holds."""

    amount: Decimal
    unit: Literal["second", "video", "token"] = Field(description="`token`: for a million tokens.")
    when: dict[str, str]


class PriceOut(Schema):
    """What the model costs where none of `tiers` holds; without such a price, the highest of them."""

    amount: Decimal
    unit: Literal["second", "video", "token"]
    currency: str
    tiers: list[TierOut]


def price_out(tariff: Tariff) -> PriceOut:
    """Return all prices of a model."""
    special = [tier for tier in tariff.tiers if tier.when or tier.unit == "token"]
    facts = {"amount": tariff.base.amount, "unit": tariff.base.unit, "currency": tariff.currency}
    return PriceOut.model_validate({**facts, "tiers": [tier_out(tier) for tier in special]})


def tier_out(tier: Tier) -> TierOut:
    """Return one price."""
    return TierOut.model_validate({"amount": tier.amount, "unit": tier.unit, "when": dict(tier.when)})
