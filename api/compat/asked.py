"""What a client asks for, and which of it a model does otherwise, in the client's own words. Pure; `api.compat.fit` finds what it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from api.compat.choices import number
from api.compat.fit import Fit
from api.compat.picture_shapes import Shape, asked_shape

__all__ = ["FRAMES_PER_S", "Asked", "unmet"]

FRAMES_PER_S = 16
"""Of a request that counts frames and does not say how many a second has: that of the models that vLLM-Omni's page orders so."""
LIKE_S = 0.5
NO = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Options by the portal's names, as `api.compat.fit` takes them; `names` has what the client calls them."""

    options: Mapping[str, Any]
    names: Mapping[str, str]
    hints: Collection[str]
    """What the client calls the options that show in no fact of the video: a model without them makes the same all the same."""
    unused: Collection[str] = ()
    """Hints that no model of the portal has."""


def unmet(found: Fit, asked: Asked, *, has_image: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return by the client's fields what the model does otherwise: first what shows in length, shape and sound, then of hints."""
    facts = {name: _("This model makes %(instead)s instead.") % {"instead": instead} for name, (_asked, instead) in found.changed.items()}
    facts |= dict.fromkeys(found.ignored, _("This model has no such option."))
    hints = dict.fromkeys(asked.unused, _("This model has no such option."))
    shown: dict[str, str] = {}
    for option, words in facts.items():
        if option not in asked.names or _is_met(option, found, asked, has_image=has_image):
            continue
        name = asked.names[option]
        (hints if name in asked.hints else shown)[name] = words
    return shown, hints


def _is_met(option: str, found: Fit, asked: Asked, *, has_image: bool) -> bool:
    """Return whether what the model does is what was asked, said in another way, or cannot be said to be anything else."""
    value = asked.options[option]
    match option:
        case "frames":
            seconds, wanted = number(found.params.get("duration_s")), number(value)
            rate = number(asked.options.get("fps")) or FRAMES_PER_S
            return seconds is not None and wanted is not None and abs(wanted / rate - seconds) <= LIKE_S
        case "fps":
            return "frames" in asked.options and "duration_s" in found.params
        case "with_audio":
            return option in found.ignored and str(value).casefold() in NO
        case "size" | "width_px" | "height_px":
            made, wanted_shape = Shape.of(found.params), asked_shape(asked.options)
            ratio = made.ratio or (wanted_shape.ratio if has_image else None)  # without a choice the video has the image's shape
            return wanted_shape != Shape() and Shape(ratio=ratio, lines=made.lines or wanted_shape.lines).serves(wanted_shape)
    return False
