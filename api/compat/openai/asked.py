"""What a client of OpenAI's videos asks for, under the portal's names. Pure.

The fields are those of OpenAI, of LiteLLM (`duration`, `aspect_ratio`, `generate_audio`), of vLLM-Omni (docs.vllm.ai/projects/vllm-omni,
serving/videos_api, read 2026-11-29) and of new-api (dto/video.go, TaskSubmitReq). Each option of a model may also be given by its own name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from api.compat.choices import number
from api.compat.fit import Fit
from api.compat.picture_shapes import Shape, asked_shape
from api.strict_json import read_strictly
from generation.errors import InvalidRequest
from providers.core.catalog import ModelSpec, schema_of

__all__ = ["IMAGES", "Asked", "asked_of", "image_in", "unmet"]

IMAGES = ("input_reference", "input_reference[image_url]", "image_reference", "image", "images")
"""The fields that may hold the first frame: as a file, an address, a data URL, or an object with one of them."""
WRAPPED = ("metadata", "extra_params")
"""Objects, or their JSON in a form, whose entries are options too; what a model does not know of them is left out."""
NOT_OPTIONS = frozenset({"model", "prompt", "user", "response_format", "n", *IMAGES, *WRAPPED})
HINTS: Mapping[str, str] = {
    "fps": "fps",
    "seed": "seed",
    "negative_prompt": "negative_prompt",
    "num_inference_steps": "steps",
    "guidance_scale": "",  # of diffusion models, 1 to 20; no model of the catalog counts so
    "guidance_scale_2": "",
    "boundary_ratio": "",
    "flow_shift": "",
    "true_cfg_scale": "",
    "sound_duration": "",
    "enable_frame_interpolation": "",
    "frame_interpolation_exp": "",
    "frame_interpolation_scale": "",
    "frame_interpolation_model_path": "",
}
"""Fields about how a video is made, by the portal's name of the option; a model without it makes the same video all the same."""
OPTIONS: Mapping[str, str] = {
    "seconds": "duration_s",
    "duration": "duration_s",
    "num_frames": "frames",
    "size": "size",
    "width": "width_px",
    "height": "height_px",
    "aspect_ratio": "aspect_ratio",
    "resolution": "resolution",
    "generate_audio": "with_audio",
    "generate_sound": "with_audio",
    **HINTS,
}
FRAMES_PER_S = 16
"""Of a request that counts frames and does not say how many a second has: that of the models that vLLM-Omni's page orders so."""
LIKE_S = 0.5
NO = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Options by the portal's names, as `api.compat.fit` takes them; `names` has what the client calls them."""

    options: Mapping[str, Any]
    names: Mapping[str, str]
    unused: Collection[str]
    """Hints that no model of the portal has."""


def asked_of(body: Mapping[str, Any], spec: ModelSpec) -> Asked:
    """Return what the fields of a body ask of this model. Raises `InvalidRequest` for a field that nobody knows."""
    own = schema_of(spec.params)["properties"]
    lists = {name for name, option in own.items() if option.get("type") in {"array", "object"}}
    given = {name: _plain(value) if name in lists else value for name, value in body.items() if name not in NOT_OPTIONS}
    if unknown := [name for name in given if name not in OPTIONS and name not in own]:
        words = _("There is no such field.")
        raise InvalidRequest(words, code="unknown_parameter", fields=dict.fromkeys(unknown[:20], words))
    if number(body.get("n", 1)) != 1:
        words = _("One request makes one video.")
        raise InvalidRequest(words, code="invalid_value", fields={"n": words})
    for wrapped in (_plain(body.get(name)) for name in WRAPPED):
        known = wrapped.items() if isinstance(wrapped, dict) else ()
        given = {**{name: value for name, value in known if value not in (None, "") and (name in OPTIONS or name in own)}, **given}
    names: dict[str, str] = {}
    for name in given:
        if option := name if name in own else OPTIONS[name]:
            names.setdefault(option, name)
    options = {option: given[name] for option, name in names.items()}
    if "frames" in options and "fps" not in options:
        options["fps"] = FRAMES_PER_S
    return Asked(options=options, names=names, unused=[name for name in given if name not in own and not OPTIONS[name]])


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
        (hints if name in HINTS else shown)[name] = words
    return shown, hints


def image_in(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field that holds an image as text, and the text: an address, a data URL or base64. Both are empty without one.

    Raises `InvalidRequest` for an object without an image, and for several.
    """
    given = [name for name in IMAGES if body.get(name) not in (None, [], {})]
    if not given:
        return "", ""
    place, value = given[0], _plain(body[given[0]])
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("image_url") or value.get("url")
        value = value.get("url") if isinstance(value, dict) else value
    if len(given) > 1 or not isinstance(value, str):
        words = _("Send one image: a file, an https address or a data URL.")
        raise InvalidRequest(words, code="invalid_value", fields={place: words})
    return place, value


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


def _plain(value: Any) -> Any:
    """Return the value of JSON text, which forms have for objects and lists; any other value as it is. Raises `BadBody`."""
    return read_strictly(value.encode()) if isinstance(value, str) and value.lstrip()[:1] in {"{", "["} else value
