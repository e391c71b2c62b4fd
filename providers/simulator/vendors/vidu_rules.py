"""What Vidu accepts: a submit body becomes an Order, or is refused with its own codes.

https://platform.vidu.com/docs/text-to-video, `/image-to-video`, `/start-end-to-video`, `/reference-to-video` and `/pricing`, as public
copies and clients have them; read 2026-11-29. A field that only other paths have is refused; `style` and `movement_amplitude` change
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import BadPicture, Picture, from_url, in_shape
from providers.simulator.tasks import Order

Body = dict[str, Any]
MAX_PROMPT = 5_000
MAX_PAYLOAD = 1_048_576
_MAX_PICTURE = 50 * 1024 * 1024
_LEAST_SIDE_PX = 128
_SHORT_SIDES = {"540p": 540, "720p": 720, "1080p": 1080}
_RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "4:3": (4, 3), "3:4": (3, 4), "1:1": (1, 1)}
_TEXT, _IMAGE, _FRAMES, _REFERENCES = "text2video", "img2video", "start-end2video", "reference2video"
_SHARED = frozenset(
    {
        *("model", "prompt", "duration", "seed", "resolution", "movement_amplitude", "audio", "audio_type", "bgm"),
        *("payload", "off_peak", "watermark", "wm_position", "wm_url", "meta_data", "callback_url"),
    }
)
_FIELDS = {
    _TEXT: _SHARED | {"style", "aspect_ratio"},
    _IMAGE: _SHARED | {"images", "voice_id", "is_rec"},
    _FRAMES: _SHARED | {"images", "is_rec"},
    _REFERENCES: _SHARED | {"images", "subjects", "auto_subjects", "aspect_ratio"},
}
_PICTURES = {_TEXT: range(1), _IMAGE: range(1, 2), _FRAMES: range(2, 3), _REFERENCES: range(1, 8)}
_BOOLEANS = ("audio", "bgm", "off_peak", "watermark", "is_rec")
_Q3, _Q2, _Q2_FRAMES, _Q3_REFERENCES = range(1, 17), range(1, 11), range(1, 9), range(3, 17)
_ALL, _LARGE = ("540p", "720p", "1080p"), ("720p", "1080p")


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model at one path. `credits` are per second, or a first second and what follows, by resolution."""

    durations: range
    credits: Mapping[str, tuple[int, int]]
    shapes: tuple[str, ...] = tuple(_RATIOS)

    def charge(self, resolution: str, duration_s: int) -> int:
        first, further = self.credits[resolution]
        return first + further * (duration_s - 1)


def _model(
    durations: range, resolutions: tuple[str, ...], *prices: int | tuple[int, int], shapes: tuple[str, ...] = tuple(_RATIOS)
) -> Model:
    pairs = [one if isinstance(one, tuple) else (one, one) for one in prices]
    return Model(durations=durations, credits=dict(zip(resolutions, pairs, strict=True)), shapes=shapes)


_NARROW = ("16:9", "9:16", "1:1")
MODELS: Mapping[str, Mapping[str, Model]] = {
    _TEXT: {
        "viduq3-pro": _model(_Q3, _ALL, 9, 20, 24),
        "viduq3-turbo": _model(_Q3, _ALL, 7, 11, 13),
        "viduq2": _model(_Q2, _ALL, (10, 2), (15, 5), (20, 10)),
    },
    _IMAGE: {
        "viduq3-pro": _model(_Q3, _ALL, 9, 20, 24),
        "viduq3-turbo": _model(_Q3, _ALL, 7, 11, 13),
        "viduq3-pro-fast": _model(_Q3, _LARGE, 20, 25),
        "viduq2-pro": _model(_Q2, _ALL, (8, 5), (15, 10), (55, 15)),
        "viduq2-turbo": _model(_Q2, _ALL, (6, 2), (8, 10), (35, 10)),
        "viduq2-pro-fast": _model(_Q2, _LARGE, (8, 2), (16, 4)),
    },
    _FRAMES: {
        "viduq3-pro": _model(_Q3, _ALL, 9, 20, 24),
        "viduq3-turbo": _model(_Q3, _ALL, 7, 11, 13),
        "viduq2-pro": _model(_Q2_FRAMES, _ALL, (8, 5), (15, 10), (55, 15)),
        "viduq2-turbo": _model(_Q2_FRAMES, _ALL, (6, 2), (8, 10), (35, 10)),
        "viduq2-pro-fast": _model(_Q2_FRAMES, _LARGE, (8, 2), (16, 4)),
    },
    _REFERENCES: {
        "viduq3": _model(_Q3_REFERENCES, _ALL, 7, 12, 15, shapes=_NARROW),
        "viduq3-turbo": _model(_Q3_REFERENCES, _ALL, 4, 10, 13, shapes=_NARROW),
        "viduq3-mix": _model(_Q3_REFERENCES, _LARGE, 24, 29, shapes=_NARROW),
        "viduq2": _model(_Q2, _ALL, (15, 5), (25, 5), (75, 10)),
        "viduq2-pro": _model(_Q2, _ALL, (20, 5), (30, 5), (85, 10)),
    },
}


def refuse(reason: str, message: str) -> NoReturn:
    raise Refused(400, reason, message)


async def read_order(kind: str, body: object) -> Order:
    """Turn the body of a submit to one of the paths into an order. Raise Refused."""
    if not isinstance(body, dict):
        refuse("BadRequest", "bad request")
    name = body.get("model")
    if not isinstance(name, str) or not name:
        refuse("FieldLacking", "field is missing or empty: model")
    model = MODELS[kind].get(name)
    if model is None:
        refuse("ModelUnavailable", "model unavailable")
    _check_fields(kind, body)
    prompt = _prompt(kind, body)
    pictures = await _pictures(kind, body)
    duration, resolution = body.get("duration", 5), body.get("resolution", "720p")
    _require(is_integer(duration) and duration in model.durations, "duration")
    _require(resolution in model.credits, "resolution")
    shape = body.get("aspect_ratio", "16:9")
    _require(shape in model.shapes, "aspect_ratio")
    width, height = _size(resolution, pictures[0].ratio if kind in {_IMAGE, _FRAMES} else _RATIOS[shape][0] / _RATIOS[shape][1])
    return Order(
        kind=kind,
        model=name,
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=duration,
        body=body,
        mark=body.get("payload", ""),
        callback_url=body.get("callback_url", ""),
        extra={
            "credits": model.charge(resolution, duration) + (15 if body.get("audio") and name.startswith("viduq2") else 0),
            "facts": {"duration": duration, "resolution": resolution}
            | ({"aspect_ratio": shape} if "aspect_ratio" in _FIELDS[kind] else {}),
        },
    )


def _require(is_good: bool, field: str) -> None:
    if not is_good:
        refuse("FieldInvalid", f"invalid field: {field}")


def _check_fields(kind: str, body: Body) -> None:
    if unwanted := sorted(body.keys() - _FIELDS[kind]):
        refuse("FieldUnwanted", f"unwanted field: {', '.join(unwanted)}")
    for name in _BOOLEANS:
        _require(isinstance(body.get(name, False), bool), name)
    payload = body.get("payload", "")
    _require(isinstance(payload, str) and len(payload) <= MAX_PAYLOAD, "payload")
    _require(isinstance(body.get("callback_url", ""), str), "callback_url")
    _require(is_integer(body.get("seed", 0)), "seed")
    if "viduq2" in body["model"]:
        _require(not body.get("audio") or kind == _IMAGE, "audio")


def _prompt(kind: str, body: Body) -> str:
    prompt = body.get("prompt", "")
    _require(isinstance(prompt, str) and len(prompt) <= MAX_PROMPT, "prompt")
    if not prompt and kind in {_TEXT, _REFERENCES}:
        refuse("FieldLacking", "field is missing or empty: prompt")
    return str(prompt)


async def _pictures(kind: str, body: Body) -> list[Picture]:
    listed = body.get("images", [])
    _require(isinstance(listed, list), "images")
    if len(listed) not in _PICTURES[kind]:
        refuse("FieldItemCountOutOfRange" if listed else "FieldLacking", "field item count out of range: images")
    pictures = [await _picture(one) for one in listed]
    least = _LEAST_SIDE_PX if kind == _REFERENCES else 1
    if any(not 1 / 4 <= picture.ratio <= 4 or min(picture.width_px, picture.height_px) < least for picture in pictures):
        refuse("PageSizeOutOfRange", "page size out of range")
    if kind == _FRAMES:
        first, last = (picture.width_px * picture.height_px for picture in pictures)
        if not 0.8 <= first / last <= 1.25:
            refuse("PageSizeOutOfRange", "page size out of range")
    return pictures


async def _picture(value: object) -> Picture:
    if not isinstance(value, str) or not value.startswith(("http://", "https://", "data:image/")):
        refuse("ImageDownloadFailure", "image download failure")
    try:
        picture = await from_url(value, _MAX_PICTURE)
    except BadPicture as error:
        refuse(*_BAD.get(error.reason, ("ImageDownloadFailure", "image download failure")))
    if picture.kind not in {"PNG", "JPEG", "WEBP"}:
        refuse(*_BAD["undecodable"])
    return picture


_BAD = {"undecodable": ("ImageFormatInvalid", "invalid image format"), "too-large": ("PageSizeOutOfRange", "page size out of range")}


def _size(resolution: str, ratio: float) -> tuple[int, int]:
    """Return width and height with a resolution's number of pixels at 16:9, in this shape."""
    return in_shape(_SHORT_SIDES[resolution] ** 2 * 16 / 9, ratio)
