"""A model that an administrator declares instead of a vendor's package: its facts, and the options that follow from them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import create_model

from providers.core.catalog import Params, Price, param
from providers.core.rules import FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST

__all__ = ["FACTS", "Declaration", "params_of"]

FACTS = ("durations", "sizes", "resolutions", "aspect_ratios", "sound", "seed", "first_frame", "last_frame", "references")
"""The facts that a vendor's requests may be able to carry, see `Provider.declarable`."""

MOST_CHOICES = 6
"""More lengths than these, without a gap, are a range in the form."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a model at a gateway can do. `id` is its name there; `references` is how many reference images it takes.

    An empty list of durations (seconds), sizes (`1280x720`), resolutions (`720p`) or aspect ratios (`16:9`) gives no option: the
    gateway chooses.
    """

    id: str
    label: str
    declared_on: date
    durations: tuple[int, ...] = ()
    sizes: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    aspect_ratios: tuple[str, ...] = ()
    sound: bool = False
    seed: bool = False
    first_frame: bool = False
    last_frame: bool = False
    references: int = 0
    max_prompt_chars: int = 4_000
    price: Price | None = None
    retired: date | None = None


def params_of(declared: Declaration) -> type[Params]:
    """Return the options of a declared model, under the portal's names. The first value of a list is the default."""
    fields: dict[str, Any] = {}
    if declared.durations:
        fields["duration_s"] = _duration(declared.durations)
    lists = {
        "aspect_ratio": (declared.aspect_ratios, "Aspect ratio"),
        "resolution": (declared.resolutions, "Resolution"),
        "size": (declared.sizes, "Size"),
    }
    fields |= {name: (Literal[values], param(values[0], title, main=True)) for name, (values, title) in lists.items() if values}
    if declared.sound:
        fields["with_audio"] = (bool, param(True, "Sound", "Render sound too.", main=True))
    if declared.seed:
        words = "The same seed gives similar videos; leave empty for chance."
        fields["seed"] = (int | None, param(None, "Seed", words, ge=0, le=2**31 - 1))
    made = create_model("DeclaredParams", __base__=Params, __module__=__name__, __doc__=f"{declared.id}.", **fields)
    rules = {LAST_NEEDS_FIRST: declared.last_frame, FRAMES_OR_REFERENCES: declared.first_frame and declared.references}
    made.rules = tuple(rule for rule, holds in rules.items() if holds)
    return made


def _duration(values: tuple[int, ...]) -> tuple[Any, Any]:
    """Return type and field: any number of a range without gaps, or one of a few."""
    facts: dict[str, Any] = {"description": "Length of the video.", "unit": "s", "main": True}
    first, last = min(values), max(values)
    if len(values) > MOST_CHOICES and len(values) == last - first + 1:
        return int, param(values[0], "Duration", **facts, ge=first, le=last)
    return Literal[values], param(values[0], "Duration", **facts)
