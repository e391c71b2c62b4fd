"""Checks that a request fits its model: prompt, options, images, and an account that offers it. Stores and sends nothing."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from access.models import ApiToken
from generation.errors import InvalidRequest, NotAllowed
from generation.media.images import BadImage, check_slot
from generation.messages import field_errors, image_error, too_large_together
from generation.models import Asset
from generation.places import serves
from generation.web_addresses import why_refused
from providers.core.catalog import LIKE, InputConflict, ModelSpec, Params
from providers.core.types import base64_bytes
from providers.messages import translated
from providers.models import ProviderAccount
from providers.vendors import find_model

__all__ = ["Inputs", "check_request", "is_one_line", "is_small", "require_model", "require_usable_names"]

Inputs = Mapping[str, Sequence[Asset]]
LONGEST_NAME = 200
MOST_METADATA_BYTES = 16 * 1024
BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})


def require_usable_names(*, content_id: str, external_id: str, callback_url: str) -> None:
    """Raise `InvalidRequest` if the caller's own ids or callback address cannot be used."""
    wrong = {}
    if len(content_id) > LONGEST_NAME or not is_one_line(content_id):
        wrong["content_id"] = _("At most %(most)d characters, in one line.") % {"most": LONGEST_NAME}
    if len(external_id) > LONGEST_NAME:
        wrong["external_id"] = _("At most %(most)d characters.") % {"most": LONGEST_NAME}
    if callback_url and (words := why_refused(callback_url)):
        wrong["callback_url"] = words
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)


def is_one_line(text: str) -> bool:
    """Return whether the text has no control character and no line break. Any space and the joiners in emoji may be in it."""
    return not any(unicodedata.category(letter) in BREAKING for letter in text)


def is_small(metadata: Mapping[str, Any]) -> bool:
    """Return whether the caller's own facts are few enough to be in every answer, list and event about the task."""
    return len(json.dumps(metadata, ensure_ascii=False).encode()) <= MOST_METADATA_BYTES


def check_request(
    *,
    model: str,
    prompt: str | None,
    params: Mapping[str, Any],
    inputs: Inputs,
    accounts: Collection[ProviderAccount] | None = None,
    only: str = "",
) -> tuple[ModelSpec, Params]:
    """Return the model and its validated params. Raises `InvalidRequest` with every field that is wrong.

    Without a prompt, None, that is not checked. `accounts` are the enabled ones, if the caller has them; otherwise they are read. `only` is
    where it may be rendered.
    """
    spec = find_model(model)
    if spec is None:
        raise InvalidRequest(
            _("There is no model “%(model)s”. The list of models is at /api/v1/models.") % {"model": model[:100]},
            code="unknown_model",
            fields={"model": _("Choose one of the listed models.")},
        )
    _require_account(spec, ProviderAccount.objects.enabled() if accounts is None else accounts, only)
    filled = {slot: len(assets) for slot, assets in inputs.items() if assets}
    wrong, checked = _weight_errors(spec, inputs) | _input_errors(spec, inputs), None
    try:
        checked = spec.params.model_validate(dict(params))
        wrong |= _size_errors(checked, inputs)
        checked.check_inputs(filled)
    except ValidationError as error:
        wrong |= field_errors(error, spec)
    except InputConflict as conflict:
        wrong[conflict.path] = _(conflict.message)
    stand_in = spec.params.instead_of_prompt if params.get(spec.params.instead_of_prompt) else ""
    may_be_empty = bool(stand_in) or (checked is not None and checked.replaces_prompt)
    if prompt is not None:
        wrong = _prompt_errors(spec, prompt, filled, stand_in=stand_in, may_be_empty=may_be_empty) | wrong
    if wrong or checked is None:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return spec, checked


def require_model(token: ApiToken | None, spec: ModelSpec) -> None:
    """Raise `NotAllowed` if the token is for other models only."""
    if token and not token.may_order(spec.name):
        raise NotAllowed(
            _("This token may not order %(model)s. GET /api/v1/models lists what it may.") % {"model": spec.name}, code="model_not_allowed"
        )


def _require_account(spec: ModelSpec, accounts: Iterable[ProviderAccount], only: str) -> None:
    offering = [account for account in accounts if account.offers(spec)]
    if any(serves(account, only) for account in offering):
        return
    if offering:
        raise InvalidRequest(
            _("No account that this token may use offers %(model)s.") % {"model": spec.label},
            code="no_account",
            fields={"model": _("Choose a model that is offered in the sandbox or on our own machines, as the token requires.")},
        )
    if spec.retired:
        raise InvalidRequest(
            _("%(model)s was retired by its vendor on %(date)s, and no account here still has it.")
            % {"model": spec.label, "date": spec.retired.isoformat()},
            code="model_retired",
            fields={"model": _("Choose a model that is not retired.")},
        )
    raise InvalidRequest(
        _("No enabled account offers %(model)s. An administrator can add one.") % {"model": spec.label},
        code="no_account",
        fields={"model": _("Choose a model that has an account.")},
    )


def _prompt_errors(spec: ModelSpec, prompt: str, filled: Collection[str], *, stand_in: str, may_be_empty: bool) -> dict[str, str]:
    """Check the prompt. `stand_in` is the option that replaces it, if that is given."""
    if stand_in and not _is_blank(prompt):
        title = _(spec.params.model_fields[stand_in].title or stand_in)
        return {"prompt": _("“%(title)s” replaces the prompt: leave one of them empty.") % {"title": title}}
    if _is_blank(prompt) and not may_be_empty and spec.needs_words(filled):
        return {"prompt": _("Say what the video should show.")}
    if len(prompt) > spec.prompt_limit(filled):
        limit = {"limit": spec.prompt_limit(filled), "length": len(prompt)}
        return {"prompt": _("At most %(limit)d characters; this has %(length)d.") % limit}
    if "\x00" in prompt:
        return {"prompt": _("The text holds a NUL character. Remove it.")}
    return {}


def _is_blank(prompt: str) -> bool:
    """Return whether nothing would show: only spaces of any kind and marks without width."""
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
        likened = inputs.get(slot.like, ()) if slot.like else ()
        if likened and assets and not LIKE[0] <= _pixels(likened[0]) / _pixels(assets[0]) <= LIKE[1]:
            words = _("This image must be about as large as the first frame: 0.8 to 1.25 times as many pixels.")
            wrong.setdefault(f"inputs.{slot.name}", words)
    return wrong


def _weight_errors(spec: ModelSpec, inputs: Inputs) -> dict[str, str]:
    """Check the size of all images together; the error is shown at the largest slot."""
    weights = {slot: sum(base64_bytes(asset.size_bytes) for asset in assets) for slot, assets in inputs.items() if assets}
    too_large = too_large_together(spec, sum(weights.values()))
    return {f"inputs.{max(weights, key=weights.__getitem__)}": translated(too_large)} if too_large else {}


def _size_errors(params: Params, inputs: Inputs) -> dict[str, str]:
    """Check images that must have exactly the size that the options give the video."""
    wrong = {}
    for slot, assets in inputs.items():
        wanted = params.size_of(slot)
        for asset in assets:
            if wanted and (asset.width_px, asset.height_px) != wanted:
                sizes = {"width": asset.width_px, "height": asset.height_px, "wanted": f"{wanted[0]} × {wanted[1]}"}
                wrong[f"inputs.{slot}"] = _("The image is %(width)d × %(height)d px; with these settings it must be %(wanted)s px.") % sizes
    return wrong


def _pixels(asset: Asset) -> int:
    return asset.width_px * asset.height_px
