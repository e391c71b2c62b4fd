"""A wish becomes a row: everything is checked first, nothing is stored when anything is wrong, nothing is sent from here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from access.models import ApiToken
from database import clock
from generation.errors import Conflict, InvalidRequest
from generation.models import GenerationTask, Prompt, TaskEvent, TaskInput
from generation.ordering.estimate import estimate_cost, price_of
from generation.ordering.validate import Inputs, check_request

__all__ = ["create_once", "create_task", "key_reused", "replay", "request_digest"]


def create_task(
    *,
    owner: User,
    model: str,
    prompt: str,
    params: Mapping[str, Any],
    inputs: Inputs | None = None,
    source: str = Prompt.Source.TYPED,
    token: ApiToken | None = None,
    external_id: str = "",
    metadata: Mapping[str, Any] | None = None,
    idempotency_key: str = "",
    digest: str = "",
    retry_of: GenerationTask | None = None,
    ordered_with: GenerationTask | None = None,
) -> GenerationTask:
    """Return a queued task, which the clock starts. Raises `InvalidRequest` or `Conflict`; then nothing is stored."""
    spec, checked = check_request(model=model, prompt=prompt, params=params, inputs=inputs or {})
    now, price = clock.now(), price_of(spec)
    try:
        with transaction.atomic():
            words = _prompt(owner, prompt, getattr(checked, "negative_prompt", "") or "", source, retry_of or ordered_with)
            task = GenerationTask.objects.create(
                owner=owner,
                token=token,
                prompt=words,
                model=spec.name,
                params=checked.model_dump(mode="json"),
                due_at=now,
                created_at=now,
                updated_at=now,
                external_id=external_id,
                metadata=dict(metadata or {}),
                idempotency_key=idempotency_key,
                request_digest=digest,
                retry_of=retry_of,
                cost_estimated=estimate_cost(price, checked),
                currency=price.currency if price else "",
            )
            _store_inputs(task, inputs or {})
            TaskEvent.objects.create(task=task, at=now, to_status=task.status)
    except IntegrityError as error:
        raise _taken(owner, external_id, idempotency_key) or error from error
    return task


def create_once(*, owner: User, idempotency_key: str, digest: str, **order: Any) -> GenerationTask:
    """Create the task of this key, or return the one that another request with this key stored first."""
    try:
        return create_task(owner=owner, idempotency_key=idempotency_key, digest=digest, **order)
    except Conflict:
        stored = replay(owner, idempotency_key, digest)
        if stored is None:
            raise
        return stored


def _prompt(owner: User, text: str, negative_text: str, source: str, earlier: GenerationTask | None) -> Prompt:
    """One prompt, many tasks: that of the task which this one repeats or was ordered with, where the owner and the words are the same."""
    said = {"owner_id": owner.pk, "text": text, "negative_text": negative_text}
    if earlier is not None and all(getattr(earlier.prompt, name) == value for name, value in said.items()):
        return earlier.prompt
    return Prompt.objects.create(**said, source=source)


def _store_inputs(task: GenerationTask, inputs: Inputs) -> None:
    TaskInput.objects.bulk_create(
        TaskInput(task=task, slot=slot, position=position, asset=asset)
        for slot, assets in inputs.items()
        for position, asset in enumerate(assets)
    )


def _taken(owner: User, external_id: str, idempotency_key: str) -> Conflict | None:
    """Which of the two unique keys was taken meanwhile; None when it was neither."""
    mine = GenerationTask.objects.filter(owner=owner)
    if external_id and mine.filter(external_id=external_id).exists():
        return Conflict(_("You already have a task with this external_id."), code="external_id_taken")
    if idempotency_key and mine.filter(idempotency_key=idempotency_key).exists():
        return Conflict(_("The same request is being stored right now. Ask again in a moment."), code="idempotency_in_flight")
    return None


def request_digest(*parts: Any) -> str:
    """A fingerprint of a request body, to tell a repeat from another request under the same key."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def replay(owner: User, idempotency_key: str, digest: str) -> GenerationTask | None:
    """The task that this key already made; None for a new key. Raises `InvalidRequest` when the key was used for another request."""
    if not idempotency_key:
        return None
    task = GenerationTask.objects.filter(owner=owner, idempotency_key=idempotency_key).first()
    if task is not None and task.request_digest != digest:
        raise key_reused()
    return task


def key_reused() -> InvalidRequest:
    """Return the refusal of an Idempotency-Key that belongs to another request."""
    return InvalidRequest(_("This Idempotency-Key was used for a different request. Use a new key."), code="idempotency_key_reused")
