"""What Kling's classic API accepts: a body becomes an Order, or is refused with 1200, 1201 or 1203."""

from __future__ import annotations

from typing import Any

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_number
from providers.simulator.pictures import MAX_BYTES, BadPicture, Picture, even, from_base64, from_url
from providers.simulator.tasks import Order
from providers.simulator.vendors.kling_lists import check_shots, check_voices_and_elements, invalid, text
from providers.simulator.vendors.kling_models import MODELS, Model

Body = dict[str, Any]
MAX_PROMPT = 2500
MIN_SIDE_PX = 300
MAX_RATIO = 2.5
_SHORT_SIDE_PX = {"std": 720, "pro": 1080, "4k": 2160}
_RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1)}
_CAMERA_TYPES = {"simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"}
_CAMERA_AXES = {"horizontal", "vertical", "pan", "tilt", "roll", "zoom"}
_MAX_MASKS, _MAX_REFERENCES = 6, 4
_POINTS = range(2, 78)


async def read_order(kind: str, body: object, *, is_gateway: bool) -> Order:
    """Turn a body into an order. Raise Refused."""
    if not isinstance(body, dict):
        raise Refused(400, 1200, "request body must be a JSON object")
    given = {name: value for name, value in body.items() if value not in ("", None)}
    name, model = _model(kind, given, is_gateway=is_gateway)
    mode = _one_of(given, "mode", model.modes) or model.modes[0]
    _check_prompts(kind, given, model)
    _check_options(given, model, mode)
    value = given.get("duration", "5")
    if is_gateway and is_number(value):
        value = f"{value:g}"
    if not isinstance(value, str) or value not in model.durations:
        invalid(f"duration must be one of the strings {', '.join(sorted(model.durations, key=int))}")
    duration = int(value)
    check_shots(given, model, duration)
    check_voices_and_elements(kind, given, model)
    width, height = await _size(kind, given, model, mode)
    callback_url = text(given, "callback_url", 2048)
    if callback_url and not callback_url.startswith(("http://", "https://")):
        invalid("callback_url must be an http or https address")
    return Order(
        kind=kind,
        model=name,
        prompt=given.get("prompt", ""),
        width_px=width,
        height_px=height,
        duration_s=duration,
        body=body,
        reference=text(given, "external_task_id"),
        callback_url=callback_url,
        extra={"mode": mode},
    )


def _model(kind: str, given: Body, *, is_gateway: bool) -> tuple[str, Model]:
    name = given.get("model_name") or (given.get("model") if is_gateway else None) or "kling-v1"
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        raise Refused(404, 1203, f"model {name} does not exist")
    if kind not in model.kinds:
        invalid(f"model {name} does not support {kind}")
    return name, model


def _one_of(given: Body, name: str, allowed: tuple[str, ...]) -> str | None:
    value = given.get(name)
    if value is not None and value not in allowed:
        invalid(f"{name} must be one of {', '.join(allowed)}")
    return value


def _check_prompts(kind: str, given: Body, model: Model) -> None:
    """Check the prompts; a prompt excludes shots written by the caller. Raise Refused."""
    if given.get("multi_shot") is True and given.get("shot_type") == "customize":
        if "prompt" in given:
            invalid("prompt is invalid beside multi_prompt")
    elif "prompt" not in given and (kind != "image2video" or model.has_shots):
        invalid("prompt is required")
    text(given, "prompt", MAX_PROMPT)
    text(given, "negative_prompt", MAX_PROMPT)


def _check_options(given: Body, model: Model, mode: str) -> None:
    if "cfg_scale" in given:
        if not model.is_steerable:
            invalid("cfg_scale is not supported by this model")
        if not is_number(given["cfg_scale"]) or not 0 <= given["cfg_scale"] <= 1:
            invalid("cfg_scale must be between 0 and 1")
    if "camera_control" in given:
        _check_camera(given["camera_control"], model)
    sound = _one_of(given, "sound", ("on", "off"))
    if sound == "on" and mode not in model.sound_modes:
        invalid("sound is not supported by this model and mode")
    if not isinstance(given.get("watermark_info", {}), dict):
        invalid("watermark_info must be an object")


def _check_camera(camera: object, model: Model) -> None:
    if not model.is_steerable:
        invalid("camera_control is not supported by this model")
    if not isinstance(camera, dict) or camera.get("type") not in _CAMERA_TYPES:
        invalid("camera_control.type is unknown")
    config = camera.get("config")
    if camera["type"] != "simple":
        if config is not None:
            invalid("camera_control.config is only for type simple")
        return
    if not isinstance(config, dict) or not config.keys() <= _CAMERA_AXES:
        invalid("camera_control.config is required for type simple")
    if not all(is_number(value) and -10 <= value <= 10 for value in config.values()):
        invalid("camera_control.config values must be between -10 and 10")
    if sum(value != 0 for value in config.values()) != 1:
        invalid("exactly one value of camera_control.config must be non-zero")


async def _size(kind: str, given: Body, model: Model, mode: str) -> tuple[int, int]:
    short = _SHORT_SIDE_PX[mode]
    if kind == "multi-image2video":
        await _check_references(given)
    if kind != "image2video":
        ratio = _one_of(given, "aspect_ratio", tuple(_RATIOS)) or "16:9"
        across, down = _RATIOS[ratio]
        return short * across // min(across, down), short * down // min(across, down)
    picture = await _first_picture(given, model, mode)
    if picture.ratio >= 1:
        return even(short * picture.ratio), short
    return short, even(short / picture.ratio)


async def _check_references(given: Body) -> None:
    """Check the pictures, in the form that two public clients send: the pages that were read name the path alone. Raise Refused."""
    entries = given.get("image_list")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MAX_REFERENCES:
        invalid(f"image_list must be a list of 1 to {_MAX_REFERENCES}")
    if not all(isinstance(entry, dict) and entry.keys() == {"image"} for entry in entries):
        invalid("image_list: each must have image")
    for entry in entries:
        await read_picture(entry["image"], "image_list")


async def _first_picture(given: Body, model: Model, mode: str) -> Picture:
    if "image" not in given and "image_tail" not in given:
        invalid("image or image_tail is required")
    has_masks = "static_mask" in given or "dynamic_masks" in given
    if has_masks:
        await _check_masks(given, model, mode)
    if "image_tail" in given:
        if mode not in (model.tail_modes if "image" in given else model.lone_tail_modes):
            invalid("image_tail is not supported by this model and mode, or not without image")
        if str(given.get("duration", "5")) not in model.tail_durations:
            invalid("image_tail is not supported by this model and duration")
        if given.get("sound") == "on" and not model.has_shots:
            invalid("image_tail and sound exclude each other")
        if has_masks or "camera_control" in given:
            invalid("image_tail excludes static_mask, dynamic_masks and camera_control")
    pictures = [await read_picture(given[name], name) for name in ("image", "image_tail") if name in given]
    return pictures[0]


async def _check_masks(given: Body, model: Model, mode: str) -> None:
    if mode not in model.mask_modes or "image" not in given:
        invalid("static_mask and dynamic_masks are not supported by this model and mode, or without image")
    if str(given.get("duration", "5")) != "5":
        invalid("static_mask and dynamic_masks need the duration 5")
    masks = given.get("dynamic_masks", [])
    if not isinstance(masks, list) or len(masks) > _MAX_MASKS:
        invalid(f"dynamic_masks must be a list of at most {_MAX_MASKS}")
    if "static_mask" in given:
        await read_picture(given["static_mask"], "static_mask")
    for mask in masks:
        if not isinstance(mask, dict):
            invalid("dynamic_masks must be a list of objects")
        points = mask.get("trajectories")
        if not isinstance(points, list) or len(points) not in _POINTS:
            invalid(f"trajectories must have {_POINTS.start} to {_POINTS.stop - 1} points")
        if not all(isinstance(point, dict) and point.keys() == {"x", "y"} and all(map(is_number, point.values())) for point in points):
            invalid("trajectories: each point must have x and y")
        await read_picture(mask.get("mask"), "dynamic_masks.mask")


async def read_picture(value: object, name: str, at_most: int = MAX_BYTES) -> Picture:
    """Measure a picture. Raise Refused."""
    if not isinstance(value, str) or value.startswith("data:"):
        invalid(f"{name} must be an address or base64 without a data: prefix")
    try:
        picture = await (from_url if value.startswith(("http://", "https://")) else from_base64)(value, at_most)
    except BadPicture as error:
        invalid(f"{name}: {error}")
    if picture.kind not in {"JPEG", "PNG"}:
        invalid(f"{name} must be a jpg or png")
    if min(picture.width_px, picture.height_px) < MIN_SIDE_PX:
        invalid(f"{name}: each side must have at least {MIN_SIDE_PX} pixels")
    if not 1 / MAX_RATIO <= picture.ratio <= MAX_RATIO:
        invalid(f"{name}: the ratio must be between 1:2.5 and 2.5:1")
    return picture
