"""What DashScope accepts for models that take one list of media: a submit body becomes an Order, or is refused with its own codes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from providers.simulator.json_values import is_integer
from providers.simulator.pictures import UNSEEN, in_shape
from providers.simulator.tasks import Order
from providers.simulator.vendors.dashscope_inputs import check_address, invalid, picture_of
from providers.simulator.vendors.dashscope_media_models import ADAPTIVE, MediaModel
from providers.simulator.vendors.dashscope_models import AREAS_PX, BY_RATIO

Body = dict[str, Any]
_PICTURES = frozenset({"first_frame", "last_frame", "reference_image", "image", "image_url"})
_VIDEOS = frozenset({"reference_video", "video", "feature"})
_GIVE_THE_SHAPE = frozenset({"first_frame", "image"})
_AREAS_PX = {**AREAS_PX, "540P": 1024 * 576}
_SHORT_SIDES_PX = {"768P": 768, "2K": 1440}
_GIVEN_VIDEO_S = 3
"""A video that is given is not fetched, and taken to be this long."""
_CHOSEN_S = 5
"""The length where the model may choose."""


async def read_media_order(name: str, model: MediaModel, body: Body, given: Body, options: Body, *, resolves_oss: bool) -> Order:
    """Turn the parts of a body into an order. Raise Refused."""
    prompt = given.get("prompt") or ""
    if not isinstance(prompt, str):
        invalid("prompt must be a string")
    media = _media(given, model)
    counts = Counter(kind for kind, _ in media)
    _check_counts(counts, model, has_prompt=bool(prompt))
    shape, pictures = UNSEEN.ratio, 0
    for kind, url in media:
        if kind in _PICTURES:
            picture = await picture_of(url, f"media.{kind}", model.pictures, resolves_oss=resolves_oss)
            pictures += 1
            shape = picture.ratio if kind in _GIVE_THE_SHAPE and pictures == 1 else shape
        else:
            check_address(url, f"media.{kind}")
    for option in model.required:
        if option not in options:
            invalid(f"Field required: parameters.{option}")
    if options.get("audio_setting", "auto") not in {"auto", "origin"}:
        invalid("audio_setting must be auto or origin")
    resolution = _choice(options, "resolution", model.resolutions)
    ratio = _choice(options, "ratio", model.ratios) if model.ratios else ""
    if model.family == "h3" and ratio == ADAPTIVE and not media:
        invalid("ratio must be a concrete one without media")
    width, height = _size(options, model, resolution, ratio, shape)
    videos = sum(counts[kind] for kind in _VIDEOS)
    return Order(
        kind="media",
        model=name,
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=_seconds(options, model, videos),
        body=body,
        extra={
            "orig_prompt": prompt,
            "is_extended": False,
            "is_newer": True,
            "family": model.family,
            "resolution": resolution,
            "ratio": ratio,
            "pictures": pictures,
            "input_s": videos * _GIVEN_VIDEO_S,
            "has_sound": options.get("audio", False),
        },
    )


def _media(given: Body, model: MediaModel) -> list[tuple[str, object]]:
    media = given.get("media") or []
    if not isinstance(media, list) or not all(isinstance(item, dict) for item in media):
        invalid("media must be a list of objects")
    for number, item in enumerate(media):
        if item.get("type") not in model.media:
            invalid(f"Input should be one of {', '.join(sorted(model.media))}: input.media.{number}.type")
    return [(item["type"], item.get("url")) for item in media]


def _check_counts(counts: Counter[str], model: MediaModel, *, has_prompt: bool) -> None:
    if not has_prompt and (model.needs_prompt or not counts):
        invalid("Field required: input.prompt")
    for kind, (least, most) in model.media.items():
        if not least <= counts[kind] <= most:
            invalid(f"media must hold {least} to {most} of {kind}")
    one, other = model.excluding
    if any(counts[kind] for kind in one) and any(counts[kind] for kind in other):
        invalid("The two modes are mutually exclusive. Do not pass reference_xx and first_frame/last_frame at the same time.")
    if model.family == "wan3" and counts["last_frame"] and not counts["first_frame"]:
        invalid("last_frame needs first_frame")
    references = counts["reference_image"] + counts["reference_video"]
    if "reference_video" in model.media and model.family == "wan2.7" and not 1 <= references <= 5:
        invalid("Field required: input.media" if not references else "media must hold 1 to 5 of reference_image and reference_video")


def _choice(options: Body, name: str, choices: tuple[str, ...]) -> str:
    value = options.get(name, choices[0])
    if value not in choices:
        invalid(f"{name} must be one of {', '.join(choices)}")
    return str(value)


def _seconds(options: Body, model: MediaModel, videos: int) -> int:
    if not model.durations:
        return _GIVEN_VIDEO_S
    value = options.get("duration", 0 if 0 in model.durations else 5)
    if not is_integer(value) or value not in model.durations:
        invalid(f"duration must be a whole number between {min(model.durations)} and {max(model.durations)}")
    if videos and value > model.seconds_with_video:
        invalid(f"duration goes up to {model.seconds_with_video} with a reference video")
    if value == 0:
        return _GIVEN_VIDEO_S
    seconds = _CHOSEN_S if value < 0 else int(value)
    if model.family == "wan3" and videos * _GIVEN_VIDEO_S + seconds > 30:
        invalid("input and output videos last 30 s at most")
    return seconds


def _size(options: Body, model: MediaModel, resolution: str, ratio: str, shape: float) -> tuple[int, int]:
    if model.sizes and "size" in options:
        sizes = model.sizes[resolution]
        if options["size"] not in sizes:
            invalid(f"size must be one of {', '.join(sizes)}")
        return sides(options["size"])
    if ratio not in {"", ADAPTIVE}:
        shape = _number(ratio)
    if resolution in _SHORT_SIDES_PX:
        short = _SHORT_SIDES_PX[resolution]
        return _step(short * max(shape, 1)), _step(short / min(shape, 1))
    if size := BY_RATIO.get(resolution, {}).get(ratio):
        return sides(size)
    return in_shape(_AREAS_PX[resolution], shape)


def sides(size: str) -> tuple[int, int]:
    width, height = size.split("*")
    return int(width), int(height)


def _step(side: float) -> int:
    """Round down to a multiple of 32."""
    return int(side) // 32 * 32


def _number(ratio: str) -> float:
    width, height = ratio.split(":")
    return int(width) / int(height)


def media_usage(order: Order) -> dict[str, Any]:
    """Return what a finished task reports. `duration` is of input and output videos together: that much is paid for."""
    extra, seconds = order.extra, order.duration_s
    sharpness, size = extra["resolution"].removesuffix("P"), f"{order.width_px}*{order.height_px}"
    match extra["family"]:
        case "vidu":
            said = {"duration": seconds, "size": size, "output_video_duration": seconds, "fps": 24, "video_count": 1}
            return {**said, "audio": extra["has_sound"], "SR": sharpness}
        case "h3":
            return {
                "SR": sharpness,
                "duration": extra["input_s"] + seconds,
                "image_count": extra["pictures"],
                "input_seconds": extra["input_s"],
                "output_seconds": seconds,
                "size": size,
                "total_seconds": extra["input_s"] + seconds,
                "video_count": 1,
            }
    said = {
        "duration": float(extra["input_s"] + seconds),
        "input_video_duration": float(extra["input_s"]),
        "output_video_duration": float(seconds),
        "video_count": 1,
        "SR": int(sharpness),
    }
    ratio = {"ratio": extra["ratio"]} if extra["ratio"] and extra["family"] != "wan2.7" else {}
    return {**said, **ratio, **({"fps": 30} if extra["family"] == "wan3" else {})}
