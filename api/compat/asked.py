"""What a client asks for, and what a model does otherwise, by the client's fields. Pure; `api.compat.fit` finds what the model does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from api.compat.choices import is_same, number
from api.compat.fit import Fit
from api.compat.picture_shapes import Shape, asked_shape
from generation.errors import InvalidRequest
from generation.ordering.assets import MOST_IMAGES
from providers.core.catalog import ModelSpec

__all__ = ["FRAMES_PER_S", "Asked", "few", "not_applied", "unmet"]

FRAMES_PER_S = 16
"""Of a request that counts frames and gives no rate: as vLLM-Omni's documentation does. `fit.USUAL_FPS`, which is 8, is for the models
that count frames themselves.
"""
LIKE_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Options under the portal's names, as `api.compat.fit` takes them. `names`: the client's field of each."""

    options: Mapping[str, Any]
    names: Mapping[str, str]
    hints: Collection[str]
    """The client's fields that show in no fact of the video. A model without them is still used."""
    unused: Collection[str] = ()
    """Hints that no model of the portal takes."""


def not_applied(found: Fit, asked: Asked, spec: ModelSpec, *, called: str, has_image: bool, code: str = "") -> dict[str, str]:
    """Return by the client's fields what the model does otherwise.

    A client that calls the model by its own name gets what it asked for, or `InvalidRequest` with this code. Behind an alias, which it
    cannot look up, the nearest is made.
    """
    shown, hints = unmet(found, asked, has_image=has_image)
    if shown and called.casefold() in {spec.name.casefold(), spec.id.casefold()}:
        raise InvalidRequest(_("Some fields cannot be used as they are."), code=code, fields=shown)
    return hints | shown


def few(images: Mapping[str, list[tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    """Return the images by slot, each with its field, if they are not too many. Raises `InvalidRequest`."""
    places = [at for found in images.values() for at, _image in found]
    if len(places) > MOST_IMAGES:
        words = _("Send at most %(most)d images.") % {"most": MOST_IMAGES}
        raise InvalidRequest(words, fields={places[-1]: words})
    return dict(images)


def unmet(found: Fit, asked: Asked, *, has_image: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return by the client's fields what the model does otherwise: first what shows in length, shape or sound, then hints."""
    facts = {name: _("This model uses %(instead)s instead.") % {"instead": instead} for name, (_asked, instead) in found.changed.items()}
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
    """Return whether the model does what was asked under another option, or nothing shows that it does not."""
    value = asked.options[option]
    match option:
        case "frames":
            seconds, wanted = number(found.params.get("duration_s")), number(value)
            rate = number(asked.options.get("fps")) or FRAMES_PER_S
            return seconds is not None and wanted is not None and abs(wanted / rate - seconds) <= LIKE_S
        case "fps":
            return "frames" in asked.options and "duration_s" in found.params
        case "with_audio":
            return option in found.ignored and is_same(value, False)
        case "size" | "width_px" | "height_px":
            made, wanted_shape = Shape.of(found.params), asked_shape(asked.options)
            ratio = made.ratio or (wanted_shape.ratio if has_image else None)  # without a choice the video has the image's shape
            return wanted_shape != Shape() and Shape(ratio=ratio, lines=made.lines or wanted_shape.lines).serves(wanted_shape)
    return False
