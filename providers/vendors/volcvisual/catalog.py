"""The Jimeng models of Volcengine's visual service: Params and ModelSpecs. Data; bodies.py turns them into requests.

Volcengine documents, visual service, pages of the Jimeng video models (85621); read 2026-11-20. The model id is the vendor's `req_key`.
The camera movements are from public copies of their page; read 2026-11-29.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Literal

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.rules import FRAME_GIVES_SHAPE

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE", "RESULT_LIFE"]

SLUG = "volcvisual"
DOCS_URL = "https://www.volcengine.com/docs/85621"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = ("images by address: they are sent with the request",)
READ_ELSEWHERE = ("the camera movements of `jimeng_i2v_recamera_v30`: public copies of the page, and clients of it; read 2026-11-29",)
RESULT_LIFE = timedelta(hours=1)
TASK_LIFE = timedelta(hours=12)
"""How long the vendor can be asked about a task. One that is late is waited for until only the time to fetch its video is left."""
IMAGES = ImageRules(max_bytes=3_500_000)
"""The vendor takes 4.7 MB of base64, which is three quarters as many bytes."""


class JimengParams(Params):
    """What every model takes; with an image, the video takes the image's shape."""

    duration_s: Literal[5, 10] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=2_147_483_647)


class ShapedParams(JimengParams):
    """From text, in any of six shapes."""

    aspect_ratio: Literal["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"] = param("16:9", "Aspect ratio", main=True)


class ProParams(ShapedParams):
    """jimeng_ti2v_v30_pro, from text or from an image."""

    rules = (FRAME_GIVES_SHAPE,)


class CameraParams(JimengParams):
    """jimeng_i2v_recamera_v30, which moves the camera through an image."""

    camera: Literal[
        "hitchcock_dolly_in",
        "hitchcock_dolly_out",
        "robo_arm",
        "dynamic_orbit",
        "central_orbit",
        "crane_push",
        "quick_pull_back",
        "counterclockwise_swivel",
        "clockwise_swivel",
        "handheld",
        "rapid_push_pull",
    ] = param("hitchcock_dolly_in", "Camera", "The camera movement.", main=True)
    camera_strength: Literal["weak", "medium", "strong"] = param("medium", "Camera strength", "How strong the movement is.", main=True)


def _slot(name: str, title: str, *, needed: bool = True) -> InputSlot:
    return InputSlot(name=name, title=title, min_count=int(needed), rules=IMAGES)


FIRST, LAST = _slot("first_frame", "First frame"), _slot("last_frame", "Last frame")


_spec = partial(
    ModelSpec,
    provider=SLUG,
    max_prompt_chars=800,
    usual_s=(60, 300),
    poll_every=timedelta(seconds=10),
    deadline=TASK_LIFE - RESULT_LIFE,
    result_life=RESULT_LIFE,
    docs_url=DOCS_URL,
    docs_read=DOCS_READ,
)
MODELS = by_id(
    _spec("jimeng_ti2v_v30_pro", "Jimeng 3.0 Pro", ProParams, (_slot("first_frame", "First frame", needed=False),)),
    _spec("jimeng_t2v_v30_1080p", "Jimeng 3.0, 1080P", ShapedParams),
    _spec("jimeng_t2v_v30", "Jimeng 3.0, 720P", ShapedParams),
    _spec("jimeng_i2v_first_v30_1080", "Jimeng 3.0, 1080P, from an image", JimengParams, (FIRST,)),
    _spec("jimeng_i2v_first_v30", "Jimeng 3.0, 720P, from an image", JimengParams, (FIRST,)),
    _spec("jimeng_i2v_first_tail_v30_1080", "Jimeng 3.0, 1080P, first and last frame", JimengParams, (FIRST, LAST)),
    _spec("jimeng_i2v_first_tail_v30", "Jimeng 3.0, 720P, first and last frame", JimengParams, (FIRST, LAST)),
    _spec("jimeng_i2v_recamera_v30", "Jimeng 3.0, 720P, camera movement from an image", CameraParams, (FIRST,)),
    _spec("jimeng_vgfm_t2v_l20", "Jimeng 2.0", ShapedParams),
)
