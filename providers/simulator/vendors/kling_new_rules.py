"""What Kling's new API accepts: path and body become an Order, or are refused with 1200, 1201 or 1203."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import Picture, even
from providers.simulator.tasks import Order
from providers.simulator.vendors.kling_lists import invalid, text
from providers.simulator.vendors.kling_rules import read_picture

Body = dict[str, Any]
T2V, I2V, OMNI = "text-to-video", "image-to-video", "omni-video"
MAX_PROMPT = 3072
MAX_BYTES = 50 * 1024 * 1024
MAX_ELEMENTS = 3
_MAX_SHOTS, _MAX_SHOT_WORDS = 6, 512
_SHORT_SIDES_PX = {"720p": 720, "1080p": 1080, "4k": 2160}
_RATIOS = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0}
_SHOT = re.compile(r"镜头\s*\d+\s*[,，]\s*(\d+)\s*[,，]\s*([^;；]+)")
_FRAMES = {"prompt", "first_frame", "last_frame", "element"}
_MORE = {"refer_image", "feature_video", "base_video"}
_SETTINGS = {"resolution", "aspect_ratio", "duration", "audio", "multi_shot"}


@dataclass(frozen=True, kw_only=True)
class Model:
    kinds: frozenset[str] = frozenset({T2V, I2V})
    resolutions: tuple[str, ...] = ("720p", "1080p", "4k")
    durations: tuple[int, ...] = tuple(range(3, 16))
    audio: tuple[str, ...] = ("off", "native")
    """Empty: `settings.audio` is refused."""
    native_needs: frozenset[str] = frozenset({"720p", "1080p", "4k"})
    has_shots: bool = True
    has_last_frame: bool = True


MODELS = {
    "kling-3.0": Model(),
    "kling-3.0-turbo": Model(resolutions=("720p", "1080p"), audio=(), has_shots=False, has_last_frame=False),
    "kling-2.6": Model(resolutions=("720p", "1080p"), durations=(5, 10), native_needs=frozenset({"1080p"}), has_shots=False),
    "kling-3.0-omni": Model(kinds=frozenset({OMNI}), audio=("off", "native", "original")),
}


async def read_order(kind: str, name: str, body: object) -> Order:
    """Turn path and body into an order. Raise Refused."""
    if not isinstance(body, dict):
        raise Refused(400, 1200, "request body must be a JSON object")
    model = MODELS.get(name)
    if model is None or kind not in model.kinds:
        raise Refused(404, 1203, f"model {name} does not exist for {kind}")
    settings, options = _part(body, "settings"), _part(body, "options")
    _check_settings(settings, kind, model)
    if kind != T2V:
        prompt, first = await _contents(body, kind, model)
    elif "contents" in body:
        invalid("contents is not for text-to-video")
    elif not (prompt := text(body, "prompt", MAX_PROMPT)):
        invalid("prompt is required")
    else:
        first = None
    duration = settings.get("duration", 5)
    _check_shots(prompt, settings, model, duration)
    short = _SHORT_SIDES_PX[settings.get("resolution", "720p")]
    ratio = first.ratio if first else _RATIOS[settings.get("aspect_ratio", "16:9")]
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
    if unknown := settings.keys() - _SETTINGS:
        invalid(f"settings.{min(unknown)} is unknown")
    if kind == I2V and "aspect_ratio" in settings:
        invalid("settings.aspect_ratio is not for image-to-video")
    _check_one_of(settings, "resolution", model.resolutions)
    _check_one_of(settings, "aspect_ratio", tuple(_RATIOS))
    _check_one_of(settings, "audio", model.audio)
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


async def _contents(body: Body, kind: str, model: Model) -> tuple[str, Picture | None]:
    """Return the prompt, and the first frame if there is one. Raise Refused."""
    if "prompt" in body:
        invalid(f"prompt is not for {kind}: it is one of contents")
    items = body.get("contents")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        invalid("contents is required")
    types = Counter(str(item.get("type")) for item in items)
    _check_types(types, kind, model)
    prompt = next((text(item, "text", MAX_PROMPT) for item in items if item["type"] == "prompt"), "")
    if kind == OMNI and not prompt:
        invalid("contents: a prompt is required")
    first = None
    for item in items:
        match item["type"]:
            case "feature_video" | "base_video" as kind_of_video:
                if not str(item.get("url")).startswith(("http://", "https://")):
                    invalid(f"contents: url of {kind_of_video} must be an address")
            case "element":
                name = item.get("id")
                if not item.get("element_id") or not isinstance(name, str) or f"@{name}" not in prompt:
                    invalid("contents: an element needs element_id and an id that the prompt names as @id")
            case "first_frame" | "last_frame" | "refer_image" as role:
                picture = await read_picture(item.get("url"), f"contents.{role}", MAX_BYTES)
                first = picture if role == "first_frame" else first
    return prompt, first


def _check_types(types: Counter[str], kind: str, model: Model) -> None:
    allowed = _FRAMES | _MORE if kind == OMNI else _FRAMES
    if unknown := types.keys() - allowed:
        invalid(f"contents: unknown type {min(unknown)}")
    if any(types[name] > 1 for name in ("prompt", "first_frame", "last_frame", "base_video")):
        invalid("contents: prompt, first_frame, last_frame and base_video at most once each")
    if kind == I2V and not types["first_frame"]:
        invalid("contents: first_frame is required")
    if types["last_frame"] and not (types["first_frame"] and model.has_last_frame):
        invalid("contents: last_frame needs first_frame and a model that takes it")
    if types["element"] > MAX_ELEMENTS:
        invalid(f"contents: at most {MAX_ELEMENTS} elements")


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
