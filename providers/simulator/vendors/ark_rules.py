"""What Ark accepts: a body becomes an Order, or is refused with its own codes.

A field that is null counts as not sent: the official SDK sends every field that it knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.tasks import Order
from providers.simulator.vendors.ark_content import Content, read_content
from providers.simulator.vendors.ark_models import MODELS, RATIOS, SEEDANCE_1_5_PRO, Model

Body = dict[str, Any]
MAX_SEED = 2**32 - 1
FPS = 24
_FLAGS = ("camera_fixed", "watermark", "generate_audio", "return_last_frame", "draft")
_INLINE = re.compile(r"--(rs|rt|dur|seed|cf|wm)\s+(\S+)")
_INLINE_NAMES = {"rs": "resolution", "rt": "ratio", "dur": "duration", "seed": "seed", "cf": "camera_fixed", "wm": "watermark"}
"""Parameters in the older form, at the end of the text."""
_EXPIRES_S = (3600, 259_200)
USUAL_EXPIRY_S = 172_800
_USES = ("auto", "reference", "edit", "extend")
_FORMATS = ("mp4", "mov")
_FINAL_TAKES = {
    *("model", "content", "resolution", "draft", "return_last_frame", "output_format", "watermark", "service_tier"),
    *("execution_expires_after", "priority", "callback_url", "safety_identifier"),
}
"""Fields that a final of 2.5 may have; others come from its draft and are refused."""


def invalid(name: str, message: str) -> NoReturn:
    raise Refused(400, "InvalidParameter", f"The parameter `{name}` specified in the request is not valid: {message}.")


def constrained(name: str, message: str) -> NoReturn:
    """Refuse what a kind of task of 2.5 excludes."""
    raise Refused(400, "InvalidParameter.TaskTypeConstraint", f"The parameter `{name}` specified in the request is not valid: {message}.")


async def read_order(
    body: object, models: Mapping[str, Model] = MODELS, draft_of: Callable[[str], Order | None] = lambda _name: None
) -> Order:
    """Turn a body into an order. Raise Refused. `models` are those of the region; `draft_of` finds a finished draft of the account."""
    if not isinstance(body, dict):
        invalid("body", "not a JSON object")
    given = {name: value for name, value in body.items() if value is not None}
    name, model = _model(given, models)
    content = await read_content(given.get("content"), model)
    if model.is_2_5 and content.draft:
        return _final(given, name, model, draft_of(content.draft))
    inline = {_INLINE_NAMES[name]: _parsed(value) for name, value in _INLINE.findall(content.text)}
    given = {**inline, **given}
    _check_flags(given, model, content)
    _check_numbers(given)
    _check_tier_and_draft(given, model)
    _check_use(given, model, content)
    resolution, ratio, (width, height) = _size(given, model, content)
    duration, frames = _length(given, model)
    return Order(
        model=name,
        prompt=content.text,
        width_px=width,
        height_px=height,
        duration_s=max(1, round(frames / FPS)) if frames else duration,
        body=body,
        callback_url=_callback(given),
        is_mov=given.get("output_format") == "mov",
        gives_up_after_s=given.get("execution_expires_after", USUAL_EXPIRY_S),
        extra={
            "facts": _facts(given, model, resolution, ratio, {"frames": frames} if frames else {"duration": duration}),
            "has_last_frame": given.get("return_last_frame", False),
        },
    )


def _final(given: Body, name: str, model: Model, draft: Order | None) -> Order:
    """Return the order of a draft's final: the draft's, at 1080p."""
    if again := sorted(given.keys() - _FINAL_TAKES):
        invalid(again[0], "it is the draft's and cannot be specified again")
    if draft is None or draft.model != name:
        invalid("content", "the draft_task is not a succeeded draft of this model")
    if given.get("draft") or given.get("resolution", "1080p") != "1080p":
        invalid("resolution", "a final of a draft supports 1080p only")
    _check_flags(given, model, None)
    _check_numbers(given)
    _check_format(given, model)
    facts = draft.extra["facts"]
    width, height = model.sizes["1080p"][facts["ratio"]]
    return replace(
        draft,
        width_px=width,
        height_px=height,
        body=given,
        callback_url=_callback(given),
        is_mov=given.get("output_format") == "mov",
        gives_up_after_s=given.get("execution_expires_after", USUAL_EXPIRY_S),
        extra={"facts": {**facts, "resolution": "1080p", "draft": False}, "has_last_frame": given.get("return_last_frame", False)},
    )


def _model(given: Body, models: Mapping[str, Model]) -> tuple[str, Model]:
    name = given.get("model")
    if not isinstance(name, str) or not name:
        raise Refused(400, "MissingParameter", "The request failed because it is missing `model` parameter.")
    if name in models:
        return name, models[name]
    if name.startswith("ep-"):
        return name, SEEDANCE_1_5_PRO
    message = f"The model or endpoint {name} does not exist or you do not have access to it."
    raise Refused(404, "InvalidEndpointOrModel.NotFound", message)


def _parsed(value: str) -> object:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.lstrip("-").isdecimal() else value


def _check_flags(given: Body, model: Model, content: Content | None) -> None:
    for name in _FLAGS:
        if not isinstance(given.get(name, False), bool):
            invalid(name, "must be a boolean")
    if given.get("camera_fixed") and (model.is_2_x or (content and content.has_references)):
        invalid("camera_fixed", "not supported by this model or with references")
    if given.get("generate_audio") and not model.has_audio:
        invalid("generate_audio", "not supported by this model")


def _check_numbers(given: Body) -> None:
    seed = given.get("seed", -1)
    if not is_integer(seed) or not -1 <= seed <= MAX_SEED:
        invalid("seed", f"must be an integer between -1 and {MAX_SEED}")
    low, high = _EXPIRES_S
    expires = given.get("execution_expires_after", USUAL_EXPIRY_S)
    if not is_integer(expires) or not low <= expires <= high:
        invalid("execution_expires_after", f"must be between {low} and {high}")


def _check_tier_and_draft(given: Body, model: Model) -> None:
    tier = given.get("service_tier", "default")
    if tier not in {"default", "flex"} or (tier == "flex" and model.is_2_x):
        invalid("service_tier", "must be default, or flex where the model supports it")
    if given.get("tools") and not model.is_2_x:
        invalid("tools", "not supported by this model")
    if not given.get("draft"):
        return
    if not model.has_draft or given.get("resolution") != "480p" or given.get("return_last_frame") or tier == "flex":
        invalid("draft", "needs a model with drafts, 480p, no last frame and the default tier")


def _check_use(given: Body, model: Model, content: Content) -> None:
    """Check what edits, extensions and frames of 2.5 exclude."""
    _check_format(given, model)
    use = given.get("omni_reference_task_type", "auto")
    if use not in _USES or ("omni_reference_task_type" in given and not model.is_2_5):
        invalid("omni_reference_task_type", "not supported by this model")
    changes = use in {"edit", "extend"}
    if changes and not content.has_video:
        constrained("content", "editing and extension need a reference_video")
    if use == "reference" and not content.has_references:
        constrained("content", "there is no reference")
    if model.is_2_5 and (changes or content.first) and given.get("ratio", "adaptive") != "adaptive":
        constrained("ratio", "must be adaptive for this task type")
    if use == "edit" and given.get("duration", -1) != -1:
        constrained("duration", "must be -1 for editing")


def _check_format(given: Body, model: Model) -> None:
    if "output_format" in given and (not model.is_2_5 or given["output_format"] not in _FORMATS):
        invalid("output_format", "must be mp4 or mov, on a model that supports it")


def _size(given: Body, model: Model, content: Content) -> tuple[str, str, tuple[int, int]]:
    """Return the resolution, the ratio, and the size that they make."""
    resolution: str = given.get("resolution", "720p" if content.has_references else model.usual_resolution)
    allowed = [name for name in model.resolutions if model.is_2_x or not (content.has_references and name == "1080p")]
    if resolution not in allowed:
        invalid("resolution", f"must be one of {', '.join(allowed)}")
    may_adapt = model.adapts or content.first is not None
    ratio = given.get("ratio", "adaptive" if may_adapt else "16:9")
    ratios = (*RATIOS, "adaptive") if may_adapt else RATIOS
    if ratio not in ratios:
        invalid("ratio", f"must be one of {', '.join(ratios)}")
    sizes = model.sizes[resolution]
    if ratio == "adaptive":
        like = content.first.ratio if content.first else 16 / 9
        ratio = min(sizes, key=lambda name: abs(sizes[name][0] / sizes[name][1] - like))
    return resolution, ratio, sizes[ratio]


def _length(given: Body, model: Model) -> tuple[int, int]:
    """Return seconds and frames, one of which is 0; frames count where both are given."""
    duration, frames = given.get("duration", -1 if model.is_2_5 else 5), given.get("frames")
    if frames is not None:
        if not model.counts_frames or not is_integer(frames) or not 29 <= frames <= 289 or (frames - 25) % 4:
            invalid("frames", "must be 25 + 4n between 29 and 289, on a model that counts frames")
        return 0, frames
    if duration == -1 and model.may_choose_duration:
        return 5, 0
    if not is_integer(duration) or duration not in model.durations:
        invalid("duration", f"must be an integer between {model.durations.start} and {model.durations.stop - 1}")
    return duration, 0


def _callback(given: Body) -> str:
    url = given.get("callback_url", "")
    if not isinstance(url, str) or (url and not url.startswith(("http://", "https://"))):
        invalid("callback_url", "must be an http or https address")
    return url


def _facts(given: Body, model: Model, resolution: str, ratio: str, length: dict[str, int]) -> Body:
    """Return the facts that every later answer repeats."""
    facts = {
        "seed": given.get("seed", -1) if given.get("seed", -1) >= 0 else 58_944,
        "resolution": resolution,
        "ratio": ratio,
        **length,
        "framespersecond": FPS,
        "service_tier": given.get("service_tier", "default"),
        "execution_expires_after": given.get("execution_expires_after", USUAL_EXPIRY_S),
    }
    if model.has_audio:
        facts["generate_audio"] = given.get("generate_audio", True)
    if model.has_draft:
        facts["draft"] = given.get("draft", False)
    return facts
