"""With what the Studio opens: a model that can be had, and the values of an earlier task. Read only."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User

from generation.models import Asset, GenerationTask
from generation.services.steer import inputs_of
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["filled_from", "first_choice", "usable_accounts"]


def usable_accounts() -> list[ProviderAccount]:
    """Every enabled account."""
    return list(ProviderAccount.objects.filter(enabled=True))


def first_choice(user: User) -> ModelSpec:
    """The model of the person's last task while it can be had; otherwise the newest that takes bare text."""
    accounts = usable_accounts()
    offered = [spec for spec in ALL_MODELS.values() if not spec.retired and any(one.offers(spec) for one in accounts)]
    last = GenerationTask.objects.filter(owner=user).order_by("-id").values_list("model", flat=True).first()
    for spec in offered:
        if spec.name == last:
            return spec
    from_text = [spec for spec in offered or ALL_MODELS.values() if not any(slot.min_count for slot in spec.slots)]
    return from_text[0]


def filled_from(task: GenerationTask, parts: Collection[str], spec: ModelSpec) -> tuple[dict[str, Any], dict[str, list[Asset]]]:
    """Values for the form and images by slot: prompt, settings, images, as far as the model has a place for them."""
    values: dict[str, Any] = {}
    pictures: dict[str, list[Asset]] = {}
    if "prompt" in parts:
        values["prompt"] = task.prompt.text
    if "settings" in parts:
        values |= {name: value for name, value in task.params.items() if name in spec.params.model_fields}
    if "images" in parts:
        pictures = {slot: assets for slot, assets in inputs_of(task).items() if spec.slot(slot)}
    return values, pictures
