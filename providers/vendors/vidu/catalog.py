"""Vidu's models: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

Vidu platform documents, text, image, start-end and reference to video (https://platform.vidu.com/docs/text-to-video), as they are stored at
https://oss.gptproto.com/gptproto-feishu-extract/Vidu-Text-to-video.txt; which model takes what, from QuantumNous/new-api
relay/channel/task/vidu and clients that checked the pages on 2026-04-21; read 2026-11-29. Where they differ, the narrower range is offered.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar, Literal

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.rules import FRAME_GIVES_SHAPE, FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST, Rule

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE", "RESULT_LIFE"]

SLUG = "vidu"
DOCS = "https://platform.vidu.com/docs/"
DOCS_READ = date(2026, 11, 29)
NOT_OFFERED = (
    "Q1 and 2.0, which Zhipu has too; templates, several frames, extending a video, lip sync and upscaling",
    "references as named subjects, as videos (`viduq2-pro`) or from the vendor's library: images only",
    "`off_peak` (half the price within 48 hours), `bgm`, `voice_id`, `audio_type`, `is_rec`, watermarks and `meta_data`",
    "`style` and `movement_amplitude`, which Q2 and Q3 ignore",
    "list prices: the vendor charges credits by model, resolution and length, and says with each task how many",
)
READ_ELSEWHERE = (
    "states, cancellation, the list and the credits left: the pages beside <https://platform.vidu.com/docs/get-generation>, 2026-11-29",
    "the error codes: <https://platform.vidu.cn/docs/error-code>, 2026-11-29",
    "that a cancelled task is `failed` with `UserCancelled` and costs nothing: as seen by a public client on 2026-04-21, read 2026-11-29",
)
RESULT_LIFE = timedelta(hours=24)
"""The pages said an hour until 2025, and 24 hours since (https://platform.vidu.com/docs/get-generation, read 2026-11-29)."""
MAX_BODY_BYTES = 20_000_000
"""20 MB, in the smaller of its two meanings."""
FORMATS = ("image/jpeg", "image/png", "image/webp")
FRAMES = ImageRules(formats=FORMATS, max_bytes=50_000_000, min_ratio=1 / 4, max_ratio=4)
REFERENCES = ImageRules(formats=FORMATS, max_bytes=50_000_000, min_side_px=128, min_ratio=1 / 4, max_ratio=4)
Shape = Literal["16:9", "9:16", "4:3", "3:4", "1:1"]

REFERENCES_FROM_3_S = Rule(
    "duration_s", "From references, videos are at least 3 s long.", lambda references, duration_s: references and duration_s < 3
)
REFERENCE_SHAPES = Rule(
    "aspect_ratio",
    "From references, this model makes 16:9, 9:16 and 1:1 only.",
    lambda references, aspect_ratio: references and aspect_ratio in {"4:3", "3:4"},
)
FRAMES_UP_TO_8_S = Rule(
    "duration_s", "With a last frame, videos are at most 8 s long.", lambda last_frame, duration_s: last_frame and duration_s > 8
)
SOUND_FROM_FIRST_FRAME = Rule(
    "with_audio",
    "This model renders sound only from a first frame, without a last frame or references.",
    lambda last_frame, references, with_audio: with_audio and (last_frame or references),
)
FRAME_OR_REFERENCES = Rule(
    "inputs.first_frame",
    "This model needs a first frame or reference images.",
    lambda first_frame, references: not (first_frame or references),
)


class Q3FrameParams(Params):
    """viduq3-pro-fast, from an image."""

    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=1, le=16)
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=1, le=2_147_483_647)


class Q3Params(Params):
    """viduq3-pro, from text or frames."""

    rules: ClassVar[tuple[Rule, ...]] = (LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE)

    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=1, le=16)
    aspect_ratio: Shape = param("16:9", "Aspect ratio", "With an image the video takes the image's shape.", main=True)
    resolution: Literal["540p", "720p", "1080p"] = param("720p", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=1, le=2_147_483_647)


class Q3TurboParams(Q3Params):
    """viduq3-turbo, from text, frames or references."""

    rules = (*Q3Params.rules, FRAMES_OR_REFERENCES, REFERENCES_FROM_3_S, REFERENCE_SHAPES)


class Q3MixParams(Params):
    """viduq3-mix, from references."""

    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=3, le=16)
    aspect_ratio: Literal["16:9", "9:16", "1:1"] = param("16:9", "Aspect ratio", main=True)
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=1, le=2_147_483_647)


class Q3ReferenceParams(Q3MixParams):
    """viduq3, from references."""

    resolution: Literal["540p", "720p", "1080p"] = param("720p", "Resolution", main=True)  # type: ignore[assignment]


class Q2Params(Params):
    """viduq2, from text or references, without sound."""

    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=1, le=10)
    aspect_ratio: Shape = param("16:9", "Aspect ratio", main=True)
    resolution: Literal["540p", "720p", "1080p"] = param("720p", "Resolution", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=1, le=2_147_483_647)


class Q2FastParams(Params):
    """viduq2-pro-fast, from frames."""

    rules: ClassVar[tuple[Rule, ...]] = (FRAMES_UP_TO_8_S, SOUND_FROM_FIRST_FRAME)

    duration_s: int = param(5, "Duration", "Length of the video; with a last frame at most 8 s.", unit="s", main=True, ge=1, le=10)
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=1, le=2_147_483_647)


class Q2TurboParams(Q2FastParams):
    """viduq2-turbo, from frames."""

    resolution: Literal["540p", "720p", "1080p"] = param("720p", "Resolution", main=True)  # type: ignore[assignment]


class Q2ProParams(Q2TurboParams):
    """viduq2-pro, from frames or references."""

    rules = (
        LAST_NEEDS_FIRST,
        FRAMES_OR_REFERENCES,
        FRAME_OR_REFERENCES,
        FRAME_GIVES_SHAPE,
        FRAMES_UP_TO_8_S,
        SOUND_FROM_FIRST_FRAME,
    )

    aspect_ratio: Shape = param("16:9", "Aspect ratio", "With an image the video takes the image's shape.", main=True)


FIRST = InputSlot(name="first_frame", title="First frame", rules=FRAMES)
NEEDED = InputSlot(name="first_frame", title="First frame", min_count=1, rules=FRAMES)
LAST = InputSlot(name="last_frame", title="Last frame", rules=FRAMES, like="first_frame")
SUBJECTS = InputSlot(name="references", title="Reference images", max_count=7, rules=REFERENCES, wants_words=True)
ONLY_SUBJECTS = InputSlot(name="references", title="Reference images", min_count=1, max_count=7, rules=REFERENCES, wants_words=True)


def _spec(model: str, label: str, params: type[Params], *slots: InputSlot, page: str) -> ModelSpec:
    return ModelSpec(
        model,
        label,
        params,
        slots,
        provider=SLUG,
        needs_prompt=not any(slot.name == "first_frame" for slot in slots),
        max_prompt_chars=5_000,
        max_body_bytes=MAX_BODY_BYTES,
        usual_s=(60, 360),
        poll_every=timedelta(seconds=8),
        result_life=RESULT_LIFE,
        docs_url=f"{DOCS}{page}",
        docs_read=DOCS_READ,
    )


MODELS = by_id(
    _spec("viduq3-pro", "Vidu Q3 Pro", Q3Params, FIRST, LAST, page="text-to-video"),
    _spec("viduq3-turbo", "Vidu Q3 Turbo", Q3TurboParams, FIRST, LAST, SUBJECTS, page="text-to-video"),
    _spec("viduq3-pro-fast", "Vidu Q3 Pro Fast, from an image", Q3FrameParams, NEEDED, page="image-to-video"),
    _spec("viduq3", "Vidu Q3, from references", Q3ReferenceParams, ONLY_SUBJECTS, page="reference-to-video"),
    _spec("viduq3-mix", "Vidu Q3 Mix, from references", Q3MixParams, ONLY_SUBJECTS, page="reference-to-video"),
    _spec("viduq2", "Vidu Q2", Q2Params, SUBJECTS, page="text-to-video"),
    _spec("viduq2-pro", "Vidu Q2 Pro, from images", Q2ProParams, FIRST, LAST, SUBJECTS, page="image-to-video"),
    _spec("viduq2-turbo", "Vidu Q2 Turbo, from an image", Q2TurboParams, NEEDED, LAST, page="image-to-video"),
    _spec("viduq2-pro-fast", "Vidu Q2 Pro Fast, from an image", Q2FastParams, NEEDED, LAST, page="image-to-video"),
)
