"""A wish becomes a row: everything is checked first, nothing is stored when anything is wrong, nothing is sent from here."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from access.models import ApiToken
from generation.errors import Conflict, InvalidRequest
from generation.images import BadImage, check_slot
from generation.models import Asset, GenerationTask, Prompt, TaskEvent, TaskInput
from generation.services.dispatch import start_soon
from generation.services.estimates import estimate_cost, price_of
from generation.services.messages import field_errors, image_error
from providers.core.catalog import InputConflict, ModelSpec, Params
from providers.models import ProviderAccount
from providers.vendors import find_model

__all__ = ["check_request", "create_task", "replay", "request_digest"]

Inputs = Mapping[str, Sequence[Asset]]


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
    """A queued task, to be started as soon as an account has a free slot. Raises `InvalidRequest` or `Conflict`; then nothing is stored."""
    spec, checked = check_request(model=model, prompt=prompt, params=params, inputs=inputs or {})
    now, price = timezone.now(), price_of(spec)
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
    start_soon(spec)
    return task


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


def check_request(*, model: str, prompt: str, params: Mapping[str, Any], inputs: Inputs) -> tuple[ModelSpec, Params]:
    """The model and its validated params, or `InvalidRequest` with every field that is wrong."""
    spec = find_model(model)
    if spec is None:
        raise InvalidRequest(
            _("There is no model “%(model)s”. The list of models is at /api/v1/models.") % {"model": model[:100]},
            code="unknown_model",
            fields={"model": _("Choose one of the listed models.")},
        )
    _require_account(spec)
    wrong = {**_prompt_errors(spec, prompt, inputs), **_input_errors(spec, inputs)}
    checked = None
    try:
        checked = spec.params.model_validate(dict(params))
        checked.check_inputs(frozenset(slot for slot, assets in inputs.items() if assets))
    except ValidationError as error:
        wrong |= field_errors(error, spec)
    except InputConflict as conflict:
        wrong[conflict.path] = conflict.message
    if wrong or checked is None:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return spec, checked


def _require_account(spec: ModelSpec) -> None:
    if not ProviderAccount.objects.filter(enabled=True).for_model(spec):
        raise InvalidRequest(
            _("No enabled account offers %(model)s. An administrator can add one.") % {"model": spec.label},
            code="no_account",
            fields={"model": _("Choose a model that has an account.")},
        )


def _prompt_errors(spec: ModelSpec, prompt: str, inputs: Inputs) -> dict[str, str]:
    if _is_blank(prompt) and (spec.needs_prompt or not any(inputs.values())):
        return {"prompt": _("Say what the video should show.")}
    if len(prompt) > spec.max_prompt_chars:
        limit = {"limit": spec.max_prompt_chars, "length": len(prompt)}
        return {"prompt": _("At most %(limit)d characters; this has %(length)d.") % limit}
    if "\x00" in prompt:
        return {"prompt": _("The text holds a NUL character. Remove it.")}
    return {}


def _is_blank(prompt: str) -> bool:
    """Nothing that would show: spaces of any kind, and marks without width."""
    return all(letter.isspace() or unicodedata.category(letter) == "Cf" for letter in prompt)


def _input_errors(spec: ModelSpec, inputs: Inputs) -> dict[str, str]:
    wrong = {f"inputs.{name}": _("%(model)s takes no image here.") % {"model": spec.label} for name in inputs if spec.slot(name) is None}
    for slot in spec.slots:
        assets = inputs.get(slot.name, ())
        if len(assets) < slot.min_count:
            wrong[f"inputs.{slot.name}"] = _("An image is needed here.")
        elif len(assets) > slot.max_count:
            wrong[f"inputs.{slot.name}"] = _("At most %(count)d images.") % {"count": slot.max_count}
        for asset in assets:
            try:
                check_slot(asset, slot.rules)
            except BadImage as bad:
                wrong[f"inputs.{slot.name}"] = image_error(bad)
    return wrong


def request_digest(*parts: Any) -> str:
    """A fingerprint of a request body, to tell a repeat from another request under the same key."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def replay(owner: User, idempotency_key: str, digest: str) -> GenerationTask | None:
    """The task that this key already made; None for a new key. Raises `InvalidRequest` when the key was used for another request."""
    if not idempotency_key:
        return None
    task = GenerationTask.objects.filter(owner=owner, idempotency_key=idempotency_key).first()
    if task is not None and task.request_digest != digest:
        raise InvalidRequest(_("This Idempotency-Key was used for a different request. Use a new key."), code="idempotency_key_reused")
    return task
