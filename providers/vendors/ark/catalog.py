"""Ark's Seedance models: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

Volcengine Ark documents, "create a video generation task" and the models' table; read 2026-11-20. Reference videos and sounds are given
by public addresses.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar, Literal

from providers.core.addresses import Address
from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.content_tasks import REFERENCE_RULES, reference_sounds, reference_videos
from providers.core.rules import FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST, Rule

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE"]

SLUG = "ark"
DOCS_URL = "https://www.volcengine.com/docs/82379/1520757"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = (
    "reference videos and sounds other than by public address: no files of one's own, none kept at the vendor",
    "the last frame as a second result (`return_last_frame`): a task has videos as results, no images",
    "images as HEIC or HEIF, which 1.5 Pro takes: the portal cannot read them",
    "a final render of a draft (`draft_task`): a draft lives at one account, a task may go to any",
    "`priority`, `safety_identifier`, `output_format` and `omni_reference_task_type`, of which only the names are known, from the SDK",
)
READ_ELSEWHERE = (
    "the names at BytePlus: https://github.com/vercel/ai, packages/bytedance/src/bytedance-video-settings.ts; read 2026-11-21",
    "that BytePlus ended the lite models on 2026-05-13: https://docs.byteplus.com/en/docs/ModelArk/1350667; read 2026-11-21",
    "the shape where no ratio is said: later copies of the page, https://www.volcengine.com/docs/82379/1520757; read 2026-11-21",
)
IMAGES = ImageRules(
    formats=("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/gif"),
    max_bytes=30 * 1024 * 1024 - 1,
    min_side_px=300,
    max_side_px=6_000,
    min_ratio=0.4,
    max_ratio=2.5,
)
FIRST = InputSlot(name="first_frame", title="First frame", rules=IMAGES)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)
FOUR = InputSlot(name="references", title="Reference images", max_count=4, rules=IMAGES)
NINE = InputSlot(name="references", title="Reference images", max_count=9, rules=IMAGES)
MAX_BODY_BYTES = 64_000_000
"""64 MB, in the smaller of its two meanings."""
LONGEST_WAIT = timedelta(hours=72)
AT_HOME = ("volcengine",)

Resolution = Literal["480p", "720p", "1080p"]
Shape = Literal["auto", "16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]
ShapeOrImages = Literal["auto", "16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"]
AUTO = "auto: 16:9 for text, the image's own shape for a first frame."
ADAPTS = "auto: the model chooses, by the words or by the first frame."
ADAPTS_TO_ALL = "auto: the model chooses, by the words, the first frame or the references."
"""What the vendor does where no ratio is said: `adaptive` for 1.5 and 2.0."""

REFERENCES_ARE_SMALL = "References go up to 720p."
REFERENCES_TO_720P = Rule("resolution", REFERENCES_ARE_SMALL, lambda references, resolution: references and resolution == "1080p")
ALL_REFERENCES_TO_720P = Rule(
    "resolution",
    REFERENCES_ARE_SMALL,
    lambda references, reference_videos, reference_sounds, resolution: (
        (references or reference_videos or reference_sounds) and resolution == "1080p"
    ),
)
CAMERA_OR_REFERENCES = Rule(
    "camera_fixed", "A fixed camera does not go with reference images.", lambda camera_fixed, references: camera_fixed and references
)
FRAMES_IN_FOURS = Rule("frames", "the number of frames is 25 and a multiple of 4", lambda frames: frames is not None and (frames - 25) % 4)
FRAMES_OR_SECONDS = Rule(
    "frames", "frames replace the duration; leave it at 5", lambda frames, duration_s: frames is not None and duration_s != 5
)
ADAPTS_TO_FIRST = Rule(
    "aspect_ratio",
    "Without a first frame there is no shape to adapt to.",
    lambda aspect_ratio, first_frame: aspect_ratio == "adaptive" and not first_frame,
)
AN_IMAGE = Rule(
    "inputs.first_frame",
    "An image is needed here.",
    lambda first_frame, last_frame, references: not (first_frame or last_frame or references),
)
DRAFT_IS_SMALL = Rule("draft", "a draft needs the resolution 480p", lambda draft, resolution: draft and resolution != "480p")
DRAFT_IS_NOW = Rule("draft", "a draft needs the default service tier", lambda draft, service_tier: draft and service_tier == "flex")


class SeedanceParams(Params):
    """What every Seedance model takes."""

    duration_s: Literal[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: ShapeOrImages = param("auto", "Aspect ratio", AUTO, main=True)
    resolution: Resolution = param("1080p", "Resolution", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=2**32 - 1)
    watermark: bool = param(False, "Watermark", "Put the vendor's mark into the picture.")
    expires_after_s: int = param(
        172_800, "Give up after", "How long it may wait and render before the vendor drops it.", unit="s", ge=3_600, le=259_200
    )


class TieredParams(SeedanceParams):
    """For models that also render offline, later and cheaper, and can hold the camera still."""

    camera_fixed: bool = param(False, "Fixed camera", "Ask for a camera that does not move.")
    service_tier: Literal["default", "flex"] = param("default", "Service tier", "flex renders when there is room, at half the price.")


class V10Params(TieredParams):
    """Seedance 1.0, whose length may be given in frames."""

    rules: ClassVar[tuple[Rule, ...]] = (FRAMES_IN_FOURS, FRAMES_OR_SECONDS, LAST_NEEDS_FIRST, ADAPTS_TO_FIRST)

    frames: int | None = param(None, "Frames", "Exact length instead of the duration: 29, 33, 37 and so on up to 289.", ge=29, le=289)


class V10TextParams(V10Params):
    """seedance-1-0-lite-t2v, from text only."""

    rules = (FRAMES_IN_FOURS, FRAMES_OR_SECONDS)

    aspect_ratio: Shape = param("auto", "Aspect ratio", "auto is 16:9.", main=True)
    resolution: Resolution = param("720p", "Resolution", main=True)


class V10ImageParams(V10Params):
    """seedance-1-0-lite-i2v, from images only."""

    rules = (
        FRAMES_IN_FOURS,
        FRAMES_OR_SECONDS,
        AN_IMAGE,
        LAST_NEEDS_FIRST,
        FRAMES_OR_REFERENCES,
        REFERENCES_TO_720P,
        CAMERA_OR_REFERENCES,
        ADAPTS_TO_FIRST,
    )

    aspect_ratio: ShapeOrImages = param("auto", "Aspect ratio", "auto: the first frame's own shape, 16:9 for references.", main=True)
    resolution: Resolution = param("720p", "Resolution", main=True)


class V15Params(TieredParams):
    """Seedance 1.5 pro: with sound, an automatic length, and cheap drafts."""

    rules = (DRAFT_IS_SMALL, DRAFT_IS_NOW, LAST_NEEDS_FIRST)

    aspect_ratio: ShapeOrImages = param("auto", "Aspect ratio", ADAPTS, main=True)
    duration_s: Literal[4, 5, 6, 7, 8, 9, 10, 11, 12] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    duration_auto: bool = param(False, "Length by the model", "Let the model choose the length, whatever the duration says.")
    resolution: Resolution = param("720p", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    draft: bool = param(False, "Draft", "A cheap preview at 480p.")


class V20Params(SeedanceParams):
    """Seedance 2.0: longer, with sound, from up to nine reference images, three videos and three sounds."""

    rules: ClassVar[tuple[Rule, ...]] = (*REFERENCE_RULES, ALL_REFERENCES_TO_720P)

    aspect_ratio: ShapeOrImages = param("auto", "Aspect ratio", ADAPTS_TO_ALL, main=True)
    duration_s: Literal[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(  # type: ignore[assignment]
        5, "Duration", "Length of the video.", unit="s", main=True
    )
    resolution: Resolution = param("720p", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    web_search: bool = param(False, "Web search", "Let the model look facts up before it renders.")
    reference_videos: tuple[Address, ...] = reference_videos()
    reference_sounds: tuple[Address, ...] = reference_sounds()


class V20FastParams(V20Params):
    """Seedance 2.0 fast: up to 720p."""

    rules = REFERENCE_RULES

    resolution: Literal["480p", "720p"] = param("720p", "Resolution", main=True)


def _spec(model: str, label: str, params: type[Params], *slots: InputSlot, surfaces: tuple[str, ...] = ()) -> ModelSpec:
    return ModelSpec(
        model,
        label,
        params,
        slots,
        provider=SLUG,
        needs_prompt=not slots,
        max_prompt_chars=4_000,
        max_body_bytes=MAX_BODY_BYTES,
        usual_s=(40, 240),
        poll_every=timedelta(seconds=10),
        deadline=LONGEST_WAIT + timedelta(hours=1),
        result_life=timedelta(hours=24),
        surfaces=surfaces,
        docs_url=DOCS_URL,
        docs_read=DOCS_READ,
    )


MODELS = by_id(
    _spec("doubao-seedance-2-0-260128", "Seedance 2.0", V20Params, FIRST, LAST, NINE),
    _spec("doubao-seedance-2-0-fast-260128", "Seedance 2.0 Fast", V20FastParams, FIRST, LAST, NINE),
    _spec("doubao-seedance-1-5-pro-251215", "Seedance 1.5 Pro", V15Params, FIRST, LAST),
    _spec("doubao-seedance-1-0-pro-250528", "Seedance 1.0 Pro", V10Params, FIRST, LAST),
    _spec("doubao-seedance-1-0-pro-fast-251015", "Seedance 1.0 Pro Fast", V10Params, FIRST),
    _spec("doubao-seedance-1-0-lite-t2v-250428", "Seedance 1.0 Lite", V10TextParams, surfaces=AT_HOME),
    _spec("doubao-seedance-1-0-lite-i2v-250428", "Seedance 1.0 Lite, from images", V10ImageParams, FIRST, LAST, FOUR, surfaces=AT_HOME),
)
