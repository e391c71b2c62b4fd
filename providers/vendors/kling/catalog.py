"""What may be asked of Kling's classic models: Params classes and ModelSpecs. Data and validators; how it is said is in wire.py.

Kling developer documents, "text to video", "image to video" and the per-model tables; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from pydantic import ValidationInfo, field_validator

from providers.core.catalog import Counts, ImageRules, InputConflict, InputSlot, ModelSpec, Params, param

__all__ = ["DOCS_READ", "MODELS", "NOT_OFFERED", "SLUG"]

SLUG = "kling"
DOCS_URL = "https://app.klingai.com/global/dev/document-api/apiReference/model/textToVideo"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = (
    "motion brushes (`static_mask`, `dynamic_masks`), elements and voices (`element_list`, `voice_list`)",
    "shots of one's own (`multi_prompt`)",
    "several reference images of the classic API (`multi-image2video`), which only the retired kling-v1-6 takes",
    "cameras of kling-v1-5 and kling-v1-6, which the pages leave open",
    "elements of the new API, and videos as inputs of 3.0 Omni (`feature_video`, `base_video`) with their sound (`original`)",
    "other products: extending a video, lip sync, avatars, motion control, effects, sound alone",
)
RETIRED = date(2026, 9, 15)
STILL_HAD_AT = ("gateway",)
"""Where models that the vendor retired may be had."""
IMAGES = ImageRules(formats=("image/jpeg", "image/png"), max_bytes=10 * 1024 * 1024, min_side_px=300, min_ratio=1 / 2.5, max_ratio=2.5)


class KlingParams(Params):
    """What every classic model takes."""

    duration_s: Literal[5, 10] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    negative_prompt: str = param("", "Negative prompt", "What the video should not show.", max_length=2_500)
    watermark: bool = param(False, "Watermark", "Ask for the file that carries the vendor's mark.")


class ShapedParams(KlingParams):
    """For models that also work from text alone: without an image, the shape is free."""

    aspect_ratio: Literal["16:9", "9:16", "1:1"] = param(
        "16:9", "Aspect ratio", "Without an image only: with one, the video takes the image's shape.", main=True
    )

    def check_inputs(self, images: Counts) -> None:
        super().check_inputs(images)
        if images and self.aspect_ratio != "16:9":
            raise InputConflict("aspect_ratio", "With an image the video takes the image's shape; leave the aspect ratio at 16:9.")


class ModedParams(KlingParams):
    """Two qualities: `std` renders faster and costs less, `pro` looks better."""

    mode: Literal["std", "pro"] = param("std", "Mode", "std is faster and cheaper, pro looks better.", main=True)


class LastFrameInPro(ModedParams):
    """For models that take a last frame in `pro` only."""

    def check_inputs(self, images: Counts) -> None:
        super().check_inputs(images)
        if "last_frame" in images and self.mode != "pro":
            raise InputConflict("mode", "A last frame needs the mode pro.")


class GuidedParams(KlingParams):
    """For the first generation, which lets itself be pulled towards the words."""

    guidance: float = param(0.5, "Guidance", "How closely the video follows the prompt: 0 freely, 1 strictly.", ge=0, le=1)


class V1Params(GuidedParams, ModedParams, ShapedParams):
    """kling-v1, the one model with a movable camera."""

    camera: Literal["", "simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"] = param(
        "", "Camera", "A camera movement; simple moves along one axis. Needs the mode std."
    )
    camera_axis: Literal["horizontal", "vertical", "pan", "tilt", "roll", "zoom"] = param(
        "horizontal", "Camera axis", "For the simple camera: what moves."
    )
    camera_amount: float = param(
        0, "Camera amount", "For the simple camera: how far, and which way; not 0.", ge=-10, le=10, validate_default=True
    )

    @field_validator("camera")
    @classmethod
    def _camera_in_std(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("mode") == "pro":
            raise ValueError("camera movements need the mode std")
        return value

    @field_validator("camera_axis")
    @classmethod
    def _axis_with_simple(cls, value: str, info: ValidationInfo) -> str:
        if value != "horizontal" and info.data.get("camera") != "simple":
            raise ValueError("only the simple camera has an axis")
        return value

    @field_validator("camera_amount")
    @classmethod
    def _amount_with_simple(cls, value: float, info: ValidationInfo) -> float:
        if info.data.get("camera") == "simple" and value == 0:
            raise ValueError("the simple camera needs an amount other than 0")
        if info.data.get("camera") != "simple" and value != 0:
            raise ValueError("only the simple camera has an amount")
        return value

    def check_inputs(self, images: Counts) -> None:
        super().check_inputs(images)
        if "last_frame" in images and self.camera:
            raise InputConflict("camera", "A last frame and a camera movement exclude each other.")


class V15Params(GuidedParams, LastFrameInPro):
    """kling-v1-5, from images only."""


class V16Params(GuidedParams, LastFrameInPro, ShapedParams):
    """kling-v1-6."""


class V21Params(LastFrameInPro):
    """kling-v2-1, from images only."""


class V25Params(LastFrameInPro, ShapedParams):
    """kling-v2-5-turbo."""


class V26Params(LastFrameInPro, ShapedParams):
    """kling-v2-6, which can add sound in `pro`."""

    with_audio: bool = param(False, "Sound", "Render sound too. Needs the mode pro.", main=True)

    @field_validator("with_audio")
    @classmethod
    def _sound_in_pro(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("mode") == "std":
            raise ValueError("sound needs the mode pro")
        return value


class V3Params(ShapedParams):
    """kling-v3: any whole length, up to 4k, with sound."""

    duration_s: Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(  # type: ignore[assignment]
        5, "Duration", "Length of the video.", unit="s", main=True
    )
    mode: Literal["std", "pro", "4k"] = param("std", "Mode", "std is faster and cheaper, pro looks better, 4k is the largest.", main=True)
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)
    multi_shot: bool = param(False, "Several shots", "Let the video change its shots.")


def _slots(*, image_needed: bool, last: bool) -> tuple[InputSlot, ...]:
    first = InputSlot(name="first_frame", title="First frame", min_count=int(image_needed), rules=IMAGES)
    return (first, InputSlot(name="last_frame", title="Last frame", rules=IMAGES)) if last else (first,)


def _spec(
    model: str, label: str, params: type[Params], *, image_needed: bool = False, last: bool = True, retired: date | None = None
) -> ModelSpec:
    return ModelSpec(
        provider=SLUG,
        id=model,
        label=label,
        params=params,
        slots=_slots(image_needed=image_needed, last=last),
        max_prompt_chars=2_500,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=5),
        result_life=timedelta(days=30),
        retired=retired,
        surfaces=STILL_HAD_AT if retired else (),
        docs_url=DOCS_URL,
        docs_read=DOCS_READ,
    )


MODELS: Mapping[str, ModelSpec] = {
    spec.id: spec
    for spec in (
        _spec("kling-v3", "Kling 3", V3Params),
        _spec("kling-v2-6", "Kling 2.6", V26Params),
        _spec("kling-v2-5-turbo", "Kling 2.5 Turbo", V25Params),
        _spec("kling-v2-1-master", "Kling 2.1 Master", ShapedParams, last=False),
        _spec("kling-v2-1", "Kling 2.1", V21Params, image_needed=True, retired=RETIRED),
        _spec("kling-v2-master", "Kling 2 Master", ShapedParams, last=False),
        _spec("kling-v1-6", "Kling 1.6", V16Params, retired=RETIRED),
        _spec("kling-v1-5", "Kling 1.5", V15Params, image_needed=True),
        _spec("kling-v1", "Kling 1", V1Params),
    )
}
