"""What DashScope accepts: a submit body becomes an Order, or is refused with its own codes.

Keys of `input` and `parameters` that are not known are ignored, as the official SDK sends some of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.simulator.json_values import is_integer
from providers.simulator.pictures import UNSEEN, Picture, in_shape
from providers.simulator.tasks import Order
from providers.simulator.vendors.dashscope_inputs import LARGER_PICTURES, PictureRules, check_address, invalid, picture_of
from providers.simulator.vendors.dashscope_media_models import MediaModel
from providers.simulator.vendors.dashscope_media_rules import read_media_order, sides
from providers.simulator.vendors.dashscope_models import AREAS_PX, BY_RATIO, I2V_TEMPLATES, KF2V_TEMPLATES, MODELS, SIZES, Model

Body = dict[str, Any]
MAX_SEED = 2**31 - 1
_PICTURES = PictureRules()
_AUDIO = ("http://", "https://", "data:audio/", "oss://")
_MEDIA_2_7 = frozenset({"first_frame", "last_frame", "driving_audio", "first_clip"})


async def read_order(task_group: str, body: object, models: Mapping[str, Model | MediaModel] = MODELS, *, resolves_oss: bool) -> Order:
    """Turn a body into an order. Raise Refused.

    `models` are the region's, `task_group` is the path's: `video-generation`; `image2video` for first and last frame.
    """
    if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
        invalid("Required body invalid, please check the request body format.")
    name, model = _model(body, task_group, models)
    given, options = body["input"], body.get("parameters") or {}
    if not isinstance(options, dict):
        invalid("parameters must be an object")
    seed = options.get("seed")
    if seed is not None and (not is_integer(seed) or not 0 <= seed <= MAX_SEED):
        invalid(f"seed must be an integer between 0 and {MAX_SEED}")
    for flag in ("prompt_extend", "watermark", "audio"):
        if not isinstance(options.get(flag, True), bool):
            invalid(f"{flag} must be a boolean")
    if isinstance(model, MediaModel):
        return await read_media_order(name, model, body, given, options, resolves_oss=resolves_oss)
    prompt = _prompt(given, model)
    _check_sound_and_shots(given, options, model)
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


def _model(body: Body, task_group: str, models: Mapping[str, Model | MediaModel]) -> tuple[str, Model | MediaModel]:
    name = body.get("model")
    model = models.get(name) if isinstance(name, str) else None
    if model is None or not isinstance(name, str):
        invalid("Model not exist.", "ModelNotFound", 404)
    if (task_group == "image2video") != (isinstance(model, Model) and model.kind == "kf2v"):
        invalid("url error, please check url!")
    return name, model


def _prompt(given: Body, model: Model) -> str:
    prompt, template = given.get("prompt") or "", given.get("template")
    if not isinstance(prompt, str):
        invalid("prompt must be a string")
    allowed = KF2V_TEMPLATES if model.kind == "kf2v" else I2V_TEMPLATES
    if template and (model.kind not in {"i2v", "kf2v"} or template not in allowed):
        invalid("template is unknown")
    if model.kind in {"t2v", "r2v"} and not prompt:
        invalid("Field required: input.prompt")
    return prompt


def _check_sound_and_shots(given: Body, options: Body, model: Model) -> None:
    audio = given.get("audio_url")
    if model.has_sound and audio:
        _check_audio(audio, "audio_url")
    if not model.has_shots:
        return
    shot_type = options.get("shot_type", "single")
    if shot_type not in {"single", "multi"}:
        invalid("shot_type must be single or multi")
    if shot_type == "multi" and options.get("prompt_extend") is False:
        invalid("shot_type multi needs prompt_extend")


def _check_audio(value: object, name: str) -> None:
    if not isinstance(value, str) or not value.startswith(_AUDIO):
        invalid(f"{name} must be the address of a wav or mp3 file", "InvalidURL")


def _duration(options: Body, model: Model) -> int:
    value = options.get("duration", 5)
    if not is_integer(value):
        invalid("duration must be an integer")
    if len(model.durations) == 1:
        return model.durations[0]
    if value not in model.durations:
        invalid(f"duration must be one of {', '.join(map(str, model.durations))}")
    return int(value)


async def _size(given: Body, options: Body, model: Model, *, resolves_oss: bool) -> tuple[int, int]:
    if model.kind == "r2v":
        _check_references(given)
    if model.kind in {"t2v", "r2v"} and not model.by_ratio:
        sizes = sorted(size for name in model.resolutions for size in SIZES[name])
        size = options.get("size", {"720P": "1280*720", "1080P": "1920*1080"}[model.resolutions[0]])
        if size not in sizes:
            invalid(f"size must be one of {', '.join(sizes)}")
        return sides(size)
    resolution = options.get("resolution", model.resolutions[0])
    if resolution not in model.resolutions:
        invalid(f"resolution must be one of {', '.join(model.resolutions)}")
    if model.kind == "t2v":
        ratio = options.get("ratio", "16:9")
        if ratio not in BY_RATIO[resolution]:
            invalid(f"ratio must be one of {', '.join(BY_RATIO[resolution])}")
        return sides(BY_RATIO[resolution][ratio])
    picture = await _first_picture(given, model, resolves_oss=resolves_oss)
    return in_shape(AREAS_PX[resolution], picture.ratio)


def _check_references(given: Body) -> None:
    """Check `reference_urls`, of pictures and videos, or `reference_video_urls`, its older form, of videos alone."""
    urls = given.get("reference_urls") or given.get("reference_video_urls")
    if urls is None:
        invalid("please provide reference_video_urls or reference_urls.")
    most = 5 if given.get("reference_urls") else 3
    if not isinstance(urls, list) or not 1 <= len(urls) <= most:
        invalid(f"there must be 1 to {most} references")
    for url in urls:
        check_address(url, "reference_urls")


async def _first_picture(given: Body, model: Model, *, resolves_oss: bool) -> Picture:
    if model.by_ratio:
        return await _first_of_media(given, resolves_oss=resolves_oss)
    required, optional = ("img_url", "") if model.kind == "i2v" else ("first_frame_url", "last_frame_url")
    if not given.get(required):
        invalid(f"Field required: input.{required}")
    names = [name for name in (required, optional) if given.get(name)]
    pictures = [await picture_of(given[name], name, _PICTURES, resolves_oss=resolves_oss) for name in names]
    return pictures[0]


async def _first_of_media(given: Body, *, resolves_oss: bool) -> Picture:
    """Check the media of 2.7: a first picture or a first clip, and optionally a last picture and a sound, each once."""
    fields = _media_fields(given)
    if ("first_frame" in fields) == ("first_clip" in fields):
        invalid("media must begin with one first_frame or one first_clip")
    if "first_clip" in fields:
        check_address(fields["first_clip"], "media.first_clip")
    if "driving_audio" in fields:
        _check_audio(fields["driving_audio"], "media.driving_audio")
    names = [name for name in ("first_frame", "last_frame") if name in fields]
    pictures = [await picture_of(fields[name], f"media.{name}", LARGER_PICTURES, resolves_oss=resolves_oss) for name in names]
    return pictures[0] if "first_frame" in fields else UNSEEN


def _media_fields(given: Body) -> Body:
    media = given.get("media")
    if not isinstance(media, list) or not media or not all(isinstance(item, dict) for item in media):
        invalid("Field required: input.media")
    types = [item.get("type") for item in media]
    if not _MEDIA_2_7.issuperset(types) or len(set(types)) != len(types):
        invalid(f"media.type must be one of {', '.join(sorted(_MEDIA_2_7))}, each once")
    return {item["type"]: item.get("url") for item in media}
