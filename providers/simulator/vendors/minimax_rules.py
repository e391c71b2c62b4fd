"""What MiniMax's first API (Hailuo and older) accepts: a body becomes an Order, or is refused with code 2013."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import UNSEEN, BadPicture, Picture, from_url
from providers.simulator.tasks import Order

Body = dict[str, Any]
MAX_PROMPT = 2000
MAX_BYTES = 20 * 1024 * 1024
_MIN_SIDE_PX = 300
_MAX_RATIO = 2.5
_SHORT_SIDES_PX = {"512P": 512, "720P": 720, "768P": 768, "1080P": 1080}
_HAILUO = {"768P": (6, 10), "1080P": (6,)}
_OLDER = {"720P": (6,)}


@dataclass(frozen=True, kw_only=True)
class Model:
    lengths: Mapping[str, tuple[int, ...]]
    """Seconds by resolution; the first of each is the default."""
    takes_text_alone: bool = True
    takes_first: bool = True
    takes_last: bool = False
    only_with_image: frozenset[str] = frozenset()
    """Resolutions that need a first frame."""
    has_pretreatment: bool = False
    takes_subject: bool = False


_TEXT = Model(lengths=_OLDER, takes_first=False)
_IMAGE = Model(lengths=_OLDER, takes_text_alone=False)
MODELS = {
    "MiniMax-Hailuo-2.3": Model(lengths=_HAILUO, has_pretreatment=True),
    "MiniMax-Hailuo-2.3-Fast": Model(lengths=_HAILUO, takes_text_alone=False, has_pretreatment=True),
    "MiniMax-Hailuo-02": Model(
        lengths={**_HAILUO, "512P": (6, 10)}, takes_last=True, only_with_image=frozenset({"512P"}), has_pretreatment=True
    ),
    "T2V-01-Director": _TEXT,
    "T2V-01": _TEXT,
    "I2V-01-Director": _IMAGE,
    "I2V-01-live": _IMAGE,
    "I2V-01": _IMAGE,
    "S2V-01": Model(lengths={"720P": (6,)}, takes_text_alone=False, takes_first=False, takes_subject=True),
}


def invalid(message: str) -> NoReturn:
    raise Refused(200, 2013, f"invalid params, {message}")


async def read_order(body: object) -> Order:
    """Turn a body into an order. Raise Refused."""
    if not isinstance(body, dict):
        invalid("not a JSON object")
    given = {name: value for name, value in body.items() if value not in ("", None)}
    name = given.get("model")
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        invalid("model is unknown")
    _check_words_and_flags(given, model)
    picture = await _first_picture(given, model)
    resolution, duration = _shape(given, model)
    short, ratio = _SHORT_SIDES_PX[resolution], picture.ratio if picture else 16 / 9
    return Order(
        kind="v1",
        model=str(name),
        prompt=given.get("prompt", ""),
        width_px=even(short * max(ratio, 1)),
        height_px=even(short / min(ratio, 1)),
        duration_s=duration,
        body=body,
        callback_url=callback_of(given, invalid),
    )


def even(value: float) -> int:
    """Round up to an even number."""
    return -(-int(value) // 2) * 2


def callback_of(given: Body, refuse: Callable[[str], NoReturn]) -> str:
    url = given.get("callback_url", "")
    if not isinstance(url, str) or (url and not url.startswith(("http://", "https://"))):
        refuse("callback_url must be an http or https address")
    return url


def _check_words_and_flags(given: Body, model: Model) -> None:
    prompt = given.get("prompt", "")
    if not isinstance(prompt, str) or len(prompt) > MAX_PROMPT:
        invalid(f"prompt must have at most {MAX_PROMPT} characters")
    if not prompt and "first_frame_image" not in given and "subject_reference" not in given:
        invalid("prompt is required")
    for name in ("prompt_optimizer", "fast_pretreatment", "aigc_watermark"):
        if not isinstance(given.get(name, True), bool):
            invalid(f"{name} must be a boolean")
    if "fast_pretreatment" in given and not model.has_pretreatment:
        invalid("fast_pretreatment is not supported by this model")


def _shape(given: Body, model: Model) -> tuple[str, int]:
    if model.takes_subject and ("resolution" in given or "duration" in given):
        invalid("this model takes no resolution or duration")
    resolution = given.get("resolution", next(iter(model.lengths)))
    if not isinstance(resolution, str) or resolution not in model.lengths:
        invalid(f"resolution must be one of {', '.join(model.lengths)}")
    if resolution in model.only_with_image and "first_frame_image" not in given:
        invalid(f"{resolution} needs first_frame_image")
    lengths = model.lengths[resolution]
    duration = given.get("duration", lengths[0])
    if not is_integer(duration) or duration not in lengths:
        invalid(f"duration at {resolution} must be one of {', '.join(map(str, lengths))}")
    return resolution, duration


async def _first_picture(given: Body, model: Model) -> Picture | None:
    if "first_frame_image" in given and not model.takes_first:
        invalid("first_frame_image is not supported by this model")
    if "last_frame_image" in given and not (model.takes_last and "first_frame_image" in given):
        invalid("last_frame_image needs a model that takes it, and first_frame_image")
    if model.takes_subject:
        match given.get("subject_reference"):
            case [{"type": "character", "image": [image]}]:
                await _picture(image, "subject_reference")
                return None
        invalid("subject_reference must hold one character with one image")
    if not model.takes_text_alone and "first_frame_image" not in given:
        invalid("first_frame_image is required")
    names = [name for name in ("first_frame_image", "last_frame_image") if name in given]
    pictures = [await _picture(given[name], name) for name in names]
    return pictures[0] if pictures else None


async def _picture(value: object, name: str) -> Picture:
    picture = await picture_of(value, name, MAX_BYTES, invalid)
    if picture.kind not in {"JPEG", "PNG", "WEBP"}:
        invalid(f"{name} must be a jpg, png or webp")
    if min(picture.width_px, picture.height_px) <= _MIN_SIDE_PX:
        invalid(f"{name}: the short side must have more than {_MIN_SIDE_PX} pixels")
    if not 1 / _MAX_RATIO <= picture.ratio <= _MAX_RATIO:
        invalid(f"{name}: the ratio must be between 2:5 and 5:2")
    return picture


async def picture_of(value: object, name: str, at_most: int, refuse: Callable[[str], NoReturn]) -> Picture:
    """Measure the picture of an address, a data URI, or the handle of a file at the vendor. `refuse` raises Refused."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://", "data:image/", "mm_file://")):
        refuse(f"{name} must be an address or a data URI")
    if value.startswith("mm_file://"):
        return UNSEEN
    try:
        return await from_url(value, at_most)
    except BadPicture as error:
        refuse(f"{name}: {error}")
