"""What the Studio's button does: one form becomes one or more tasks, however often it is sent.

The form carries a key; key and content together name the order, so a double press makes nothing twice and a changed form is a new order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User

from generation.errors import Conflict
from generation.models import Asset, GenerationTask
from generation.services.create import create_task, replay, request_digest
from providers.core.catalog import ModelSpec

__all__ = ["MOST_VIDEOS", "order_videos"]

MOST_VIDEOS = 4
KEY_CHARS = 64


def order_videos(
    *, owner: User, spec: ModelSpec, prompt: str, params: Mapping[str, Any], inputs: Mapping[str, Sequence[Asset]], count: int, key: str
) -> list[GenerationTask]:
    """`count` queued tasks, oldest first; the same key and content give the same tasks. Raises `InvalidRequest` or `Conflict`."""
    pictures = {slot: [str(asset.pk) for asset in assets] for slot, assets in inputs.items()}
    digest = request_digest(spec.name, prompt, dict(params), pictures, count)
    tasks: list[GenerationTask] = []
    for number in range(count):
        one_key = f"form-{key[:KEY_CHARS]}-{digest[:16]}-{number}" if key else ""
        task = replay(owner, one_key, digest)
        if task is None:
            task = _create(owner, spec, prompt, _varied(spec, params, number, count), inputs, one_key, digest, tasks[0] if tasks else None)
        tasks.append(task)
    return tasks


def _create(
    owner: User,
    spec: ModelSpec,
    prompt: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[Asset]],
    key: str,
    digest: str,
    first: GenerationTask | None,
) -> GenerationTask:
    """The second of two presses at the same moment finds the first one's task."""
    try:
        return create_task(
            owner=owner,
            model=spec.name,
            prompt=prompt,
            params=params,
            inputs=inputs,
            idempotency_key=key,
            digest=digest,
            ordered_with=first,
        )
    except Conflict:
        stored = replay(owner, key, digest)
        if stored is None:
            raise
        return stored


def _varied(spec: ModelSpec, params: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """Several videos from one seed take neighbouring seeds, or they would all be the same video."""
    changed = dict(params)
    seed = changed.get("seed")
    if isinstance(seed, int) and count > 1:
        most = highest_seed(spec)
        changed["seed"] = min(seed, most - count + 1) + number
    return changed


def highest_seed(spec: ModelSpec) -> int:
    """The largest seed that the model takes."""
    schema = spec.json_schema()["properties"].get("seed", {})
    branches = [schema, *schema.get("anyOf", [])]
    return next((int(branch["maximum"]) for branch in branches if "maximum" in branch), 2**31 - 1)
