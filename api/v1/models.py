"""/models: the models that can be ordered."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from api.v1.schemas import ErrorOut, ModelOut, model_out
from generation.errors import NotThere
from generation.ordering.first_values import enabled_accounts
from generation.ordering.prices import current
from generation.ordering.tariff import Tariff
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = ["known_model", "router"]

router = Router(tags=["models"])


@router.get("", response=list[ModelOut], summary="All models")
def list_models(request: HttpRequest) -> list[ModelOut]:  # noqa: ARG001
    """List every model with the JSON Schema of its params and the images that it takes."""
    accounts = enabled_accounts()
    prices = current()
    return [_shown(spec, accounts, prices.tariff(spec)) for spec in ALL_MODELS.values()]


@router.get("/{provider}/{path:model}", response={200: ModelOut, 404: ErrorOut}, summary="One model")
def get_model(request: HttpRequest, provider: str, model: str) -> ModelOut:  # noqa: ARG001
    spec = known_model(provider, model)
    return _shown(spec, enabled_accounts(), current().tariff(spec))


def known_model(provider: str, model: str) -> ModelSpec:
    """Return the model of this address. Raises `NotThere`."""
    spec = ALL_MODELS.get(f"{provider}/{model}")
    if spec is None:
        raise NotThere(_("There is no such model. The list of models is at /api/v1/models."))
    return spec


def _shown(spec: ModelSpec, accounts: list[ProviderAccount], tariff: Tariff | None) -> ModelOut:
    offered = any(account.takes(spec) for account in accounts)
    return model_out(spec, PROVIDERS[spec.provider].label, available=offered, tariff=tariff)
