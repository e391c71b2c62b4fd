"""What a client of Kling's classic API asks for, under the portal's names. Pure.

Kling's developer documents, "text to video" and "image to video", read 2026-11-20. Unknown fields are ignored, as Kling does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from api.compat.choices import number
from api.compat.fit import Fit
from generation.errors import InvalidRequest
from generation.ordering.assets import MOST_IMAGES

__all__ = ["FIELDS", "SLOTS", "checked", "masks_in", "options_of", "unmet"]

TEXTS = (
    "model_name",
    "model",
    "prompt",
    "negative_prompt",
    "mode",
    "aspect_ratio",
    "sound",
    "callback_url",
    "external_task_id",
    "shot_type",
)
NUMBERS = ("duration", "cfg_scale")
OBJECTS = ("camera_control", "watermark_info")
LISTS = ("multi_prompt", "voice_list", "element_list", "dynamic_masks")
SLOTS: Mapping[str, str] = {"image": "first_frame", "image_tail": "last_frame", "static_mask": "static_mask"}
"""The portal's slot of each field with one image."""
FIELDS: Mapping[str, str] = {
    "duration_s": "duration",
    "guidance": "cfg_scale",
    "with_audio": "sound",
    "watermark": "watermark_info",
    "camera": "camera_control",
    "camera_axis": "camera_control",
    "camera_amount": "camera_control",
    "shots": "multi_prompt",
    "voice_ids": "voice_list",
    "element_ids": "element_list",
    "paths": "dynamic_masks",
}
"""The client's field of an option, where it is not the option's own name."""
PLAIN = ("negative_prompt", "mode", "aspect_ratio", "multi_shot")
NOTHING = ("off", "false")


def checked(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the body if every field has the right type. Raises `InvalidRequest` that names all that do not."""
    wrong = {name: _("A text is needed here.") for name in TEXTS if not isinstance(body.get(name, ""), str)}
    wrong |= {name: _("A number is needed here.") for name in NUMBERS if name in body and number(body[name]) is None}
    wrong |= {name: _("An object is needed here.") for name in OBJECTS if not isinstance(body.get(name, {}), dict)}
    wrong |= {
        name: _("A list of objects is needed here.")
        for name in LISTS
        if not isinstance(body.get(name, []), list) or not all(isinstance(one, dict) for one in body.get(name, []))
    }
    if "dynamic_masks" not in wrong and len(body.get("dynamic_masks", [])) > MOST_IMAGES:
        wrong["dynamic_masks"] = _("Send at most %(most)d images.") % {"most": MOST_IMAGES}
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return body


def options_of(body: Mapping[str, Any], *, has_image: bool) -> dict[str, Any]:
    """Return the options that a checked body asks for. A video from an image has the shape of the image. Raises `InvalidRequest`."""
    plain = {name: body[name] for name in PLAIN if name in body and not (name == "aspect_ratio" and has_image)}
    asked: dict[str, Any] = {
        **plain,
        "duration_s": number(body.get("duration")),
        "guidance": number(body.get("cfg_scale")),
        "with_audio": body.get("sound"),
        "watermark": body.get("watermark_info", {}).get("enabled"),
        **_camera(body.get("camera_control", {})),
        "voice_ids": _texts(body.get("voice_list", []), "voice_id"),
        "element_ids": _texts(body.get("element_list", []), "element_id"),
        "paths": [_path(one.get("trajectories")) for one in body.get("dynamic_masks", [])],
    }
    if body.get("shot_type") == "customize":  # the client gives the shots; with the portal's `multi_shot` the model would choose them
        asked |= {"multi_shot": None, "shots": [_shot(one) for one in body.get("multi_prompt", [])]}
    return {name: value for name, value in asked.items() if value not in (None, "", [])}


def masks_in(body: Mapping[str, Any]) -> list[Any]:
    """Return the images of areas that move."""
    return [one.get("mask") for one in body.get("dynamic_masks", [])]


def unmet(found: Fit) -> dict[str, str]:
    """Return by the client's fields what the model does otherwise. A model without an option has done what turns it off."""
    facts = {name: _("This model uses %(instead)s instead.") % {"instead": instead} for name, (_asked, instead) in found.changed.items()}
    missed = [name for name, value in found.ignored.items() if str(value).casefold() not in NOTHING]
    facts |= dict.fromkeys(missed, _("This model has no such option."))
    return {FIELDS.get(name, name): words for name, words in facts.items()}


def _camera(control: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a camera movement: a named one, or the one axis of `simple` that is not 0."""
    kind, config = control.get("type", ""), control.get("config", {})
    if kind != "simple":
        return {"camera": kind}
    moved = {axis: number(value) for axis, value in config.items() if number(value) != 0} if isinstance(config, dict) else {}
    if len(moved) != 1 or None in moved.values():
        words = _("The simple camera moves along one axis: give exactly one number other than 0.")
        raise InvalidRequest(words, fields={"camera_control": words})
    ((axis, amount),) = moved.items()
    return {"camera": kind, "camera_axis": axis, "camera_amount": amount}


def _shot(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"duration_s": number(one.get("duration")), "prompt": one.get("prompt", "")}


def _texts(ones: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return [str(one[name]) for one in ones if one.get(name)]


def _path(points: Any) -> str:
    """Return the points of a path as the portal writes them: `10,20 30,40`."""
    written: Callable[[Any], str] = lambda point: f"{point.get('x')},{point.get('y')}" if isinstance(point, dict) else ""  # noqa: E731
    return " ".join(map(written, points)) if isinstance(points, list) else ""
