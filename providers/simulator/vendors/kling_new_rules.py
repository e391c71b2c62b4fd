"""What Kling's new API accepts: path and body become an Order, or are refused with 1200, 1201 or 1203.

Written from copies of the vendor's pages (kling.ai/document-api, of 2026-09-20; read 2026-11-29).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import Picture, even
from providers.simulator.tasks import Order
from providers.simulator.vendors.kling_lists import invalid, text
from providers.simulator.vendors.kling_rules import read_picture

Body = dict[str, Any]
T2V, I2V, OMNI, MOTION = "text-to-video", "image-to-video", "omni-video", "motion-control"
KINDS = (T2V, I2V, OMNI, MOTION)
MAX_PROMPT = 3072
MAX_BYTES = 50 * 1024 * 1024
MAX_ELEMENTS = 3
_MAX_SHOTS, _MAX_SHOT_WORDS = 6, 512
_SHORT_SIDES_PX = {"720p": 720, "1080p": 1080, "4k": 2160}
_RATIOS = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0}
_SHOT = re.compile(r"镜头\s*\d+\s*[,，]\s*(\d+)\s*[,，]\s*([^;；]+)")
_FRAMES = {"prompt", "first_frame", "last_frame", "element"}
_TYPES = {
    I2V: _FRAMES,
    OMNI: _FRAMES | {"refer_image", "feature_video", "base_video"},
    MOTION: {"prompt", "image", "video", "element"},
}
_PICTURES = ("first_frame", "last_frame", "refer_image", "image")
_VIDEOS = ("feature_video", "base_video", "video")
_SETTINGS = {
    T2V: {"resolution", "aspect_ratio", "duration", "audio", "multi_shot"},
    I2V: {"resolution", "duration", "audio", "multi_shot"},
    OMNI: {"resolution", "aspect_ratio", "duration", "audio", "multi_shot"},
    MOTION: {"resolution", "audio", "character_orientation"},
}
_MOTION_S = 5
"""How long the videos of motion control are: as the given one, which is not looked at."""
_ANY = ("720p", "1080p", "4k")
_SMALL = ("720p", "1080p")


@dataclass(frozen=True, kw_only=True)
class Model:
    kinds: frozenset[str] = frozenset({T2V, I2V})
    resolutions: tuple[str, ...] = _ANY
    durations: tuple[int, ...] = tuple(range(3, 16))
    audio: tuple[str, ...] = ("off", "native")
    """Empty: `settings.audio` is refused."""
    native_needs: frozenset[str] = frozenset(_ANY)
    last_needs: frozenset[str] = frozenset(_ANY)
    """Resolutions in which it takes a last frame."""
    has_shots: bool = True
    max_prompt: int = MAX_PROMPT
    max_prompt_with_picture: int = MAX_PROMPT
    max_elements: int = MAX_ELEMENTS


_IN_1080P = frozenset({"1080p"})
_OF_2 = Model(
    resolutions=_SMALL,
    durations=(5, 10),
    last_needs=_IN_1080P,
    native_needs=_IN_1080P,
    has_shots=False,
    max_prompt=2500,
    max_prompt_with_picture=2500,
    max_elements=0,
)
MODELS = {
    "kling-3.0": Model(),
    "kling-3.0-turbo": Model(
        resolutions=_SMALL, audio=(), has_shots=False, last_needs=frozenset(), max_prompt_with_picture=2500, max_elements=0
    ),
    "kling-2.6": _OF_2,
    "kling-2.5-turbo": replace(_OF_2, audio=()),
    "kling-3.0-omni": Model(kinds=frozenset({OMNI}), audio=("off", "native", "original"), max_elements=7),
    "kling-o1": Model(
        kinds=frozenset({OMNI}),
        resolutions=_SMALL,
        durations=tuple(range(3, 11)),
        audio=("off", "original"),
        has_shots=False,
        max_prompt_with_picture=2500,
        max_elements=7,
    ),
}
MOTION_MODELS = {
    "kling-3.0": replace(_OF_2, audio=("original", "off"), max_elements=1),
    "kling-2.6": replace(_OF_2, audio=("original", "off")),
}


async def read_order(kind: str, name: str, body: object) -> Order:
    """Turn path and body into an order. Raise Refused."""
    if not isinstance(body, dict):
        raise Refused(400, 1200, "request body must be a JSON object")
    model = MOTION_MODELS.get(name) if kind == MOTION else MODELS.get(name)
    if model is None or (kind != MOTION and kind not in model.kinds):
        raise Refused(404, 1203, f"model {name} does not exist for {kind}")
    settings, options = _part(body, "settings"), _part(body, "options")
    _check_settings(settings, kind, model)
    if kind != T2V:
        prompt, shape = await _contents(body, settings, kind, model)
    elif "contents" in body:
        invalid("contents is not for text-to-video")
    elif not (prompt := text(body, "prompt", model.max_prompt)):
        invalid("prompt is required")
    else:
        shape = None
    duration = _MOTION_S if kind == MOTION else settings.get("duration", 5)
    _check_shots(prompt, settings, model, duration)
    short = _SHORT_SIDES_PX[settings.get("resolution", "720p")]
    ratio = shape.ratio if shape else _RATIOS[settings.get("aspect_ratio", "16:9")]
    return Order(
        kind=kind,
        model=name,
        prompt=prompt,
        width_px=even(short * max(ratio, 1)),
        height_px=even(short / min(ratio, 1)),
        duration_s=duration,
        body=body,
        reference=text(options, "external_task_id"),
        callback_url=_callback(options),
        extra={"units": duration * (2 if settings.get("resolution") != "4k" else 8)},
    )


def _part(body: Body, name: str) -> Body:
    part = body.get(name) or {}
    if not isinstance(part, dict):
        invalid(f"{name} must be an object")
    return {key: value for key, value in part.items() if value is not None}


def _callback(options: Body) -> str:
    if not isinstance(options.get("watermark_info", {}), dict):
        invalid("options.watermark_info must be an object")
    url = text(options, "callback_url", 2048)
    if url and not url.startswith(("http://", "https://")):
        invalid("options.callback_url must be an http or https address")
    return url


def _check_settings(settings: Body, kind: str, model: Model) -> None:
    if unknown := settings.keys() - _SETTINGS[kind]:
        invalid(f"settings.{min(unknown)} is not for {kind}")
    _check_one_of(settings, "resolution", model.resolutions)
    _check_one_of(settings, "aspect_ratio", tuple(_RATIOS))
    _check_one_of(settings, "audio", model.audio)
    if kind == MOTION and settings.get("character_orientation") not in {"image", "video"}:
        invalid("settings.character_orientation is required: image or video")
    duration = settings.get("duration", 5)
    if not is_integer(duration) or duration not in model.durations:
        invalid(f"settings.duration must be one of the integers {', '.join(map(str, model.durations))}")
    if settings.get("audio") == "native" and settings.get("resolution", "720p") not in model.native_needs:
        invalid("settings.audio native needs 1080p with this model")
    if not isinstance(settings.get("multi_shot", False), bool):
        invalid("settings.multi_shot must be a boolean")
    if settings.get("multi_shot") and not model.has_shots:
        invalid("settings.multi_shot is not supported by this model")


def _check_one_of(settings: Body, name: str, allowed: tuple[str, ...]) -> None:
    if name in settings and settings[name] not in allowed:
        invalid(f"settings.{name} must be one of {', '.join(allowed) or 'none with this model'}")


async def _contents(body: Body, settings: Body, kind: str, model: Model) -> tuple[str, Picture | None]:
    """Return the prompt, and the picture that gives the shape, if there is one. Raise Refused."""
    if "prompt" in body:
        invalid(f"prompt is not for {kind}: it is one of contents")
    items = body.get("contents")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        invalid("contents is required")
    types = Counter(str(item.get("type")) for item in items)
    _check_types(types, kind, model)
    _check_together(types, settings, kind, model)
    names = [item["id"] for item in items if "id" in item]
    if len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
        invalid("contents: each id must be a text of its own")
    prompt = next((text(item, "text", model.max_prompt_with_picture) for item in items if item["type"] == "prompt"), "")
    if kind == OMNI and not prompt:
        invalid("contents: a prompt is required")
    shape = None
    for item in items:
        role = item["type"]
        if role in _VIDEOS and not str(item.get("url")).startswith(("http://", "https://")):
            invalid(f"contents: url of {role} must be an address")
        if role == "element" and not (item.get("element_id") and "id" in item and f"@{item['id']}" in prompt):
            invalid("contents: an element needs element_id and an id that the prompt names as @id")
        if role in _PICTURES:
            picture = await read_picture(item.get("url"), f"contents.{role}", MAX_BYTES)
            shape = picture if role in {"first_frame", "image"} else shape
    return prompt, shape


def _check_types(types: Counter[str], kind: str, model: Model) -> None:
    if unknown := types.keys() - _TYPES[kind]:
        invalid(f"contents: unknown type {min(unknown)}")
    if any(types[name] > 1 for name in ("prompt", "first_frame", "last_frame", "image", "video")):
        invalid("contents: prompt, first_frame, last_frame, image and video at most once each")
    if types["feature_video"] + types["base_video"] > 1:
        invalid("contents: at most one reference video")
    if kind == I2V and not types["first_frame"]:
        invalid("contents: first_frame is required")
    if kind == MOTION and not (types["image"] and types["video"]):
        invalid("contents: image and video are required")
    if types["element"] > model.max_elements:
        invalid(f"contents: at most {model.max_elements} elements")


def _check_together(types: Counter[str], settings: Body, kind: str, model: Model) -> None:
    """Check what excludes what. Raise Refused."""
    audio, has_video = settings.get("audio", "off"), types["feature_video"] or types["base_video"]
    if types["last_frame"] and not (types["first_frame"] and settings.get("resolution", "720p") in model.last_needs):
        invalid("contents: last_frame needs first_frame, a model that takes it, and the model's resolution")
    if types["last_frame"] and audio == "native" and not model.has_shots:
        invalid("contents: last_frame and native audio exclude each other")
    if kind == OMNI and types["element"] + types["refer_image"] > (4 if has_video else 7):
        invalid("contents: at most 7 reference images and elements, or 4 with a video")
    if types["first_frame"] and types["element"] > MAX_ELEMENTS and model.has_shots:
        invalid(f"contents: at most {MAX_ELEMENTS} elements with a frame")
    if types["base_video"] and (types["first_frame"] or types["last_frame"] or settings.get("multi_shot") or audio == "native"):
        invalid("contents: base_video excludes frames, multi_shot and native audio")
    if types["feature_video"] and model.has_shots and (settings.get("multi_shot") is False or audio != "off"):
        invalid("contents: feature_video needs multi_shot and audio off")
    if kind == MOTION and types["element"] and settings["character_orientation"] != "video":
        invalid("contents: element needs character_orientation video")
    if kind == OMNI and not model.has_shots:
        _check_together_in_one_shot(types, settings, has_video=bool(has_video))


def _check_together_in_one_shot(types: Counter[str], settings: Body, *, has_video: bool) -> None:
    """Check what O1 refuses. Raise Refused."""
    if types["last_frame"] and (types["feature_video"] or types["refer_image"] or types["element"]):
        invalid("contents: last_frame excludes feature_video, refer_image and element")
    if not has_video and not types["refer_image"] and settings.get("duration", 5) not in {5, 10}:
        invalid("settings.duration must be 5 or 10 without refer_image and without a video")


def _check_shots(prompt: str, settings: Body, model: Model, duration: int) -> None:
    """Check the shots that are written into the prompt, unless the settings say that it is one. Raise Refused."""
    shots = _SHOT.findall(prompt)
    if not shots or settings.get("multi_shot") is False or not model.has_shots:
        return
    lengths = [int(seconds) for seconds, _ in shots]
    if len(shots) > _MAX_SHOTS or min(lengths) < 1 or sum(lengths) != duration:
        invalid(f"prompt: 1 to {_MAX_SHOTS} shots of at least a second, together as long as the video")
    if any(len(words.strip()) > _MAX_SHOT_WORDS for _, words in shots):
        invalid(f"prompt: the words of a shot must have at most {_MAX_SHOT_WORDS} characters")
