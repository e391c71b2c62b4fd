"""MiniMax's models: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

MiniMax platform documents: video generation v1, read 2026-11-20, and v2, read 2026-11-29. Videos and sounds are given by public addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Literal

from providers.core.addresses import Address
from providers.core.catalog import NEEDED, ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.content_tasks import REFERENCE_RULES, SOUNDS_NOT_ALONE, reference_sounds, reference_videos
from providers.core.rules import FRAME_GIVES_SHAPE, LAST_NEEDS_FIRST, Rule

__all__ = ["MODELS", "NOT_OFFERED", "PROMPT_ADVICE", "READ_ELSEWHERE", "REGENERATION", "RESULT_LIFE", "SECOND_GENERATION"]

SLUG = "minimax"
DOCS = "https://platform.minimax.io/docs/api-reference/"
DOCS_READ, FIRST_READ = date(2026, 11, 29), date(2026, 11, 20)
NOT_OFFERED = (
    "reference videos and sounds of H3 other than by public address: no files of one's own, none kept at the vendor (`mm_file://`)",
    "`aigc_watermark` of v1, whose pages do not name it",
    "regeneration of a task by its id (`source_task_id`): the vendor opens it to chosen customers only",
)
PROMPT_ADVICE = {
    "en": "where the camera moves, write the movement in square brackets at its place in the text: [Push in], [Pull out], [Pan left], "
    "[Tracking shot], [Static shot]; one or two of them, no more.",
    "zh-hans": "需要运镜时，在文中相应位置用方括号写出指令，如 [推进]、[拉远]、[左摇]、[跟随]、[固定]，一两个即可。",
}
"""From github.com/PicsArt/picsart-mcp-cli-docs, Provider-Minimax, and hermes-plugin-minimax-video; read 2026-11-29."""

READ_ELSEWHERE = (
    "`aigc_watermark` of v2: <https://platform.minimaxi.com/docs/api-reference/video-generation-v2-create>; read 2026-11-29",
    "that a used-up plan is a rate limit of v2, with 2056 in its words: <https://github.com/MiniMax-AI/MiniMax-M2.7/issues/36>, 2026-11-21",
)
RESULT_LIFE = timedelta(hours=1)
"""The vendor's pages disagree (1 h, 9 h); a question asked again gives a fresh address."""
REGENERATION = "MiniMax-H3-regeneration"
"""Our id: to the vendor it is MiniMax-H3 at another path."""
SECOND_GENERATION = ("MiniMax-H3", "MiniMax-H3-Max", REGENERATION)
IMAGES = ImageRules(
    formats=("image/jpeg", "image/png", "image/webp"), max_bytes=20 * 1024 * 1024 - 1, min_side_px=301, min_ratio=0.4, max_ratio=2.5
)
MOST_REFERENCES = 12
MAX_BODY_BYTES = 64_000_000
"""64 MB, in the smaller of its two meanings; v1 says nothing."""
LARGE_IMAGES = ImageRules(formats=IMAGES.formats, max_bytes=30 * 1024 * 1024, min_side_px=256, max_side_px=5_760)

LARGE_IS_SHORT = Rule("resolution", "1080P videos are 6 s long", lambda resolution, duration_s: resolution == "1080P" and duration_s == 10)
SMALL_NEEDS_FIRST = Rule(
    "resolution", "512P needs a first frame.", lambda resolution, first_frame: resolution == "512P" and not first_frame
)
TWELVE_REFERENCES = Rule(
    "inputs.references",
    "At most 12 reference images, videos and sounds together.",
    lambda references, reference_videos, reference_sounds: references + len(reference_videos) + len(reference_sounds) > MOST_REFERENCES,
)
ADAPTS_TO_REFERENCES = Rule(
    "aspect_ratio",
    "Without references there is no shape to adapt to.",
    lambda aspect_ratio, references, reference_videos, reference_sounds: (
        aspect_ratio == "adaptive" and not (references or reference_videos or reference_sounds)
    ),
)


class HailuoParams(Params):
    """What the Hailuo models take."""

    rules: ClassVar[tuple[Rule, ...]] = (LARGE_IS_SHORT,)

    duration_s: Literal[6, 10] = param(6, "Duration", "Length of the video; 1080P videos are 6 s long.", unit="s", main=True)
    resolution: Literal["768P", "1080P"] = param("768P", "Resolution", main=True)
    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")
    fast_pretreatment: bool = param(False, "Quick rewriting", "Extend the prompt in less time.")


class Hailuo02Params(HailuoParams):
    """MiniMax-Hailuo-02: from an image also smaller."""

    rules = (*HailuoParams.rules, LAST_NEEDS_FIRST, SMALL_NEEDS_FIRST)

    resolution: Literal["512P", "768P", "1080P"] = param(  # type: ignore[assignment]
        "768P", "Resolution", "512P from an image only.", main=True
    )


class FirstGenerationParams(Params):
    """T2V-01 and I2V-01: one length, one size."""

    duration_s: Literal[6] = param(6, "Duration", "Length of the video; this model makes one length only.", unit="s", main=True)
    resolution: Literal["720P"] = param("720P", "Resolution", main=True)
    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")


class SubjectParams(Params):
    """S2V-01: neither length nor size can be chosen."""

    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")


class SecondGenerationParams(Params):
    """What H3 takes, in a render from nothing and in one from a draft."""

    reference_videos: tuple[Address, ...] = reference_videos("Each 2 to 15 s long, at most 50 MB.")
    reference_sounds: tuple[Address, ...] = reference_sounds("Each at most 15 MB.")
    watermark: bool = param(False, "Watermark", "Put the vendor's mark into the picture.")


class H3Params(SecondGenerationParams):
    """MiniMax-H3."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *REFERENCE_RULES,
        TWELVE_REFERENCES,
        SOUNDS_NOT_ALONE,
        FRAME_GIVES_SHAPE,
        ADAPTS_TO_REFERENCES,
    )

    duration_s: Literal[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: Literal["16:9", "21:9", "4:3", "1:1", "3:4", "9:16", "adaptive"] = param(
        "16:9", "Aspect ratio", "With a first frame, the video takes the image's shape; adaptive needs references.", main=True
    )
    resolution: Literal["768P", "2K"] = param("768P", "Resolution", main=True)


class H3MaxParams(H3Params):
    """MiniMax-H3-Max."""

    duration_s: Literal[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    resolution: Literal["480P", "768P"] = param("768P", "Resolution", main=True)  # type: ignore[assignment]
    prompt_expansion: Literal["disabled", "balanced", "quality"] = param(
        "balanced", "Prompt expansion", "How much the vendor writes the prompt out before it renders."
    )


class RegenerationParams(SecondGenerationParams):
    """MiniMax-H3 again, from its own video of 768P: the words, images, videos and sounds of that one are given once more."""

    rules = (*REFERENCE_RULES, TWELVE_REFERENCES, SOUNDS_NOT_ALONE)

    base_video: Address = param(
        NEEDED,
        "Video to enlarge",
        "Public address of a 768P video by MiniMax H3, unchanged. Give the words, images, videos and sounds it was made from again.",
        main=True,
        examples=["https://files.example/draft.mp4", "https://files.example/walk.mp4"],
    )
    resolution: Literal["2K"] = param("2K", "Resolution", main=True)


def _first(rules: ImageRules = IMAGES, *, needed: bool = False) -> InputSlot:
    return InputSlot(name="first_frame", title="First frame", min_count=int(needed), rules=rules)


def _last(rules: ImageRules = IMAGES) -> InputSlot:
    return InputSlot(name="last_frame", title="Last frame", rules=rules)


SUBJECT = InputSlot(name="references", title="Reference images", min_count=1, rules=IMAGES)
NINE = InputSlot(name="references", title="Reference images", max_count=9, rules=LARGE_IMAGES)


PAGES: Mapping[tuple[str, ...], str] = {
    (): "t2v",
    ("first_frame",): "i2v",
    ("first_frame", "last_frame"): "fl2v",
    ("references",): "s2v",
    ("first_frame", "last_frame", "references"): "v2-create",
}
"""By slots, after `video-generation-`."""


def _spec(model: str, label: str, params: type[Params], *slots: InputSlot, page: str = "") -> ModelSpec:
    second = model in SECOND_GENERATION
    return ModelSpec(
        model,
        label,
        params,
        slots,
        provider=SLUG,
        needs_prompt=second or not slots,
        max_prompt_chars=7_000 if second else 2_000,
        max_body_bytes=MAX_BODY_BYTES if second else None,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=10),
        result_life=RESULT_LIFE,
        docs_url=f"{DOCS}video-generation-{page or PAGES[tuple(slot.name for slot in slots)]}",
        docs_read=DOCS_READ if second else FIRST_READ,
    )


MODELS = by_id(
    _spec("MiniMax-H3", "MiniMax H3", H3Params, _first(LARGE_IMAGES), _last(LARGE_IMAGES), NINE),
    _spec("MiniMax-H3-Max", "MiniMax H3 Max", H3MaxParams, _first(LARGE_IMAGES), _last(LARGE_IMAGES), NINE),
    _spec(
        REGENERATION,
        "MiniMax H3, from 768P to 2K",
        RegenerationParams,
        _first(LARGE_IMAGES),
        _last(LARGE_IMAGES),
        NINE,
        page="v2-regeneration",
    ),
    _spec("MiniMax-Hailuo-2.3", "Hailuo 2.3", HailuoParams, _first()),
    _spec("MiniMax-Hailuo-2.3-Fast", "Hailuo 2.3 Fast, from an image", HailuoParams, _first(needed=True)),
    _spec("MiniMax-Hailuo-02", "Hailuo 02", Hailuo02Params, _first(), _last()),
    _spec("T2V-01-Director", "T2V-01 Director", FirstGenerationParams),
    _spec("T2V-01", "T2V-01", FirstGenerationParams),
    _spec("I2V-01-Director", "I2V-01 Director, from an image", FirstGenerationParams, _first(needed=True)),
    _spec("I2V-01-live", "I2V-01 live, from an image", FirstGenerationParams, _first(needed=True)),
    _spec("I2V-01", "I2V-01, from an image", FirstGenerationParams, _first(needed=True)),
    _spec("S2V-01", "S2V-01, from a person's image", SubjectParams, SUBJECT),
)
