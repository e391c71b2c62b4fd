"""The options of Kling's classic models: Params classes and the rules between them. How they are said is in bodies.py.

Kling developer documents, "text to video", "image to video" and the per-model tables; read 2026-11-20. The shapes of shots, voices and
elements as a public client has them (`READ_ELSEWHERE` of catalog.py); 2026-11-21.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from providers.core.catalog import Counts, InputConflict, Params, last_frame_needs_first, param

__all__ = ["ShapedParams", "Shot", "V1Params", "V3Params", "V15Params", "V16Params", "V21Params", "V25Params", "V26Params"]

VoiceId = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
ElementId = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
Trajectory = Annotated[str, Field(pattern=r"^[0-9]{1,5},[0-9]{1,5}( [0-9]{1,5},[0-9]{1,5}){1,76}$")]
"""Points with a space between: `10,20 30,40`."""


class Shot(BaseModel):
    """One of several shots, in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duration_s: int = Field(ge=1, le=15, title="Duration", json_schema_extra={"unit": "s"})
    prompt: str = Field(min_length=1, max_length=512, title="Prompt")


class KlingParams(Params):
    """What every classic model takes. A rule between two options is silent where the other was refused: one mistake is told once."""

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
    """For models that take a last frame in `pro` only; some of them take it alone."""

    def check_inputs(self, images: Counts) -> None:
        super().check_inputs(images)
        if "last_frame" in images and self.mode != "pro":
            raise InputConflict("mode", "A last frame needs the mode pro.")


class BothFramesInPro(LastFrameInPro):
    """For models that take a last frame in `pro` only, and only beside a first."""

    def check_inputs(self, images: Counts) -> None:
        last_frame_needs_first(images)
        super().check_inputs(images)


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
        if value != "horizontal" and info.data.get("camera", "simple") != "simple":
            raise ValueError("only the simple camera has an axis")
        return value

    @field_validator("camera_amount")
    @classmethod
    def _amount_with_simple(cls, value: float, info: ValidationInfo) -> float:
        if info.data.get("camera") == "simple" and value == 0:
            raise ValueError("the simple camera needs an amount other than 0")
        if info.data.get("camera", "simple") != "simple" and value != 0:
            raise ValueError("only the simple camera has an amount")
        return value

    def check_inputs(self, images: Counts) -> None:
        last_frame_needs_first(images)
        super().check_inputs(images)
        if "last_frame" in images and self.camera:
            raise InputConflict("camera", "A last frame and a camera movement exclude each other.")
        if "last_frame" in images and self.duration_s != 5:
            raise InputConflict("duration_s", "With a last frame the video is 5 s long.")


class V15Params(GuidedParams, LastFrameInPro):
    """kling-v1-5, from images only, with motion brushes: masks say what stays still and what moves along which path."""

    paths: tuple[Trajectory, ...] = param(
        (),
        "Paths",
        "For each moving area, the points that it passes in the first frame, as x,y in pixels: 2 to 77 of them.",
        max_length=6,
        examples=[["10,20 30,40"], ["10,20 30,40 50,60"]],
    )

    def check_inputs(self, images: Counts) -> None:
        if not images.keys() & {"first_frame", "last_frame"}:
            raise InputConflict("inputs.first_frame", "A first or a last frame is needed.")
        super().check_inputs(images)
        masks = images.keys() & {"static_mask", "dynamic_masks"}
        if masks and self.mode != "pro":
            raise InputConflict("mode", "Masks need the mode pro.")
        if masks and self.duration_s != 5:
            raise InputConflict("duration_s", "With masks the video is 5 s long.")
        if masks and "last_frame" in images:
            raise InputConflict("inputs.last_frame", "A last frame and masks exclude each other.")
        if len(self.paths) != images.get("dynamic_masks", 0):
            raise InputConflict("paths", "Each moving area needs its path, and each path its area.")


class V16Params(GuidedParams, LastFrameInPro, ShapedParams):
    """kling-v1-6, also from up to four reference images."""

    def check_inputs(self, images: Counts) -> None:
        if "references" in images and len(images) > 1:
            raise InputConflict("inputs.references", "Reference images and frames exclude each other.")
        if "references" not in images:
            super().check_inputs(images)


class V21Params(BothFramesInPro):
    """kling-v2-1, from images only."""


class V25Params(BothFramesInPro, ShapedParams):
    """kling-v2-5-turbo."""


class VoicedParams(KlingParams):
    """For models with sound, in which people may speak with voices of the vendor's."""

    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)
    voice_ids: tuple[VoiceId, ...] = param(
        (),
        "Voices",
        "The vendor's ids of voices, which the prompt names as <<<voice_1>>> and <<<voice_2>>>. Needs the sound.",
        max_length=2,
        examples=[["829824295735410756"], ["829824295735410756", "829805533963608137"]],
    )

    @field_validator("voice_ids")
    @classmethod
    def _voices_with_sound(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and not info.data.get("with_audio", True):
            raise ValueError("voices need the sound on")
        return value


class V26Params(VoicedParams, BothFramesInPro, ShapedParams):
    """kling-v2-6, which can add sound in `pro`."""

    with_audio: bool = param(False, "Sound", "Render sound too. Needs the mode pro.", main=True)

    @field_validator("with_audio")
    @classmethod
    def _sound_in_pro(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("mode") == "std":
            raise ValueError("sound needs the mode pro")
        return value

    def check_inputs(self, images: Counts) -> None:
        super().check_inputs(images)
        if "last_frame" in images and self.with_audio:
            raise InputConflict("with_audio", "A last frame and sound exclude each other.")


class V3Params(VoicedParams, ShapedParams):
    """kling-v3: any whole length, up to 4k, with sound, shots of one's own and elements."""

    instead_of_prompt: ClassVar[str] = "shots"

    duration_s: Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(  # type: ignore[assignment]
        5, "Duration", "Length of the video.", unit="s", main=True
    )
    mode: Literal["std", "pro", "4k"] = param("std", "Mode", "std is faster and cheaper, pro looks better, 4k is the largest.", main=True)
    multi_shot: bool = param(False, "Several shots", "Let the video change its shots.")
    shots: tuple[Shot, ...] = param(
        (),
        "Own shots",
        "Each with its length; together they are as long as the video, and stand in for the prompt, which must be empty then.",
        max_length=6,
        examples=[
            [{"duration_s": 5, "prompt": "A boat leaves the harbour"}],
            [{"duration_s": 3, "prompt": "A boat leaves the harbour"}, {"duration_s": 2, "prompt": "The open sea"}],
        ],
    )
    element_ids: tuple[ElementId, ...] = param(
        (),
        "Elements",
        "The vendor's ids of people or things, which the prompt names as <<<element_1>>> and so on. Needs a first frame.",
        max_length=3,
        examples=[["829836802793406551"], ["829836802793406551", "829836802793406552"]],
    )

    @field_validator("shots")
    @classmethod
    def _shots_fill_the_video(cls, value: tuple[Shot, ...], info: ValidationInfo) -> tuple[Shot, ...]:
        if value and info.data.get("multi_shot"):
            raise ValueError("own shots leave nothing to choose: turn Several shots off")
        together_s = sum(shot.duration_s for shot in value)
        if value and together_s != info.data.get("duration_s", together_s):
            raise ValueError("the shots together must be as long as the video")
        return value

    @field_validator("element_ids")
    @classmethod
    def _elements_without_voices(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("voice_ids"):
            raise ValueError("elements and voices exclude each other")
        return value

    def check_inputs(self, images: Counts) -> None:
        super().check_inputs(images)
        if self.element_ids and "first_frame" not in images:
            raise InputConflict("element_ids", "Elements need a first frame.")
