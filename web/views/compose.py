"""The Studio's form as its template needs it: settings in their places, image slots with their limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from generation.ordering.estimate import usual_seconds
from generation.ordering.prices import PriceBook
from prompts.history import refusals_of
from prompts.lint import Finding, lint
from providers.core.catalog import ImageRules, InputSlot, offered
from providers.models import ProviderAccount
from web.forms import PICKERS, ComposeForm, is_wide
from web.presenters.collections import fillable
from web.presenters.models import model_card, quote_of
from web.recipe_form import RecipeForm
from web.variations_form import VariationsForm

__all__ = ["Place", "compose_context", "findings_of", "place_of", "studio_context"]

FRAMES = ("first_frame", "last_frame")
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One image slot of slot.html: what it takes, and the image that is there. `one_of`: only one of several slots is needed."""

    name: str
    label: str
    max: int
    required: bool
    one_of: bool
    reference: bool
    types: str
    max_bytes: int
    max_pixels: int | None
    min_side: int
    min_ratio: str
    max_ratio: str
    value: UUID | None = None
    src: str = ""


def compose_context(form: ComposeForm, accounts: Sequence[ProviderAccount], prices: PriceBook) -> dict[str, Any]:
    """Return the settings and images of a form, and what the order would cost."""
    spec, tariff = form.spec, prices.tariff(form.spec)
    usual = usual_seconds([spec.name]).get(spec.name)
    if form.is_bound:
        values, count = form.params, form.cleaned_data.get("count") or 1  # what cannot be read counts as the model's default
    else:
        values = {name: form.get_initial_for_field(form.fields[name], name) for name in (*form.front, *form.rest)}
        count = form.initial.get("count") or 1
    return {
        "form": form,
        "spec": spec,
        "model": model_card(spec, accounts, usual, tariff),
        "front": [(form[name], "wide" if is_wide(form.fields[name]) else "") for name in form.front],
        "rest": [(form[name], "wide" if form[name].widget_type in {"textarea", "radioselect"} else "") for name in form.rest],
        "more_open": any(form[name].errors for name in form.rest),
        "changed": form.changed_rest(),
        "slots": [place for slot in spec.slots for place in _places(form, slot)],
        "slot_errors": [error for errors in form.slot_errors.values() for error in errors],
        "image_mb": min((_rules(slot).max_bytes for slot in spec.slots), default=0) // MEBIBYTE,
        "can_swap": {"first_frame", "last_frame"} <= {slot.name for slot in spec.slots},
        "values": values,
        "quote": quote_of(spec, values, count, accounts, usual, tariff),
    }


def studio_context(form: ComposeForm, accounts: Sequence[ProviderAccount], prices: PriceBook) -> dict[str, Any]:
    """Return everything of studio/_compose.html."""
    context = compose_context(form, accounts, prices)
    return context | {
        "recipe": RecipeForm(caller=form.caller, prefix=PICKERS),
        "findings": findings_of(form, context["values"]),
        "vary": VariationsForm(caller=form.caller, accounts=accounts),
        "collections": fillable(form.caller),
        "into": form.data.get("collection", ""),
    }


def findings_of(form: ComposeForm, values: Mapping[str, Any]) -> list[Finding]:
    """Return what the lint says of the form's prompt with these settings."""
    text = str(form["prompt"].value() or "")
    if not text.strip():
        return []
    slots = [slot for slot, images in form.pictures.items() if images]
    return lint(form.spec, text, params=values, slots=slots, refused=refusals_of(form.caller, form.spec))


def _places(form: ComposeForm, slot: InputSlot) -> list[Place]:
    """Return one place for each image that is there; where more may come, an empty one."""
    title, one_of = _(slot.title), slot.name in form.spec.one_of_slots
    assets = form.pictures.get(slot.name, [])[: slot.max_count]
    places = [place_of(slot, title, one_of=one_of, image=asset.pk) for asset in assets]
    return places if len(places) >= slot.max_count else [*places, place_of(slot, title, one_of=one_of)]


def place_of(slot: InputSlot, label: str, *, one_of: bool = False, image: UUID | None = None) -> Place:
    """Return a place for an image of this slot, with the image that is there."""
    rules = _rules(slot)
    return Place(
        name=slot.name,
        label=label,
        max=slot.max_count,
        required=slot.min_count > 0,
        one_of=one_of,
        reference=slot.name not in FRAMES,
        types=",".join(rules.formats),
        max_bytes=rules.max_bytes,
        max_pixels=rules.max_pixels,
        min_side=rules.min_side_px,
        min_ratio=f"{rules.min_ratio:g}",
        max_ratio=f"{rules.max_ratio:g}" if isfinite(rules.max_ratio) else "",
        value=image,
        src=reverse("asset", args=[image]) if image else "",
    )


def _rules(slot: InputSlot) -> ImageRules:
    return offered(slot.rules, settings.MAX_IMAGE_BYTES)
