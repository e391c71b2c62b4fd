"""/prices and /estimate: what models cost here, and what one order would."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from access.exchange import rate_of
from access.money import convert, decimal
from access.scopes import Scope
from api.auth import caller, needs
from api.v1.price_schemas import PriceOut, TierOut, price_out, tier_out
from api.v1.schemas import TEXT, ErrorOut, ModelName, SlotIn
from api.v1.tasks import assets_of
from generation.ordering.aliases import meant_by
from generation.ordering.first_values import enabled_accounts
from generation.ordering.prices import current
from generation.ordering.validate import check_request, require_model
from generation.places import serves
from generation.tariff import ceiling, estimate, price_for
from providers.vendors import ALL_MODELS, find_model

__all__ = ["router"]

router = Router(tags=["prices"])


class PriceFilter(Schema):
    model: str = Field("", max_length=120, pattern=TEXT, description="Only this model.")


class ModelPriceOut(Schema):
    """What a model costs. `source`: an administrator's own prices, or the vendor's list; null without a price."""

    model: str
    source: Literal["own", "list"] | None
    price: PriceOut | None


class PricesOut(Schema):
    items: list[ModelPriceOut]


class EstimateIn(Schema):
    """An order as POST /tasks takes it, without its prompt."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    params: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{}])
    inputs: dict[str, SlotIn] = Field(default_factory=dict, max_length=10, description="Slot name to asset ids.", examples=[{}])


class ConvertedOut(Schema):
    """The same in the portal's currency, by the rate that an administrator set."""

    amount: Decimal
    most: Decimal
    currency: str


class EstimateOut(Schema):
    """What one video would cost, in `currency`: probably `amount`, and `most` where the model chooses the length; null without a price.

    `converted` is null where that is the portal's currency, and without a rate. `price` is the one that holds for these params. If `billed`
    is false, only sandboxes offer the model, and nothing is paid.
    """

    amount: Decimal | None
    most: Decimal | None
    currency: str
    converted: ConvertedOut | None
    price: TierOut | None
    billed: bool


@router.get("/prices", response=PricesOut, summary="What models cost")
def list_prices(request: HttpRequest, wanted: Query[PriceFilter]) -> PricesOut:  # noqa: ARG001
    """List the prices that orders are estimated with now."""
    prices, only = current(), find_model(wanted.model) if wanted.model else None
    items = []
    for spec in ALL_MODELS.values():
        if not wanted.model or spec is only:
            tariff = prices.tariff(spec)
            source: Literal["own", "list"] = "own" if prices.is_own(spec.name) else "list"
            items.append(ModelPriceOut(model=spec.name, source=source if tariff else None, price=price_out(tariff) if tariff else None))
    return PricesOut(items=items)


@router.post(
    "/estimate", response={200: EstimateOut, 403: ErrorOut, 422: ErrorOut}, summary="What an order would cost", auth=needs(Scope.READ)
)
def post_estimate(request: HttpRequest, body: EstimateIn) -> EstimateOut:
    """Say what one video with these params and inputs would cost. Orders nothing; refuses what POST /tasks would refuse."""
    accounts, asking = enabled_accounts(), caller(request)
    inputs, only = assets_of(asking, body.inputs), asking.token.only if asking.token else ""
    spec, params = check_request(model=meant_by(body.model), prompt=None, params=body.params, inputs=inputs, accounts=accounts, only=only)
    require_model(asking.token, spec)
    tariff = current().tariff(spec)
    tier = price_for(tariff, dict(params))
    amount, most = estimate(tariff, params), ceiling(tariff, params)
    return EstimateOut(
        amount=amount,
        most=most,
        currency=tariff.currency if tariff else "",
        converted=_converted(amount, most, tariff.currency) if tariff else None,
        price=tier_out(tier) if tier else None,
        billed=any(account.offers(spec) and not account.sandbox and serves(account, only) for account in accounts),
    )


def _converted(amount: Decimal | None, most: Decimal | None, currency: str) -> ConvertedOut | None:
    rate = rate_of(currency)
    if amount is None or most is None or rate is None or currency == settings.CURRENCY:
        return None
    return ConvertedOut(amount=decimal(convert(amount, rate)), most=decimal(convert(most, rate)), currency=settings.CURRENCY)
