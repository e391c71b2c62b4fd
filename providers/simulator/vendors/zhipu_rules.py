"""What Zhipu accepts: a submit body becomes an Order, or is refused with its own codes.

A field that is null counts as not sent, as the official SDKs send every field. A field that only other models have is
refused; one that no model has is ignored.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.pictures import BadPicture, Picture, even, from_base64, from_url
from providers.simulator.tasks import Order

Body = dict[str, Any]
Size = tuple[int, int]
MAX_PROMPT = 512
_MEGABYTE = 1024 * 1024
_USER_ID = range(6, 129)
_SHORT_SIDE_PX, _LONG_SIDE_PX = 1080, 3840
_COGVIDEOX_2_SIZES = (
    *("720x480", "1024x1024", "1280x960", "960x1280"),
    *("1920x1080", "1080x1920", "2048x1080", "3840x2160"),
)
_COGVIDEOX_3_SIZES = (
    *("1280x720", "720x1280", "1024x1024"),
    *("1920x1080", "1080x1920", "2048x1080", "3840x2160"),
)
_QUALITIES = ("speed", "quality")
_STYLES = ("general", "anime")
_MOVEMENTS = ("auto", "small", "medium", "large")
_RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1)}
_SHARED = frozenset(["model", "prompt", "request_id", "user_id", "watermark_enabled", "sensitive_word_check", "off_peak"])
_OPTIONS: dict[str, tuple[Any, ...]] = {
    "quality": _QUALITIES,
    "with_audio": (True, False),
    "fps": (30, 60),
    "style": _STYLES,
    "aspect_ratio": tuple(_RATIOS),
    "movement_amplitude": _MOVEMENTS,
    "watermark_enabled": (True, False),
    "off_peak": (True, False),
}


@dataclass(frozen=True, kw_only=True)
class Model:
    sizes: tuple[str, ...]
    options: frozenset[str]
    """Its fields in addition to those of all models."""
    duration_s: int
    durations: tuple[int, ...] = ()
    """Empty: the field does not exist."""
    pictures: range = range(1)
    """The numbers of pictures that it takes."""
    is_vidu: bool = False

    @property
    def fields(self) -> frozenset[str]:
        own = {"size"} | ({"duration"} if self.durations else set()) | ({"image_url"} if self.pictures.stop > 1 else set())
        return _SHARED | self.options | own


def _vidu(size: str, duration_s: int, pictures: range, *options: str, small: str = "") -> Model:
    return Model(
        sizes=(size, small) if small else (size,),
        options=frozenset(["movement_amplitude", *options]),
        duration_s=duration_s,
        durations=(duration_s,),
        pictures=pictures,
        is_vidu=True,
    )


_COGVIDEOX = frozenset(["quality", "with_audio", "fps"])
_COGVIDEOX_2 = Model(sizes=_COGVIDEOX_2_SIZES, options=_COGVIDEOX, duration_s=6, pictures=range(2))
_NO, _ONE, _TWO, _SOME = range(1), range(1, 2), range(2, 3), range(1, 4)
MODELS = {
    "cogvideox-2": _COGVIDEOX_2,
    "cogvideox-flash": _COGVIDEOX_2,
    "cogvideox-3": Model(sizes=_COGVIDEOX_3_SIZES, options=_COGVIDEOX, duration_s=5, durations=(5, 10), pictures=range(3)),
    "viduq1-text": _vidu("1920x1080", 5, _NO, "style", "aspect_ratio"),
    "viduq1-image": _vidu("1920x1080", 5, _ONE),
    "viduq1-start-end": _vidu("1920x1080", 5, _TWO, "with_audio"),
    "vidu2-image": _vidu("1280x720", 4, _ONE, "with_audio"),
    "vidu2-start-end": _vidu("1280x720", 4, _TWO, "with_audio", small="480x360"),
    "vidu2-reference": _vidu("1280x720", 4, _SOME, "aspect_ratio", "with_audio"),
}
MODELS_ABROAD = {name: model for name, model in MODELS.items() if model is not _COGVIDEOX_2}
"""Z.ai has CogVideoX-3 and Vidu."""
_KNOWN_FIELDS = frozenset(name for model in MODELS.values() for name in model.fields)


def invalid(message: str, code: str = "1214", status: int = 400) -> NoReturn:
    raise Refused(status, code, message)


async def read_order(body: object, models: Mapping[str, Model] = MODELS) -> Order:
    """Turn a body into an order. Raise Refused. `models` are those of the region."""
    if not isinstance(body, dict):
        invalid("the request body is not an object", "1210")
    given = {name: value for name, value in body.items() if value is not None}
    name = given.get("model")
    if not isinstance(name, str) or not name:
        invalid("model is required", "1213")
    if name not in models:
        invalid(f"model {name} does not exist", "1211")
    model = models[name]
    _check_fields(given, model)
    prompt = _prompt(given)
    pictures = await _pictures(given, model)
    if not prompt and not pictures:
        invalid("prompt and image_url cannot both be empty", "1213")
    width, height = _size(given, model, pictures)
    return Order(
        model=name,
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=given.get("duration", model.duration_s),
        body=body,
        reference=given.get("request_id", ""),
        extra={"request_id": given.get("request_id") or secrets.token_hex(8)},
    )


def _check_fields(given: Body, model: Model) -> None:
    for name in given:
        if name in _KNOWN_FIELDS - model.fields:
            invalid(f"{name} is not supported by this model", "1210")
    for name, allowed in _OPTIONS.items():
        if name in given and not _is_one_of(given[name], allowed):
            invalid(f"{name} must be one of {', '.join(map(str, allowed))}")
    if "duration" in given and not _is_one_of(given["duration"], model.durations):
        invalid(f"duration must be one of the integers {', '.join(map(str, model.durations))}")
    if "user_id" in given and (not isinstance(given["user_id"], str) or len(given["user_id"]) not in _USER_ID):
        invalid("user_id must have 6 to 128 characters")
    if not isinstance(given.get("request_id", ""), str):
        invalid("request_id must be a string")


def _is_one_of(value: object, allowed: tuple[Any, ...]) -> bool:
    """Return whether the value is allowed. Types count: `"5"` is not 5, and 1 is not true."""
    return any(value == item and type(value) is type(item) for item in allowed)


def _prompt(given: Body) -> str:
    prompt = given.get("prompt", "")
    if not isinstance(prompt, str):
        invalid("prompt must be a string")
    if len(prompt) > MAX_PROMPT:
        invalid(f"prompt is longer than {MAX_PROMPT} characters", "1261")
    if not prompt and given["model"] == "viduq1-text":
        invalid("prompt is required", "1213")
    return prompt


async def _pictures(given: Body, model: Model) -> list[Picture]:
    value = given.get("image_url", [])
    listed = value if isinstance(value, list) else [value]
    if len(listed) not in model.pictures:
        least, most = model.pictures.start, model.pictures.stop - 1
        invalid(f"image_url must hold {least} to {most} images", "1213" if not listed else "1214")
    if isinstance(value, list) and given["model"] == "cogvideox-3" and len(listed) == 1:
        invalid("image_url must be a string, or an array of two")
    pictures = [await _picture(item, model) for item in listed]
    if given["model"].startswith("vidu"):
        _check_vidu(given["model"], pictures)
    return pictures


async def _picture(value: object, model: Model) -> Picture:
    if not isinstance(value, str) or not value:
        invalid("image_url must be an address or Base64")
    at_most = (50 if model.is_vidu else 5) * _MEGABYTE
    try:
        is_address = value.startswith(("http://", "https://", "data:image/"))
        picture = await (from_url if is_address else from_base64)(value, at_most)
    except BadPicture as error:
        invalid(f"image_url: {error}")
    if picture.kind not in (("PNG", "JPEG", "WEBP") if model.is_vidu else ("PNG", "JPEG")):
        invalid(f"image_url: {picture.kind} is not supported")
    return picture


def _check_vidu(name: str, pictures: list[Picture]) -> None:
    if any(not 1 / 4 <= picture.ratio <= 4 for picture in pictures):
        invalid("image_url: the aspect ratio must be between 1:4 and 4:1")
    if name == "vidu2-reference" and any(min(picture.width_px, picture.height_px) < 128 for picture in pictures):
        invalid("image_url: each image must have at least 128 x 128 pixels")
    if name.endswith("start-end"):
        first, last = (picture.width_px * picture.height_px for picture in pictures)
        if not 0.8 <= first / last <= 1.25:
            invalid("image_url: the resolutions of the two images must be within 0.8 and 1.25 of each other")


def _size(given: Body, model: Model, pictures: list[Picture]) -> Size:
    size = given.get("size")
    if size is not None and size not in model.sizes:
        invalid(f"size must be one of {', '.join(model.sizes)}")
    if size is None and pictures and not model.is_vidu:
        short, long = sorted((pictures[0].width_px, pictures[0].height_px))
        scale = min(_SHORT_SIDE_PX / short, _LONG_SIDE_PX / long)
        return even(pictures[0].width_px * scale), even(pictures[0].height_px * scale)
    width, height = map(int, (size or (model.sizes[0] if model.is_vidu else "1920x1080")).split("x"))
    if "aspect_ratio" not in given:
        return width, height
    short, (across, down) = min(width, height), _RATIOS[given["aspect_ratio"]]
    return short * across // min(across, down), short * down // min(across, down)
