"""/models: the models that can be ordered."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from access.models import ApiToken
from api.auth import caller
from api.v1.schemas import ErrorOut, ModelOut, model_out
from generation.errors import NotThere
from generation.ordering.first_values import enabled_accounts
from generation.ordering.prices import current
from generation.places import serves
from generation.tariff import Tariff
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = ["known_model", "router"]

router = Router(tags=["models"])


@router.get("", response=list[ModelOut], summary="All models")
def list_models(request: HttpRequest) -> list[ModelOut]:
    """List every model that the token may order, with the JSON Schema of its params and the images that it takes."""
    accounts, token = enabled_accounts(), caller(request).token
    prices = current()
    allowed = [spec for name, spec in ALL_MODELS.items() if token is None or token.may_order(name)]
    return [_shown(spec, accounts, prices.tariff(spec), token) for spec in allowed]


@router.get("/{provider}/{path:model}", response={200: ModelOut, 404: ErrorOut}, summary="One model")
def get_model(request: HttpRequest, provider: str, model: str) -> ModelOut:
    spec = known_model(request, provider, model)
    return _shown(spec, enabled_accounts(), current().tariff(spec), caller(request).token)


def known_model(request: HttpRequest, provider: str, model: str) -> ModelSpec:
    """Return the model of this address, if the caller's token may order it. Raises `NotThere`."""
    spec, token = ALL_MODELS.get(f"{provider}/{model}"), caller(request).token
    if spec is None or not (token is None or token.may_order(spec.name)):
        raise NotThere(_("There is no such model. The list of models is at /api/v1/models."))
    return spec


def _shown(spec: ModelSpec, accounts: list[ProviderAccount], tariff: Tariff | None, token: ApiToken | None) -> ModelOut:
    offered = any(account.takes(spec) and serves(account, token.only if token else "") for account in accounts)
    return model_out(spec, PROVIDERS[spec.provider].label, available=offered, tariff=tariff)
