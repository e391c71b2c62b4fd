"""What MiniMax's second API (H3) accepts: a body becomes an Order, or is refused with HTTP 400 and code 2013."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import Picture
from providers.simulator.tasks import Order
from providers.simulator.vendors.minimax_rules import callback_of, even, picture_of

Body = dict[str, Any]
MAX_PROMPT = 7000
MAX_BYTES = 30 * 1024 * 1024
_SIDES_PX = (256, 5760)
_SHORT_SIDES_PX = {"480P": 480, "768P": 768, "2K": 1440}
_RATIOS = {"21:9": 21 / 9, "16:9": 16 / 9, "4:3": 4 / 3, "1:1": 1.0, "3:4": 3 / 4, "9:16": 9 / 16}
_ROLES = {
    "image_url": {"first_frame", "last_frame", "reference_image"},
    "video_url": {"reference_video", "base_video"},
    "audio_url": {"reference_audio"},
}
_AT_MOST = {"reference_image": 9, "reference_video": 3, "reference_audio": 3}
_MAX_FILES = 12
_DRAFT_S = 5


@dataclass(frozen=True, kw_only=True)
class Model:
    resolutions: tuple[str, ...]
    durations: range
    has_expansion: bool = False


MODELS = {
    "MiniMax-H3": Model(resolutions=("768P", "2K"), durations=range(4, 16)),
    "MiniMax-H3-Max": Model(resolutions=("480P", "768P"), durations=range(5, 16), has_expansion=True),
}


def invalid(message: str) -> NoReturn:
    raise Refused(400, 2013, f"invalid params, {message}")


async def read_order(body: object) -> Order:
    """Turn a body into an order. Raise Refused."""
    given = _fields(body, "model", "content", "resolution", "duration")
    model = MODELS.get(given["model"]) if isinstance(given["model"], str) else None
    if model is None:
        invalid("model is unknown")
    _check_options(given, model)
    prompt, first, roles = await _content(given["content"])
    if roles["base_video"]:
        invalid("content: base_video is for regeneration")
    kind = "image_to_video" if first else "reference_to_video" if roles else "text_to_video"
    ratio, shape = _ratio(given, first, kind)
    return _order(given, prompt, shape, given["duration"], {"ratio": ratio, "task_type": kind})


async def read_regeneration(body: object) -> Order:
    """Turn the body of a regeneration into an order. Raise Refused. The draft is not fetched: it is taken to be 16:9 and 5 s long."""
    given = _fields(body, "model", "content", "resolution")
    if given["model"] != "MiniMax-H3" or given["resolution"] != "2K":
        invalid("regeneration is of MiniMax-H3, to 2K")
    _check_mark(given)
    prompt, _, roles = await _content(given["content"])
    if roles["base_video"] != 1:
        invalid("content must hold one base_video")
    return _order(given, prompt, 16 / 9, _DRAFT_S, {"ratio": "", "task_type": "regeneration"})


def _fields(body: object, *required: str) -> Body:
    if not isinstance(body, dict):
        invalid("not a JSON object")
    given = {name: value for name, value in body.items() if value is not None}
    for name in required:
        if name not in given:
            invalid(f"{name} is required")
    return given


def _order(given: Body, prompt: str, shape: float, seconds: int, extra: Body) -> Order:
    short = _SHORT_SIDES_PX[given["resolution"]]
    return Order(
        kind="v2",
        model=given["model"],
        prompt=prompt,
        width_px=even(short * max(shape, 1)),
        height_px=even(short / min(shape, 1)),
        duration_s=seconds,
        body=given,
        callback_url=callback_of(given, invalid),
        extra={"resolution": given["resolution"], **extra},
    )


def _check_options(given: Body, model: Model) -> None:
    if given["resolution"] not in model.resolutions:
        invalid(f"resolution must be one of {', '.join(model.resolutions)}")
    duration = given["duration"]
    if not is_integer(duration) or duration not in model.durations:
        invalid(f"duration must be an integer between {model.durations.start} and {model.durations.stop - 1}")
    extra = given.get("extra", {})
    mode = extra.get("prompt_expansion_mode") if isinstance(extra, dict) else ""
    if mode is not None and (not model.has_expansion or mode not in {"disabled", "balanced", "quality"}):
        invalid("extra.prompt_expansion_mode is not supported by this model, or unknown")
    _check_mark(given)


def _check_mark(given: Body) -> None:
    if not isinstance(given.get("aigc_watermark", False), bool):
        invalid("aigc_watermark must be a boolean")


async def _content(items: object) -> tuple[str, Picture | None, Counter[str]]:
    """Return the prompt, the first frame, and how many files have each role. Raise Refused."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        invalid("content must be a list of objects")
    texts = [item.get("text") for item in items if item.get("type") == "text"]
    prompt = texts[0] if len(texts) == 1 else None
    if not isinstance(prompt, str) or not 0 < len(prompt) <= MAX_PROMPT:
        invalid(f"content must hold one text of 1 to {MAX_PROMPT} characters")
    media = [await _medium(item) for item in items if item.get("type") != "text"]
    roles = Counter(role for role, _ in media)
    if roles["first_frame"] > 1 or roles["last_frame"] > roles["first_frame"]:
        invalid("content: one first_frame, and a last_frame only with it")
    if roles["first_frame"] and any(roles[name] for name in _AT_MOST):
        invalid("content: frames and references exclude each other")
    if any(roles[name] > most for name, most in _AT_MOST.items()) or roles.total() - roles["base_video"] > _MAX_FILES:
        invalid("content: too many files")
    if roles["reference_audio"] and not roles["reference_image"] and not roles["reference_video"]:
        invalid("content: reference_audio needs a reference_image or a reference_video")
    return prompt, next((picture for role, picture in media if role == "first_frame"), None), roles


async def _medium(item: Body) -> tuple[str, Picture | None]:
    kind, role = str(item.get("type")), item.get("role")
    if kind not in _ROLES or role not in _ROLES[kind]:
        invalid("content: unknown type or role")
    inner = item.get(kind)
    url = inner.get("url") if isinstance(inner, dict) else inner
    if kind != "image_url":
        if not isinstance(url, str) or not url.startswith(("http://", "https://", "mm_file://")):
            invalid(f"{role} must be an address")
        return str(role), None
    picture = await picture_of(url, str(role), MAX_BYTES, invalid)
    low, high = _SIDES_PX
    if not all(low <= side <= high for side in (picture.width_px, picture.height_px)):
        invalid(f"{role}: each side must have {low} to {high} pixels")
    return str(role), picture


def _ratio(given: Body, first: Picture | None, kind: str) -> tuple[str, float]:
    ratio = given.get("ratio", "adaptive")
    if ratio != "adaptive" and ratio not in _RATIOS:
        invalid(f"ratio must be one of adaptive, {', '.join(_RATIOS)}")
    if first:
        return "adaptive", first.ratio
    if ratio == "adaptive" and kind == "text_to_video":
        invalid("ratio must be a concrete one without images")
    return ratio, _RATIOS.get(ratio, 16 / 9)
