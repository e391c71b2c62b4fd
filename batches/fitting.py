"""Fits the settings and images of an order to another model, and chooses cheap settings for drafts. What does not fit is named."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from generation.errors import InvalidRequest
from generation.models import Asset
from generation.ordering.prices import current
from generation.ordering.validate import check_request
from generation.tariff import Tariff, ceiling, short_side_px
from providers.core.catalog import InputConflict, ModelSpec
from providers.models import ProviderAccount

__all__ = ["Fitted", "LeftOut", "draft_of", "fitted", "unasked"]

SIZE, LENGTH = "resolution", "duration_s"


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Something of an order that a model does not take: the `field` as orders name it ("params.resolution"), and why."""

    field: str
    value: Any
    why: str


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Settings and images that a model takes, and what of the wanted ones it does not."""

    params: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Asset]]
    left_out: Sequence[LeftOut]


def fitted(
    spec: ModelSpec,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[Asset]],
    *,
    accounts: Collection[ProviderAccount],
    only: str = "",
    quiet: Collection[str] = (),
) -> Fitted:
    """Return what of these settings and images the model takes. Settings in `quiet` are not named where it has none of that name: nobody
    asked for them. The prompt is not looked at; the check of the order reports what the model still needs.
    """
    kept = {name: _spelled(spec, name, value) for name, value in params.items() if name in spec.params.model_fields}
    images = {slot: assets for slot, assets in inputs.items() if assets and spec.slot(slot)}
    no_setting = _("%(model)s has no such setting.") % {"model": spec.label}
    no_image = _("%(model)s takes no image here.") % {"model": spec.label}
    left_out = [
        LeftOut(field=f"params.{name}", value=value, why=no_setting)
        for name, value in params.items()
        if name not in kept and name not in quiet
    ]
    left_out += [
        LeftOut(field=f"inputs.{slot}", value=len(assets), why=no_image) for slot, assets in inputs.items() if assets and slot not in images
    ]
    while True:
        try:
            check_request(model=spec.name, prompt=None, params=kept, inputs=images, accounts=accounts, only=only)
        except InvalidRequest as error:
            paths = ((path.split("."), why) for path, why in error.fields.items())
            refused = {path[1]: why for path, why in paths if path[0] == "params" and path[1] in kept}
            if refused:
                left_out += [LeftOut(field=f"params.{name}", value=kept.pop(name), why=why) for name, why in refused.items()]
                continue
        return Fitted(params=kept, inputs=images, left_out=left_out)


def unasked(params: Mapping[str, Any], spec: ModelSpec | None) -> set[str]:
    """Return the settings that nobody chose: empty ones, and minor ones that have the default of the model whose form they come from."""
    schemas = spec.json_schema()["properties"] if spec else {}
    minor = {name: schema.get("default") for name, schema in schemas.items() if not schema.get("main")}
    return {name for name, value in params.items() if value in (None, "", []) or (name in minor and value == minor[name])}


def _spelled(spec: ModelSpec, name: str, value: Any) -> Any:
    """Return the value as the model spells it: 720p and 720P are the same."""
    choices = spec.json_schema()["properties"][name].get("enum", ()) if isinstance(value, str) else ()
    return next((choice for choice in choices if str(choice).lower() == value.lower()), value)


def draft_of(spec: ModelSpec, params: Mapping[str, Any], slots: Mapping[str, int]) -> dict[str, Any]:
    """Return these settings as cheap as the model renders them: a smaller size, a shorter length, and what else its price depends on.

    `slots` has the number of images by slot. Without a price: the smallest size, the shortest length.
    """
    tariff, best = current().tariff(spec), dict(params)
    for name in _dear(spec, tariff):
        tries = [best, *(best | {name: value} for value in _choices(spec, name))]
        best = min(tries, key=lambda values: _rank(spec, values, slots, tariff))
    return best


def _dear(spec: ModelSpec, tariff: Tariff | None) -> Iterator[str]:
    """Yield the settings that a price may depend on."""
    named = {name for tier in tariff.tiers for name in tier.when} - spec.params.offline.keys() if tariff else set()
    yield from (name for name in (SIZE, *sorted(named - {SIZE, LENGTH}), LENGTH) if name in spec.params.model_fields)


def _choices(spec: ModelSpec, name: str) -> list[Any]:
    schema = spec.json_schema()["properties"][name]
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [False]
    return [schema["minimum"]] if "minimum" in schema else []


def _rank(spec: ModelSpec, values: Mapping[str, Any], slots: Mapping[str, int], tariff: Tariff | None) -> tuple[float, float, float]:
    """Return a number that is lower for cheaper settings, and infinite for settings that the model refuses together."""
    try:
        params = spec.params.model_validate(dict(values))
        params.check_inputs(slots)
    except (ValidationError, InputConflict):
        return inf, inf, inf
    cost = ceiling(tariff, params)
    if cost is not None:
        return float(cost), 0.0, 0.0
    return 0.0, float(short_side_px(str(getattr(params, SIZE, "")))), float(getattr(params, LENGTH, None) or 0)
