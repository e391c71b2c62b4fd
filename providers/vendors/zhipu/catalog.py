"""Zhipu's video models: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

Zhipu open platform documents, "video generation" and the pages of CogVideoX-3, Vidu Q1 and Vidu 2; read 2026-11-20.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, Price, by_id, param
from providers.core.rules import LAST_NEEDS_FIRST

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE"]

SLUG = "zhipu"
DOCS = "https://docs.bigmodel.cn/cn/guide/models/video-generation/"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = (
    "`user_id`, `sensitive_word_check` and `off_peak`, which change nothing in the picture",
    "the sizes 480x360 and 720x480 of Vidu 2, which the vendor's pages and examples do not agree on",
    "the size 1080x1920 of Vidu: its pages have 1920x1080 (Q1) and 1280x720 (2) alone; from text or references, ask for the ratio 9:16",
)
READ_ELSEWHERE = (
    "the codes 1316 and 1317: <https://docs.z.ai/api-reference/api-code>, as public clients quote it; 2026-11-21",
    "that Z.ai has only CogVideoX-3 and Vidu: <https://docs.z.ai/guides/video/cogvideox-3> and the pages beside it, 2026-11-29",
    "that a used-up plan opens again at a time of Beijing, also at Z.ai: <https://github.com/hugalafutro/model-hotel/pull/955>, 2026-11-21",
)
IN_CHINA = ("cn",)
MEBIBYTE = 1024 * 1024
COGVIDEO_IMAGES = ImageRules(max_bytes=5 * MEBIBYTE)
VIDU_IMAGES = ImageRules(formats=("image/jpeg", "image/png", "image/webp"), max_bytes=50 * MEBIBYTE, min_ratio=1 / 4, max_ratio=4)
VIDU_REFERENCES = ImageRules(
    formats=("image/jpeg", "image/png", "image/webp"), max_bytes=50 * MEBIBYTE, min_side_px=128, min_ratio=1 / 4, max_ratio=4
)
Shape = Literal["16:9", "9:16", "1:1"]


class CogVideoParams(Params):
    """What every CogVideoX model takes."""

    mode: Literal["speed", "quality"] = param("speed", "Mode", "speed is faster, quality looks better.", main=True)
    fps: Literal[30, 60] = param(30, "Frames per second", unit="fps")
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)
    watermark: bool = param(
        True, "Watermark", "The vendor's mark in the picture. Only customers who signed its disclaimer may leave it out."
    )


class CogVideo3Params(CogVideoParams):
    """cogvideox-3."""

    rules = (LAST_NEEDS_FIRST,)

    duration_s: Literal[5, 10] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    resolution: Literal["1920x1080", "1080x1920", "1280x720", "720x1280", "1024x1024", "2048x1080", "3840x2160"] = param(
        "1920x1080", "Resolution", main=True
    )


class CogVideo2Params(CogVideoParams):
    """cogvideox-2 and cogvideox-flash, whose length is fixed."""

    resolution: Literal["1920x1080", "1080x1920", "1280x960", "960x1280", "1024x1024", "720x480", "2048x1080", "3840x2160"] = param(
        "1920x1080", "Resolution", main=True
    )


class ViduParams(Params):
    """What every Vidu model takes."""

    motion: Literal["auto", "small", "medium", "large"] = param("auto", "Motion", "How much moves in the picture.", main=True)


class ViduQ1Params(ViduParams):
    """viduq1-image."""

    duration_s: Literal[5] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    resolution: Literal["1920x1080"] = param("1920x1080", "Resolution", main=True)


class ViduQ1TextParams(ViduQ1Params):
    """viduq1-text."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", main=True)
    style: Literal["general", "anime"] = param("general", "Style", "anime draws; general follows the prompt.", main=True)


class ViduQ1FramesParams(ViduQ1Params):
    """viduq1-start-end."""

    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)


class Vidu2Params(ViduParams):
    """vidu2-image and vidu2-start-end."""

    duration_s: Literal[4] = param(4, "Duration", "Length of the video.", unit="s", main=True)
    resolution: Literal["1280x720"] = param("1280x720", "Resolution", main=True)
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)


class Vidu2ReferenceParams(Vidu2Params):
    """vidu2-reference."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", main=True)


def _first(rules: ImageRules, *, needed: bool) -> InputSlot:
    return InputSlot(name="first_frame", title="First frame", min_count=int(needed), rules=rules)


def _last(rules: ImageRules, *, needed: bool) -> InputSlot:
    """Return a slot. Vidu wants both frames about equally large (https://platform.vidu.cn/docs/start-end-to-video, read 2026-11-21)."""
    like = "first_frame" if rules is VIDU_IMAGES else ""
    return InputSlot(name="last_frame", title="Last frame", min_count=int(needed), rules=rules, like=like)


COGVIDEO_IMAGE = (_first(COGVIDEO_IMAGES, needed=False),)
COGVIDEO_FRAMES = (*COGVIDEO_IMAGE, _last(COGVIDEO_IMAGES, needed=False))
VIDU_IMAGE = (_first(VIDU_IMAGES, needed=True),)
VIDU_FRAMES = (*VIDU_IMAGE, _last(VIDU_IMAGES, needed=True))
REFERENCES = (InputSlot(name="references", title="References", min_count=1, max_count=3, rules=VIDU_REFERENCES),)


def _spec(
    model: str,
    label: str,
    params: type[Params],
    page: str,
    slots: tuple[InputSlot, ...] = (),
    *,
    cny_per_video: str = "",
    surfaces: tuple[str, ...] = (),
) -> ModelSpec:
    return ModelSpec(
        model,
        label,
        params,
        slots,
        provider=SLUG,
        needs_prompt=not slots,
        max_prompt_chars=512,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=8),
        result_life=timedelta(days=1),
        price=Price(amount=Decimal(cny_per_video), unit="video") if cny_per_video else None,
        surfaces=surfaces,
        docs_url=f"{DOCS}{page}",
        docs_read=DOCS_READ,
    )


MODELS = by_id(
    _spec("cogvideox-3", "CogVideoX 3", CogVideo3Params, "cogvideox-3", COGVIDEO_FRAMES, cny_per_video="1"),
    _spec("cogvideox-2", "CogVideoX 2", CogVideo2Params, "cogvideox-2", COGVIDEO_IMAGE, surfaces=IN_CHINA),
    _spec("cogvideox-flash", "CogVideoX Flash", CogVideo2Params, "cogvideox-flash", COGVIDEO_IMAGE, surfaces=IN_CHINA),
    _spec("viduq1-text", "Vidu Q1", ViduQ1TextParams, "viduq1"),
    _spec("viduq1-image", "Vidu Q1, from an image", ViduQ1Params, "viduq1", VIDU_IMAGE),
    _spec("viduq1-start-end", "Vidu Q1, first and last frame", ViduQ1FramesParams, "viduq1", VIDU_FRAMES),
    _spec("vidu2-image", "Vidu 2, from an image", Vidu2Params, "vidu2", VIDU_IMAGE),
    _spec("vidu2-start-end", "Vidu 2, first and last frame", Vidu2Params, "vidu2", VIDU_FRAMES),
    _spec("vidu2-reference", "Vidu 2, from references", Vidu2ReferenceParams, "vidu2", REFERENCES),
)
