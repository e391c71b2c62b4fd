"""The options of Kling's classic models: rules, and Params classes that list their rules. bodies.py turns them into requests.

Kling developer documents, "text to video", "image to video" and the per-model tables; read 2026-11-20. The shapes of shots, voices and
elements as a public client has them (`READ_ELSEWHERE` of catalog.py); 2026-11-21.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from providers.core.catalog import Params, StrictNumbers, param
from providers.core.rules import FRAME_GIVES_SHAPE, FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST, Rule

__all__ = ["V1Params", "V2Params", "V3Params", "V15Params", "V16Params", "V21Params", "V25Params", "V26Params"]

VoiceId = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
ElementId = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
Trajectory = Annotated[str, Field(pattern=r"^[0-9]{1,5},[0-9]{1,5}( [0-9]{1,5},[0-9]{1,5}){1,76}$")]
"""Points with a space between: `10,20 30,40`."""


LAST_IN_PRO = Rule("mode", "A last frame needs the mode pro.", lambda last_frame, mode: last_frame and mode != "pro")
CAMERA_IN_STD = Rule("camera", "camera movements need the mode std", lambda camera, mode: camera and mode == "pro")
AXIS_OF_SIMPLE = Rule(
    "camera_axis", "only the simple camera has an axis", lambda camera_axis, camera: camera_axis != "horizontal" and camera != "simple"
)
SIMPLE_NEEDS_AMOUNT = Rule(
    "camera_amount",
    "the simple camera needs an amount other than 0",
    lambda camera_amount, camera: camera == "simple" and camera_amount == 0,
)
AMOUNT_OF_SIMPLE = Rule(
    "camera_amount", "only the simple camera has an amount", lambda camera_amount, camera: camera != "simple" and camera_amount != 0
)
LAST_OR_CAMERA = Rule("camera", "A last frame and a camera movement exclude each other.", lambda last_frame, camera: last_frame and camera)
LAST_IS_SHORT = Rule(
    "duration_s", "With a last frame the video is 5 s long.", lambda last_frame, duration_s: last_frame and duration_s != 5
)
A_FRAME = Rule(
    "inputs.first_frame", "A first or a last frame is needed.", lambda first_frame, last_frame: not first_frame and not last_frame
)
MASKS_IN_PRO = Rule(
    "mode", "Masks need the mode pro.", lambda static_mask, dynamic_masks, mode: (static_mask or dynamic_masks) and mode != "pro"
)
MASKS_ARE_SHORT = Rule(
    "duration_s",
    "With masks the video is 5 s long.",
    lambda static_mask, dynamic_masks, duration_s: (static_mask or dynamic_masks) and duration_s != 5,
)
MASKS_OR_LAST = Rule(
    "inputs.last_frame",
    "A last frame and masks exclude each other.",
    lambda static_mask, dynamic_masks, last_frame: (static_mask or dynamic_masks) and last_frame,
)
A_PATH_FOR_EACH_AREA = Rule(
    "paths", "Each moving area needs its path, and each path its area.", lambda dynamic_masks, paths: len(paths) != dynamic_masks
)
VOICES_NEED_SOUND = Rule("voice_ids", "voices need the sound on", lambda voice_ids, with_audio: voice_ids and not with_audio)
SOUND_IN_PRO = Rule("with_audio", "sound needs the mode pro", lambda with_audio, mode: with_audio and mode == "std")
LAST_OR_SOUND = Rule("with_audio", "A last frame and sound exclude each other.", lambda last_frame, with_audio: last_frame and with_audio)
SHOTS_ARE_CHOSEN = Rule(
    "shots", "own shots leave nothing to choose: turn Several shots off", lambda shots, multi_shot: shots and multi_shot
)
SHOTS_FILL_THE_VIDEO = Rule(
    "shots",
    "the shots together must be as long as the video",
    lambda shots, duration_s: shots and sum(shot.duration_s for shot in shots) != duration_s,
)
ELEMENTS_OR_VOICES = Rule("element_ids", "elements and voices exclude each other", lambda element_ids, voice_ids: element_ids and voice_ids)
ELEMENTS_NEED_FIRST = Rule("element_ids", "Elements need a first frame.", lambda element_ids, first_frame: element_ids and not first_frame)


class Shot(StrictNumbers):
    """One of several shots, in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duration_s: int = Field(ge=1, le=15, title="Duration", json_schema_extra={"unit": "s"})
    prompt: str = Field(min_length=1, max_length=512, title="Prompt")


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


class V2Params(ShapedParams):
    """kling-v2-master and kling-v2-1-master."""

    rules = (FRAME_GIVES_SHAPE,)


class ModedParams(KlingParams):
    """Two qualities: `std` renders faster and costs less, `pro` looks better."""

    mode: Literal["std", "pro"] = param("std", "Mode", "std is faster and cheaper, pro looks better.", main=True)


class GuidedParams(KlingParams):
    """For the first generation, where the caller sets how closely the video follows the prompt."""

    guidance: float = param(0.5, "Guidance", "How closely the video follows the prompt: 0 freely, 1 strictly.", ge=0, le=1)


class V1Params(GuidedParams, ModedParams, ShapedParams):
    """kling-v1, the one model with a movable camera."""

    rules = (
        CAMERA_IN_STD,
        AXIS_OF_SIMPLE,
        SIMPLE_NEEDS_AMOUNT,
        AMOUNT_OF_SIMPLE,
        LAST_NEEDS_FIRST,
        FRAME_GIVES_SHAPE,
        LAST_OR_CAMERA,
        LAST_IS_SHORT,
    )

    camera: Literal["", "simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"] = param(
        "", "Camera", "A camera movement; simple moves along one axis. Needs the mode std."
    )
    camera_axis: Literal["horizontal", "vertical", "pan", "tilt", "roll", "zoom"] = param(
        "horizontal", "Camera axis", "For the simple camera: what moves."
    )
    camera_amount: float = param(
        0, "Camera amount", "For the simple camera: how far, and which way; not 0.", ge=-10, le=10, validate_default=True
    )


class V15Params(GuidedParams, ModedParams):
    """kling-v1-5, from images only, with motion brushes: masks say what stays still and what moves along which path."""

    rules = (A_FRAME, LAST_IN_PRO, MASKS_IN_PRO, MASKS_ARE_SHORT, MASKS_OR_LAST, A_PATH_FOR_EACH_AREA)

    paths: tuple[Trajectory, ...] = param(
        (),
        "Paths",
        "For each moving area, the points that it passes in the first frame, as x,y in pixels: 2 to 77 of them.",
        max_length=6,
        examples=[["10,20 30,40"], ["10,20 30,40 50,60"]],
    )


class V16Params(GuidedParams, ModedParams, ShapedParams):
    """kling-v1-6, also from up to four reference images."""

    rules = (FRAMES_OR_REFERENCES, FRAME_GIVES_SHAPE, LAST_IN_PRO)


class V21Params(ModedParams):
    """kling-v2-1, from images only."""

    rules = (LAST_NEEDS_FIRST, LAST_IN_PRO)


class V25Params(ModedParams, ShapedParams):
    """kling-v2-5-turbo."""

    rules = (LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE, LAST_IN_PRO)


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


class V26Params(VoicedParams, ModedParams, ShapedParams):
    """kling-v2-6, which can add sound in `pro`."""

    rules = (SOUND_IN_PRO, VOICES_NEED_SOUND, LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE, LAST_IN_PRO, LAST_OR_SOUND)

    with_audio: bool = param(False, "Sound", "Render sound too. Needs the mode pro.", main=True)


class V3Params(VoicedParams, ShapedParams):
    """kling-v3: any whole length, up to 4k, with sound, custom shots and elements."""

    instead_of_prompt = "shots"
    rules = (
        VOICES_NEED_SOUND,
        SHOTS_ARE_CHOSEN,
        SHOTS_FILL_THE_VIDEO,
        ELEMENTS_OR_VOICES,
        LAST_NEEDS_FIRST,
        FRAME_GIVES_SHAPE,
        ELEMENTS_NEED_FIRST,
    )

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
