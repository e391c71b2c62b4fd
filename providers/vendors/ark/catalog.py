"""Ark's Seedance models: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

Volcengine Ark documents, "create a video generation task" and "Seedance 2.5"; read 2026-11-29. The page no longer names 1.5 Pro and the
lite models: their facts are those of 2026-11-20. Reference videos and sounds are given by public addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Literal

from providers.core.addresses import Address
from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.content_tasks import REFERENCE_RULES, SOUNDS_NOT_ALONE, reference_sounds, reference_videos
from providers.core.rules import FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST, Rule

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE"]

SLUG = "ark"
DOCS_URL = "https://www.volcengine.com/docs/82379/1520757"
DOCS_READ, OLDER_PAGE_READ = date(2026, 11, 29), date(2026, 11, 20)
NOT_OFFERED = (
    "reference videos and sounds other than by public address: no files of one's own, none kept at the vendor",
    "the last frame as a second result (`return_last_frame`): a task has videos as results, no images",
    "images as HEIC or HEIF, which 1.5 Pro and later models take: the portal cannot read them",
    "a final render of a draft of 1.5 Pro",
    "`priority` and `safety_identifier`, which change nothing in the picture",
    "a seed for 2.5: the page has it for 1.0 only, and only 2.0 and older models are known to take one",
)
READ_ELSEWHERE = (
    "the names at BytePlus: https://github.com/vercel/ai, packages/bytedance/src/bytedance-video-settings.ts; read 2026-11-21",
    "that BytePlus ended the lite models on 2026-05-13: https://docs.byteplus.com/en/docs/ModelArk/1350667; read 2026-11-21",
    "the shape where no ratio is said: later copies of the page, https://www.volcengine.com/docs/82379/1520757; read 2026-11-21",
    "what edits, extensions, frames and drafts of 2.5 exclude: https://docs.byteplus.com/en/docs/modelark/seedance-2-5; read 2026-11-29",
    "that Volcano Engine retired 1.5 Pro on 2026-11-11: a reseller, https://github.com/orgs/cometapi-dev/discussions/140; read 2026-11-29",
    "the names of 2.5 and of 2.0 Mini at BytePlus: the same page; read 2026-11-29",
    "that 2.0 takes a seed, as tried by https://github.com/TanStack/ai, packages/ai-byteplus/src/video; read 2026-11-29",
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
THIRTY = InputSlot(name="references", title="Reference images", max_count=30, rules=IMAGES)
MAX_BODY_BYTES = 64_000_000
"""64 MB, in the smaller of its two meanings."""
LONGEST_WAIT = timedelta(hours=72)
AT_HOME = ("volcengine",)

Resolution = Literal["480p", "720p", "1080p"]
SmallResolution = Literal["480p", "720p"]
Shape = Literal["auto", "16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]
ShapeOrImages = Literal["auto", "16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"]
AUTO = "auto: 16:9 for text, the image's own shape for a first frame."
ADAPTS = "auto: the model chooses, by the words or by the first frame."
ADAPTS_TO_ALL = "auto: the model chooses, by the words, the first frame or the references."
"""What the vendor does where no ratio is said: `adaptive` for 1.5 and 2.0."""
LENGTH_BY_MODEL = "Let the model choose the length, whatever the duration says."

REFERENCES_TO_720P = Rule("resolution", "References go up to 720p.", lambda references, resolution: references and resolution == "1080p")
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
FRAME_KEEPS_SHAPE = Rule(
    "aspect_ratio",
    "With a first frame the video takes the image's shape; leave the aspect ratio on automatic.",
    lambda first_frame, aspect_ratio: first_frame and aspect_ratio not in {"auto", "adaptive"},
)
CHANGE_NEEDS_VIDEO = Rule(
    "reference_use",
    "To edit or extend a video, give it as a reference video.",
    lambda reference_videos, reference_use: reference_use in {"edit", "extend"} and not reference_videos,
)
CHANGE_KEEPS_SHAPE = Rule(
    "reference_use",
    "An edited or extended video keeps its shape; leave the aspect ratio on automatic.",
    lambda aspect_ratio, reference_use: reference_use in {"edit", "extend"} and aspect_ratio not in {"auto", "adaptive"},
)
EDIT_KEEPS_LENGTH = Rule(
    "reference_use",
    "An edited video keeps its length; turn on “Length by the model”.",
    lambda duration_auto, reference_use: reference_use == "edit" and not duration_auto,
)
USE_NEEDS_REFERENCES = Rule(
    "reference_use",
    "There are no references to use; leave this on automatic.",
    lambda references, reference_videos, reference_sounds, reference_use: (
        reference_use == "reference" and not (references or reference_videos or reference_sounds)
    ),
)
FINAL_IS_1080P = Rule(
    "final_of", "The final of a draft needs the resolution 1080p.", lambda resolution, final_of: final_of and resolution != "1080p"
)
FINAL_KEEPS_SETTINGS = Rule(
    "final_of",
    "The final has its draft's length, shape and sound; leave those settings at their defaults.",
    lambda duration_s, duration_auto, aspect_ratio, with_audio, final_of: (
        final_of and (duration_s != 5 or duration_auto or aspect_ratio != "auto" or not with_audio)
    ),
)
FINAL_KEEPS_REFERENCES = Rule(
    "final_of",
    "The final has its draft's references. Give no references, and turn web search and draft off.",
    lambda web_search, reference_videos, reference_sounds, reference_use, draft, final_of: (
        final_of and (web_search or reference_videos or reference_sounds or reference_use != "auto" or draft)
    ),
)
FINAL_KEEPS_IMAGES = Rule(
    "final_of",
    "The final has its draft's images; give none.",
    lambda first_frame, last_frame, references, final_of: final_of and (first_frame or last_frame or references),
)


class SeedanceParams(Params):
    """What every Seedance model takes."""

    duration_s: Literal[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: ShapeOrImages = param("auto", "Aspect ratio", AUTO, main=True)
    resolution: Resolution = param("1080p", "Resolution", main=True)
    watermark: bool = param(False, "Watermark", "Put the vendor's mark into the picture.")
    expires_after_s: int = param(
        172_800, "Give up after", "How long it may wait and render before the vendor drops it.", unit="s", ge=3_600, le=259_200
    )


class SeededParams(SeedanceParams):
    """For models that take a seed."""

    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=2**32 - 1)


class TieredParams(SeededParams):
    """For models that also render offline, later and cheaper, and can hold the camera still."""

    offline: ClassVar[Mapping[str, str]] = {"service_tier": "flex"}

    camera_fixed: bool = param(False, "Fixed camera", "Ask for a camera that does not move.")
    service_tier: Literal["default", "flex"] = param("default", "Service tier", "flex renders when there is room, at half the price.")


class V10Params(TieredParams):
    """Seedance 1.0, whose length may be given in frames."""

    frames_per_s = 24
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
    duration_auto: bool = param(False, "Length by the model", LENGTH_BY_MODEL)
    resolution: Resolution = param("720p", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    draft: bool = param(False, "Draft", "A cheap preview at 480p.")


class V20Params(SeededParams):
    """Seedance 2.0: longer, up to 4k, with sound, from up to nine reference images, three videos and three sounds."""

    rules: ClassVar[tuple[Rule, ...]] = (*REFERENCE_RULES, SOUNDS_NOT_ALONE)

    aspect_ratio: ShapeOrImages = param("auto", "Aspect ratio", ADAPTS_TO_ALL, main=True)
    duration_s: Literal[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(  # type: ignore[assignment]
        5, "Duration", "Length of the video.", unit="s", main=True
    )
    duration_auto: bool = param(False, "Length by the model", LENGTH_BY_MODEL)
    resolution: Literal["480p", "720p", "1080p", "4k"] = param("720p", "Resolution", main=True)  # type: ignore[assignment]
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    web_search: bool = param(False, "Web search", "Let the model look facts up before it renders.")
    reference_videos: tuple[Address, ...] = reference_videos()
    reference_sounds: tuple[Address, ...] = reference_sounds()


class V20SmallParams(V20Params):
    """Seedance 2.0 Fast and Mini: up to 720p."""

    resolution: SmallResolution = param("720p", "Resolution", main=True)


class V25Params(SeedanceParams):
    """Seedance 2.5: up to 30 s from up to 30 reference images, ten videos and ten sounds; edits, extensions, drafts and their finals."""

    instead_of_prompt = "final_of"
    continues = "final_of"
    rules: ClassVar[tuple[Rule, ...]] = (
        *REFERENCE_RULES,
        FRAME_KEEPS_SHAPE,
        CHANGE_NEEDS_VIDEO,
        CHANGE_KEEPS_SHAPE,
        EDIT_KEEPS_LENGTH,
        USE_NEEDS_REFERENCES,
        DRAFT_IS_SMALL,
        FINAL_IS_1080P,
        FINAL_KEEPS_SETTINGS,
        FINAL_KEEPS_REFERENCES,
        FINAL_KEEPS_IMAGES,
    )

    aspect_ratio: ShapeOrImages = param(
        "auto", "Aspect ratio", "auto: the shape of the first frame or of the edited video; otherwise the model chooses.", main=True
    )
    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=4, le=30)  # type: ignore[assignment]
    duration_auto: bool = param(False, "Length by the model", LENGTH_BY_MODEL)
    resolution: Resolution = param("720p", "Resolution", "1080p is 10-bit HEVC, which older players cannot play.", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    web_search: bool = param(False, "Web search", "Let the model look facts up before it renders.")
    reference_videos: tuple[Address, ...] = reference_videos("Each 2 to 30 s long, together at most 30 s.", most=10)
    reference_sounds: tuple[Address, ...] = reference_sounds("Each 2 to 30 s long, together at most 30 s.", most=10)
    reference_use: Literal["auto", "reference", "edit", "extend"] = param(
        "auto",
        "Use of references",
        "A new video, or an edit or extension of a reference video; the prompt must say the same. auto: the model decides by the prompt.",
    )
    file_format: Literal["mp4", "mov"] = param("mp4", "File format", "MOV keeps more colour for editing; few browsers play it.")
    draft: bool = param(False, "Draft", "A preview at 480p, of which a final can be made within 7 days.")
    final_of: str = param(
        "",
        "Final of a draft",
        "The vendor's task id of a draft of the same account; the draft's page shows it. The final has the draft's words and references.",
        max_length=100,
        pattern=r"^[A-Za-z0-9-]*$",
    )


def _spec(
    model: str,
    label: str,
    params: type[Params],
    *slots: InputSlot,
    surfaces: tuple[str, ...] = (),
    read: date = DOCS_READ,
    retired: date | None = None,
) -> ModelSpec:
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
        retired=retired,
        docs_url=DOCS_URL,
        docs_read=read,
    )


MODELS = by_id(
    _spec("doubao-seedance-2-5-260628", "Seedance 2.5", V25Params, FIRST, LAST, THIRTY),
    _spec("doubao-seedance-2-0-260128", "Seedance 2.0", V20Params, FIRST, LAST, NINE),
    _spec("doubao-seedance-2-0-fast-260128", "Seedance 2.0 Fast", V20SmallParams, FIRST, LAST, NINE),
    _spec("doubao-seedance-2-0-mini-260615", "Seedance 2.0 Mini", V20SmallParams, FIRST, LAST, NINE),
    _spec("doubao-seedance-1-5-pro-251215", "Seedance 1.5 Pro", V15Params, FIRST, LAST, read=OLDER_PAGE_READ, retired=date(2026, 11, 11)),
    _spec("doubao-seedance-1-0-pro-250528", "Seedance 1.0 Pro", V10Params, FIRST, LAST),
    _spec("doubao-seedance-1-0-pro-fast-251015", "Seedance 1.0 Pro Fast", V10Params, FIRST),
    _spec("doubao-seedance-1-0-lite-t2v-250428", "Seedance 1.0 Lite", V10TextParams, surfaces=AT_HOME, read=OLDER_PAGE_READ),
    _spec(
        "doubao-seedance-1-0-lite-i2v-250428",
        "Seedance 1.0 Lite, from images",
        V10ImageParams,
        *(FIRST, LAST, FOUR),
        surfaces=AT_HOME,
        read=OLDER_PAGE_READ,
    ),
)
