"""What a client of OpenAI's videos asks for, under the portal's names. Pure.

The fields are those of OpenAI, of LiteLLM (`duration`, `aspect_ratio`, `generate_audio`), of vLLM-Omni (docs.vllm.ai/projects/vllm-omni,
serving/videos_api, read 2026-11-29) and of new-api (dto/video.go, TaskSubmitReq). Each option of a model may also be given by its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from api.compat.asked import FRAMES_PER_S, Asked
from api.compat.bodies import refuse_unknown
from api.compat.choices import number
from api.strict_json import read_strictly
from generation.errors import InvalidRequest
from providers.core.catalog import ModelSpec, schema_of

__all__ = ["IMAGES", "asked_of", "image_in"]

IMAGES = ("input_reference", "input_reference[image_url]", "image_reference", "image", "images")
"""The fields that may hold the first frame: as a file, an address, a data URL, or an object with one of them."""
WRAPPED = ("metadata", "extra_params")
"""Objects, or their JSON in a form, whose entries are options too. Entries that the model does not know are left out."""
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
"""The portal's option, empty for none, of each field about how a video is made: a model without it is still used."""
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
"""The portal's option of each field."""


def asked_of(body: Mapping[str, Any], spec: ModelSpec) -> Asked:
    """Return what a body asks of this model. Raises `InvalidRequest` for an unknown field."""
    own = schema_of(spec.params)["properties"]
    lists = {name for name, option in own.items() if option.get("type") in {"array", "object"}}
    given = {name: _plain(value) if name in lists else value for name, value in body.items() if name not in NOT_OPTIONS}
    refuse_unknown([name for name in given if name not in OPTIONS and name not in own])
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
    return Asked(options=options, names=names, hints=HINTS.keys(), unused=[name for name in given if name not in own and not OPTIONS[name]])


def image_in(body: Mapping[str, Any], files: Mapping[str, UploadedFile[Any]]) -> tuple[str, UploadedFile[Any] | str] | None:
    """Return the field that holds the image, and the image: a file, an address, a data URL or base64. None without one.

    Raises `InvalidRequest` for several, and for an object without an image.
    """
    given = [*files, *(name for name in IMAGES if body.get(name) not in (None, [], {}))]
    if not given:
        return None
    place = given[0]
    image = files[place] if place in files else _text_of(body[place])
    if len(given) > 1 or image is None:
        words = _("Send one image: a file, an https address or a data URL.")
        raise InvalidRequest(words, code="invalid_value", fields={place: words})
    return place, image


def _text_of(value: Any) -> str | None:
    """Return the text of an image that may be wrapped in a list and in objects; None if there is none."""
    value = _plain(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("image_url") or value.get("url")
        value = value.get("url") if isinstance(value, dict) else value
    return value if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    """Return the value of JSON text, which forms have for objects and lists; any other value as it is. Raises `BadBody`."""
    return read_strictly(value.encode()) if isinstance(value, str) and value.lstrip()[:1] in {"{", "["} else value
