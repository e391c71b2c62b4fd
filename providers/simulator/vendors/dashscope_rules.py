"""What DashScope accepts: a submit body becomes an Order, or is refused with its own codes. No answers here.

Keys of `input` and `parameters` that are not known are ignored, as the official SDK sends some of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.pictures import BadPicture, Picture, from_base64, from_url
from providers.simulator.tasks import Order

Body = dict[str, Any]
MAX_SEED = 2**31 - 1
_SIDES_PX = (360, 2000)
_SIZES = {
    "480P": frozenset({"832*480", "480*832", "624*624"}),
    "720P": frozenset({"1280*720", "720*1280", "960*960", "1088*832", "832*1088"}),
    "1080P": frozenset({"1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632"}),
}
_AREAS_PX = {"480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080}
_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
_BY_RATIO = {
    "720P": dict(zip(_RATIOS, ("1280*720", "720*1280", "960*960", "1088*832", "832*1088"), strict=True)),
    "1080P": dict(zip(_RATIOS, ("1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632"), strict=True)),
}
_I2V_TEMPLATES = frozenset(
    [
        "squish",
        "rotation",
        "poke",
        "inflate",
        "dissolve",
        "melt",
        "icecream",
        "carousel",
        "singleheart",
        "dance1",
        "dance2",
        "dance3",
        "dance4",
        "dance5",
        "mermaid",
        "graduation",
        "dragon",
        "money",
        "jellyfish",
        "pupil",
        "hug",
        "frenchkiss",
        "coupleheart",
    ]
)
_KF2V_TEMPLATES = frozenset({"hanfu-1", "solaron", "magazine", "mech1", "mech2"})


@dataclass(frozen=True, kw_only=True)
class Model:
    kind: str
    resolutions: tuple[str, ...]
    """The first is the default."""
    durations: tuple[int, ...] = (5,)
    """One only: fixed, whatever is asked. Five is the default of all."""
    max_prompt: int = 800
    is_newer: bool = False
    """From 2.6: another `usage`, and no `actual_prompt`."""
    by_ratio: bool = False
    """2.7: `resolution` and `ratio` in place of `size`, `media` in place of `img_url`."""


_UP_TO_15 = tuple(range(2, 16))
_ALL = ("1080P", "720P", "480P")
_HIGH = ("1080P", "720P")
MODELS = {
    "wanx2.1-t2v-turbo": Model(kind="t2v", resolutions=("720P", "480P")),
    "wanx2.1-t2v-plus": Model(kind="t2v", resolutions=("720P",)),
    "wan2.2-t2v-plus": Model(kind="t2v", resolutions=("1080P", "480P")),
    "wan2.5-t2v-preview": Model(kind="t2v", resolutions=_ALL, durations=(5, 10), max_prompt=1500),
    "wan2.6-t2v": Model(kind="t2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=1500, is_newer=True),
    "wan2.6-t2v-us": Model(kind="t2v", resolutions=_HIGH, durations=(5, 10), max_prompt=1500, is_newer=True),
    "wan2.7-t2v": Model(kind="t2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=5000, is_newer=True, by_ratio=True),
    "wanx2.1-i2v-turbo": Model(kind="i2v", resolutions=("720P", "480P"), durations=(3, 4, 5)),
    "wanx2.1-i2v-plus": Model(kind="i2v", resolutions=("720P",)),
    "wan2.2-i2v-flash": Model(kind="i2v", resolutions=("720P", "480P", "1080P")),
    "wan2.2-i2v-plus": Model(kind="i2v", resolutions=("1080P", "480P")),
    "wan2.5-i2v-preview": Model(kind="i2v", resolutions=_ALL, durations=(5, 10), max_prompt=1500),
    "wan2.6-i2v": Model(kind="i2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=1500, is_newer=True),
    "wan2.6-i2v-flash": Model(kind="i2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=1500, is_newer=True),
    "wan2.7-i2v": Model(kind="i2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=5000, is_newer=True, by_ratio=True),
    "wanx2.1-kf2v-plus": Model(kind="kf2v", resolutions=("720P",)),
    "wan2.2-kf2v-flash": Model(kind="kf2v", resolutions=("720P", "480P", "1080P")),
}


def invalid(message: str, code: str = "InvalidParameter", status: int = 400) -> NoReturn:
    raise Refused(status, code, message)


async def read_order(task_group: str, body: object, *, resolves_oss: bool) -> Order:
    """Raises Refused. `task_group` is the path's: `video-generation`, or `image2video` for first and last frame."""
    if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
        invalid("Required body invalid, please check the request body format.")
    name, model = _model(body, task_group)
    given, options = body["input"], body.get("parameters") or {}
    if not isinstance(options, dict):
        invalid("parameters must be an object")
    prompt = _prompt(given, model)
    _check_options(options)
    width, height = await _size(given, options, model, resolves_oss=resolves_oss)
    return Order(
        kind=model.kind,
        model=name,
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=_duration(options, model),
        body=body,
        extra={
            "orig_prompt": prompt[: model.max_prompt],
            "is_extended": options.get("prompt_extend", True) and not model.is_newer,
            "is_newer": model.is_newer,
        },
    )


def _model(body: Body, task_group: str) -> tuple[str, Model]:
    name = body.get("model")
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None or not isinstance(name, str):
        invalid("Model not exist.", "ModelNotFound", 404)
    if (task_group == "image2video") != (model.kind == "kf2v"):
        invalid("url error, please check url!")
    return name, model


def _prompt(given: Body, model: Model) -> str:
    prompt, template = given.get("prompt") or "", given.get("template")
    if not isinstance(prompt, str):
        invalid("prompt must be a string")
    allowed = _KF2V_TEMPLATES if model.kind == "kf2v" else _I2V_TEMPLATES
    if template and (model.kind == "t2v" or template not in allowed):
        invalid("template is unknown")
    if model.kind == "t2v" and not prompt:
        invalid("Field required: input.prompt")
    return prompt


def _check_options(options: Body) -> None:
    seed = options.get("seed")
    if seed is not None and (not _is_int(seed) or not 0 <= seed <= MAX_SEED):
        invalid(f"seed must be an integer between 0 and {MAX_SEED}")
    for name in ("prompt_extend", "watermark"):
        if not isinstance(options.get(name, True), bool):
            invalid(f"{name} must be a boolean")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _duration(options: Body, model: Model) -> int:
    value = options.get("duration", 5)
    if not _is_int(value):
        invalid("duration must be an integer")
    if len(model.durations) == 1:
        return model.durations[0]
    if value not in model.durations:
        invalid(f"duration must be one of {', '.join(map(str, model.durations))}")
    return int(value)


async def _size(given: Body, options: Body, model: Model, *, resolves_oss: bool) -> tuple[int, int]:
    if model.kind == "t2v" and not model.by_ratio:
        return _named_size(options, model)
    resolution = options.get("resolution", model.resolutions[0])
    if resolution not in model.resolutions:
        invalid(f"resolution must be one of {', '.join(model.resolutions)}")
    if model.kind == "t2v":
        return _ratio_size(options, resolution)
    picture = await _first_picture(given, model, resolves_oss=resolves_oss)
    height = math.sqrt(_AREAS_PX[resolution] / picture.ratio)
    return _even(height * picture.ratio), _even(height)


def _even(value: float) -> int:
    return round(value / 2) * 2


def _named_size(options: Body, model: Model) -> tuple[int, int]:
    allowed = sorted(size for name in model.resolutions for size in _SIZES[name])
    size = options.get("size", {"720P": "1280*720", "1080P": "1920*1080"}[model.resolutions[0]])
    if size not in allowed:
        invalid(f"size must be one of {', '.join(allowed)}")
    width, height = size.split("*")
    return int(width), int(height)


def _ratio_size(options: Body, resolution: str) -> tuple[int, int]:
    ratio = options.get("ratio", "16:9")
    if ratio not in _BY_RATIO[resolution]:
        invalid(f"ratio must be one of {', '.join(_BY_RATIO[resolution])}")
    width, height = _BY_RATIO[resolution][ratio].split("*")
    return int(width), int(height)


async def _first_picture(given: Body, model: Model, *, resolves_oss: bool) -> Picture:
    fields = _media_fields(given) if model.by_ratio else given
    required, optional = ("img_url", "") if model.kind == "i2v" else ("first_frame_url", "last_frame_url")
    if model.by_ratio:
        required, optional = "first_frame", "last_frame"
    if not fields.get(required):
        invalid(f"Field required: input.{required}")
    pictures = [await _picture(fields[name], name, resolves_oss=resolves_oss) for name in (required, optional) if fields.get(name)]
    return pictures[0]


def _media_fields(given: Body) -> Body:
    media = given.get("media")
    if not isinstance(media, list) or not all(isinstance(item, dict) for item in media):
        invalid("Field required: input.media")
    return {str(item.get("type")): item.get("url") for item in media}


async def _picture(value: object, name: str, *, resolves_oss: bool) -> Picture:
    if not isinstance(value, str) or not value.startswith(("http://", "https://", "data:image/", "oss://")):
        invalid(f"{name} must be an address or a data: URI", "InvalidURL")
    if value.startswith("oss://") and not resolves_oss:
        invalid(f"{name}: oss:// needs the header X-DashScope-OssResourceResolve", "InvalidURL")
    try:
        picture = await _fetched(value)
    except BadPicture as error:
        code, status = {
            "too-large": ("InvalidParameter.DataSize", 413),
            "unreachable": ("InputDownloadFailed", 415),
        }.get(error.reason, ("UnsupportedFileFormat", 415))
        invalid(f"{name}: {error}", code, status)
    _check_picture(picture, name)
    return picture


async def _fetched(value: str) -> Picture:
    if value.startswith("data:"):
        return await from_base64(value.partition(";base64,")[2])
    return await from_url(value)


def _check_picture(picture: Picture, name: str) -> None:
    if picture.kind not in {"JPEG", "PNG", "BMP", "WEBP"} or (picture.kind == "PNG" and picture.has_alpha):
        invalid(f"{name}: only JPEG, PNG without alpha, BMP and WEBP", "UnsupportedFileFormat", 415)
    low, high = _SIDES_PX
    if not all(low <= side <= high for side in (picture.width_px, picture.height_px)):
        invalid(f"{name}: each side must have {low} to {high} pixels")
