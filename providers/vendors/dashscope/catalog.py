"""What may be asked of DashScope's wanx2.1 models: Params classes and ModelSpecs. Data and validators; how it is said is in wire.py.

Model Studio documents, text-to-video, image-to-video and image-to-video-by-first-and-last-frame API references; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import ValidationInfo, field_validator

from providers.core.catalog import ImageRules, InputConflict, InputSlot, ModelSpec, Params, Price, param

__all__ = ["MODELS", "SIZES"]

SLUG = "dashscope"
DOCS = "https://help.aliyun.com/zh/model-studio/"
DOCS_READ = date(2026, 11, 20)
IMAGES = ImageRules(
    formats=("image/jpeg", "image/png", "image/bmp", "image/webp"),
    max_bytes=10 * 1024 * 1024,
    min_side_px=360,
    max_side_px=2_000,
    alpha=False,
)
FIRST = InputSlot(name="first_frame", title="First frame", min_count=1, rules=IMAGES)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)

SIZES: Mapping[tuple[str, str], str] = {
    ("480P", "16:9"): "832*480",
    ("480P", "9:16"): "480*832",
    ("480P", "1:1"): "624*624",
    ("720P", "16:9"): "1280*720",
    ("720P", "9:16"): "720*1280",
    ("720P", "1:1"): "960*960",
    ("720P", "4:3"): "1088*832",
    ("720P", "3:4"): "832*1088",
}
Shape = Literal["16:9", "9:16", "1:1", "4:3", "3:4"]


class WanxParams(Params):
    """What every wanx2.1 model takes."""

    duration_s: Literal[5] = param(5, "Duration", "Length of the video; this model makes one length only.", unit="s", main=True)
    negative_prompt: str = param("", "Negative prompt", "What the video should not show.", max_length=500)
    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=2_147_483_647)
    watermark: bool = param(False, "Watermark", "Put the vendor's mark into the picture.")


class TextPlusParams(WanxParams):
    """wanx2.1-t2v-plus: 720P in five shapes."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", main=True)
    resolution: Literal["720P"] = param("720P", "Resolution", main=True)


class TextTurboParams(WanxParams):
    """wanx2.1-t2v-turbo: also 480P, in fewer shapes."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", "4:3 and 3:4 at 720P only.", main=True)
    resolution: Literal["480P", "720P"] = param("720P", "Resolution", main=True)

    @field_validator("resolution")
    @classmethod
    def _size_exists(cls, value: str, info: ValidationInfo) -> str:
        shape = info.data.get("aspect_ratio")
        if shape is not None and (value, shape) not in SIZES:
            raise ValueError(f"{shape} is not to be had at {value}")
        return value


class ImagePlusParams(WanxParams):
    """wanx2.1-i2v-plus."""

    resolution: Literal["720P"] = param("720P", "Resolution", main=True)
    style: Literal[
        "",
        "squish",
        "rotation",
        "poke",
        "inflate",
        "dissolve",
        "melt",
        "icecream",
        "carousel",
        "singleheart",
        "dance1",
        "dance2",
        "dance3",
        "dance4",
        "dance5",
        "mermaid",
        "graduation",
        "dragon",
        "money",
        "jellyfish",
        "pupil",
        "hug",
        "frenchkiss",
        "coupleheart",
    ] = param("", "Effect", "A ready-made effect instead of the prompt. Not every effect is open to every model.")


class ImageTurboParams(ImagePlusParams):
    """wanx2.1-i2v-turbo: also 480P, and shorter."""

    duration_s: Literal[3, 4, 5] = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["480P", "720P"] = param("720P", "Resolution", main=True)  # type: ignore[assignment]


class FramesParams(WanxParams):
    """wanx2.1-kf2v-plus, from a first and a last frame."""

    resolution: Literal["720P"] = param("720P", "Resolution", main=True)
    style: Literal["", "hanfu-1", "solaron", "magazine", "mech1", "mech2"] = param(
        "", "Effect", "A ready-made effect instead of prompt and last frame."
    )

    def check_inputs(self, slots: frozenset[str]) -> None:
        if self.style and "last_frame" in slots:
            raise InputConflict("style", "An effect makes no use of a last frame; leave one of them out.")


def _spec(
    model: str,
    label: str,
    params: type[Params],
    page: str,
    *,
    slots: tuple[InputSlot, ...] = (),
    needs_prompt: bool = True,
    cny_per_s: str = "",
) -> ModelSpec:
    return ModelSpec(
        provider=SLUG,
        id=model,
        label=label,
        params=params,
        slots=slots,
        needs_prompt=needs_prompt,
        max_prompt_chars=800,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=10),
        result_life=timedelta(hours=24),
        price=Price(amount=Decimal(cny_per_s), unit="second") if cny_per_s else None,
        docs_url=f"{DOCS}{page}",
        docs_read=DOCS_READ,
    )


T2V, I2V = "text-to-video-api-reference", "image-to-video-api-reference"
KF2V = "image-to-video-by-first-and-last-frame-api-reference"

MODELS: Mapping[str, ModelSpec] = {
    spec.id: spec
    for spec in (
        _spec("wanx2.1-t2v-turbo", "Wan 2.1 Turbo", TextTurboParams, T2V, cny_per_s="0.24"),
        _spec("wanx2.1-t2v-plus", "Wan 2.1 Plus", TextPlusParams, T2V, cny_per_s="0.70"),
        _spec("wanx2.1-i2v-turbo", "Wan 2.1 Turbo, from an image", ImageTurboParams, I2V, slots=(FIRST,)),
        _spec("wanx2.1-i2v-plus", "Wan 2.1 Plus, from an image", ImagePlusParams, I2V, slots=(FIRST,)),
        _spec("wanx2.1-kf2v-plus", "Wan 2.1 Plus, first and last frame", FramesParams, KF2V, slots=(FIRST, LAST), needs_prompt=False),
    )
}
