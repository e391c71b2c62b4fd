"""The Studio's form: its first values, and its submission. A form becomes one or more tasks, once, however often it is sent.

The form has the key of its page; key and content together identify the order, so a double press orders nothing twice and a changed form is
a new order (docs/adr/0014).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group, User

from generation.errors import OrdersRefused
from generation.models import Asset, GenerationTask
from generation.ordering.create import create_many
from generation.ordering.order import Order, digest_of
from generation.ordering.page_keys import stored_key
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["MOST_VIDEOS", "enabled_accounts", "filled_from", "first_choice", "largest_seed", "order_videos"]

MOST_VIDEOS = 4


def enabled_accounts() -> list[ProviderAccount]:
    """Return every enabled account."""
    return list(ProviderAccount.objects.enabled())


def first_choice(user: User, accounts: Sequence[ProviderAccount]) -> ModelSpec:
    """Return the model of the user's last task if one of the accounts offers it; otherwise the first that is offered, preferably one that
    needs only a prompt.
    """
    offered = [spec for spec in ALL_MODELS.values() if not spec.retired and any(one.offers(spec) for one in accounts)]
    last = GenerationTask.objects.filter(owner=user).order_by("-id").values_list("model", flat=True).first()
    known = offered or list(ALL_MODELS.values())
    plain = [spec for spec in known if not spec.needed_slots and not spec.needed_params]
    return next((spec for spec in offered if spec.name == last), (plain or known)[0])


def filled_from(task: GenerationTask, parts: Collection[str], spec: ModelSpec) -> tuple[dict[str, Any], dict[str, list[Asset]]]:
    """Return values for the form, and images by slot: the `parts` (prompt, settings, images) for which the model has fields."""
    values: dict[str, Any] = {}
    pictures: dict[str, list[Asset]] = {}
    if "prompt" in parts:
        values["prompt"] = task.prompt.text
    if "settings" in parts:
        values |= {name: value for name, value in task.params.items() if name in spec.params.model_fields}
    if "images" in parts:
        pictures = {slot: assets for slot, assets in task.images().items() if spec.slot(slot)}
    return values, pictures


def order_videos(
    *,
    owner: User,
    team: Group | None = None,
    spec: ModelSpec,
    prompt: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[Asset]],
    count: int,
    page: UUID,
    made_from: Mapping[str, Any] | None = None,
    collection_id: UUID | None = None,
) -> tuple[list[GenerationTask], bool]:
    """Order `count` videos. Return their tasks, oldest first, and whether any is new: content that was ordered since the page was rendered,
    from this form or in another tab, is not ordered again. Raises `InvalidRequest` or `Conflict`.
    """
    pictures = {slot: [str(asset.pk) for asset in assets] for slot, assets in inputs.items()}
    into = [one for one in (team and team.pk, collection_id) if one]
    intent = digest_of(spec.name, prompt, dict(params), pictures, count, *into)
    keys = [stored_key(page, intent[:16], number) for number in range(count)]
    since = list(GenerationTask.objects.filter(owner=owner, request_digest=intent, id__gt=page).order_by("id"))
    if since and keys[0] not in {task.idempotency_key for task in since}:
        return since[-count:], False
    orders = [
        Order(
            owner=owner,
            team=team,
            model=spec.name,
            prompt=prompt,
            params=_varied(spec, params, number, count),
            inputs=inputs,
            made_from=made_from or {},
            collection_id=collection_id,
            idempotency_key=key,
            intent=intent,
        )
        for number, key in enumerate(keys)
    ]
    try:
        placed = create_many(orders)
    except OrdersRefused as refused:
        raise next(iter(refused.errors.values())) from None
    return [one.task for one in placed], any(one.is_new for one in placed)


def _varied(spec: ModelSpec, params: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """Return the params with another seed for each video: with one seed they would all be the same video."""
    seed = params.get("seed")
    if not isinstance(seed, int) or count == 1:
        return dict(params)
    return {**params, "seed": min(seed, largest_seed(spec) - count + 1) + number}


def largest_seed(spec: ModelSpec) -> int:
    """Return the largest seed that the model takes."""
    schema = spec.json_schema()["properties"].get("seed", {})
    branches = [schema, *schema.get("anyOf", [])]
    return next((int(branch["maximum"]) for branch in branches if "maximum" in branch), 2**31 - 1)
