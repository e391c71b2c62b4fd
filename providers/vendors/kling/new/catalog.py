"""The models of Kling's new API: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

Kling developer documents, "text to video" and "image to video" of 3.0 omni; read 2026-11-20. What excludes what, the lengths of prompts,
O1, 2.5 Turbo and motion control: copies of the pages in https://github.com/aself101/kling-api (docs/api, of 2026-09-20), 2026-11-29.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.core.addresses import Address, OptionalAddress
from providers.core.catalog import NEEDED, ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.rules import FRAME_GIVES_SHAPE, LAST_NEEDS_FIRST, Rule
from providers.vendors.kling.classic.catalog import DOCS_READ, SLUG

__all__ = ["MOTION_CONTROL", "NEW_MODELS", "MotionParams", "VideosParams"]

DOCS_URL = "https://app.klingai.com/global/dev/document-api/video/3-0-omni/text-to-video"
PAGES = "https://kling.ai/document-api/api/video/"
PAGES_READ = date(2026, 11, 29)
IMAGES = ImageRules(formats=("image/jpeg", "image/png"), max_bytes=50 * 1024 * 1024, min_side_px=300, min_ratio=1 / 2.5, max_ratio=2.5)
FIRST = InputSlot(name="first_frame", title="First frame", rules=IMAGES)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)
REFERENCES = InputSlot(name="references", title="Reference images", max_count=7, rules=IMAGES)
CHARACTER = InputSlot(name="references", title="Character", min_count=1, rules=IMAGES)
MOTION_CONTROL = "-motion-control"
A_VIDEO = "https://files.example/walk.mp4"

SOUND_IN_1080P = Rule("with_audio", "sound needs the resolution 1080p", lambda with_audio, resolution: with_audio and resolution == "720p")
LAST_IN_1080P = Rule(
    "resolution", "A last frame needs the resolution 1080p.", lambda last_frame, resolution: last_frame and resolution == "720p"
)
LAST_OR_SOUND = Rule("with_audio", "A last frame and sound exclude each other.", lambda last_frame, with_audio: last_frame and with_audio)
ELEMENTS_NEED_FIRST = Rule("elements", "Elements need a first frame.", lambda elements, first_frame: elements and not first_frame)
ONE_VIDEO = Rule(
    "base_video",
    "a reference video and a video to change exclude each other",
    lambda feature_video, base_video: feature_video and base_video,
)
TAKEN_UP_IN_SHOTS = Rule(
    "feature_video", "a reference video needs Several shots on", lambda feature_video, multi_shot: feature_video and not multi_shot
)
TAKEN_UP_IN_SILENCE = Rule(
    "feature_video", "a reference video needs Sound off", lambda feature_video, with_audio: feature_video and with_audio
)
CHANGED_IN_ONE_SHOT = Rule(
    "base_video", "a video to change needs Several shots off", lambda base_video, multi_shot: base_video and multi_shot
)
CHANGED_WITHOUT_NEW_SOUND = Rule(
    "base_video", "a video to change needs Sound off", lambda base_video, with_audio: base_video and with_audio
)
CHANGED_OR_FRAMES = Rule(
    "base_video",
    "A video to change and frames exclude each other.",
    lambda base_video, first_frame, last_frame: base_video and (first_frame or last_frame),
)
TAKEN_UP_OR_LAST = Rule(
    "feature_video",
    "A reference video and a last frame exclude each other.",
    lambda feature_video, last_frame: feature_video and last_frame,
)
SOUND_OF_A_CHANGED = Rule(
    "keep_sound", "the original sound needs a video to change", lambda keep_sound, base_video: keep_sound and not base_video
)
SOUND_OF_A_VIDEO = Rule(
    "keep_sound",
    "the original sound needs a video",
    lambda keep_sound, feature_video, base_video: keep_sound and not feature_video and not base_video,
)
SEVEN_IN_ALL = Rule(
    "inputs.references",
    "At most 7 reference images and elements together.",
    lambda references, elements: references + len(elements) > 7,
)
FOUR_BESIDE_A_VIDEO = Rule(
    "inputs.references",
    "Beside a video at most 4 reference images and elements together.",
    lambda references, elements, feature_video, base_video: (feature_video or base_video) and references + len(elements) > 4,
)
TWO_FRAMES_ALONE = Rule(
    "inputs.last_frame",
    "First and last frame together exclude reference images and elements.",
    lambda last_frame, references, elements: last_frame and (references or elements),
)
FIVE_OR_TEN_ALONE = Rule(
    "duration_s",
    "Without a reference image or video, the length must be 5 or 10 s.",
    lambda duration_s, references, feature_video, base_video: duration_s not in {5, 10} and not (references or feature_video or base_video),
)
ELEMENT_FACES_AS_VIDEO = Rule(
    "elements", "an element needs the orientation of the video", lambda elements, orientation: elements and orientation == "image"
)


class Element(BaseModel):
    """A person or thing that the vendor keeps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w{1,32}$", title="Name")
    element_id: str = Field(pattern=r"^[\w-]{1,64}$", title="Id")


KEPT = "People or things stored at the vendor. The prompt names each: @name."
KEPT_AND_IMAGES = "People or things stored at the vendor. The prompt names each: @name. Images are @image_1, @image_2 in their order."


def _elements(most: int, description: str = KEPT) -> Any:
    return param(
        (),
        "Elements",
        description,
        max_length=most,
        examples=[[{"name": "cat", "element_id": "829836802793406551"}], [{"name": "cat", "element_id": "829836802793406552"}]],
    )


class NewParams(Params):
    """What nearly every model of the new API takes."""

    duration_s: Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: Literal["16:9", "9:16", "1:1"] = param(
        "16:9", "Aspect ratio", "Without a first frame only: with one, the video takes the image's shape.", main=True
    )
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)
    watermark: bool = param(False, "Watermark", "Ask for the file that carries the vendor's mark.")


class TurboParams(NewParams):
    """kling-3.0-turbo."""

    rules = (FRAME_GIVES_SHAPE,)


class New25Params(NewParams):
    """kling-2.5-turbo."""

    rules: ClassVar[tuple[Rule, ...]] = (LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE, LAST_IN_1080P)

    duration_s: Literal[5, 10] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", "A last frame needs 1080p.", main=True)


class New26Params(New25Params):
    """kling-2.6, which can add sound in 1080p."""

    rules = (SOUND_IN_1080P, LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE, LAST_IN_1080P, LAST_OR_SOUND)

    with_audio: bool = param(False, "Sound", "Render sound too. Needs 1080p.", main=True)


class New30Params(NewParams):
    """What kling-3.0 and kling-3.0-omni take."""

    resolution: Literal["720p", "1080p", "4k"] = param("720p", "Resolution", main=True)  # type: ignore[assignment]
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)
    multi_shot: bool = param(True, "Several shots", "Let the video change its shots.")
    elements: tuple[Element, ...] = _elements(3)


class FramedParams(New30Params):
    """kling-3.0, which takes elements beside an image only."""

    rules = (LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE, ELEMENTS_NEED_FIRST)


class VideosParams(Params):
    """For models that also work from a video: a reference whose features they use, or one that they change."""

    feature_video: OptionalAddress = param(
        "",
        "Reference video",
        "Public address of a video whose features the new one uses; the prompt names it @video_1.",
        examples=[A_VIDEO],
    )
    base_video: OptionalAddress = param(
        "", "Video to change", "Public address of a video that is changed as the prompt says, which names it @video_1.", examples=[A_VIDEO]
    )
    keep_sound: bool = param(False, "Original sound", "Keep the sound of the video that is given.")


class OmniParams(VideosParams, New30Params):
    """kling-3.0-omni."""

    rules = (
        ONE_VIDEO,
        TAKEN_UP_IN_SHOTS,
        TAKEN_UP_IN_SILENCE,
        CHANGED_IN_ONE_SHOT,
        CHANGED_WITHOUT_NEW_SOUND,
        SOUND_OF_A_CHANGED,
        CHANGED_OR_FRAMES,
        LAST_NEEDS_FIRST,
        FRAME_GIVES_SHAPE,
        FOUR_BESIDE_A_VIDEO,
        SEVEN_IN_ALL,
    )

    elements: tuple[Element, ...] = _elements(3, KEPT_AND_IMAGES)


class O1Params(VideosParams, NewParams):
    """kling-o1, the first of its kind: in one shot and without rendered sound."""

    rules = (
        ONE_VIDEO,
        SOUND_OF_A_VIDEO,
        CHANGED_OR_FRAMES,
        TAKEN_UP_OR_LAST,
        LAST_NEEDS_FIRST,
        FRAME_GIVES_SHAPE,
        FOUR_BESIDE_A_VIDEO,
        SEVEN_IN_ALL,
        TWO_FRAMES_ALONE,
        FIVE_OR_TEN_ALONE,
    )

    duration_s: Literal[3, 4, 5, 6, 7, 8, 9, 10] = param(
        5, "Duration", "Length of the video; without a reference image or video, 5 or 10 s only.", unit="s", main=True
    )
    elements: tuple[Element, ...] = _elements(7, KEPT_AND_IMAGES)


class MotionParams(Params):
    """Motion control: the person in an image moves as the one in a video, which also gives the length."""

    motion_video: Address = param(
        NEEDED,
        "Motion video",
        "Public address of an mp4 or mov file whose movements the character makes; 3 to 30 s, or 3 to 10 s if it faces as in the image.",
        examples=[A_VIDEO, "https://files.example/dance.mp4"],
        main=True,
    )
    orientation: Literal["video", "image"] = param("video", "Orientation", "Which way the character faces.", main=True)
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)
    keep_sound: bool = param(True, "Original sound", "Keep the sound of the video that is given.")
    watermark: bool = param(False, "Watermark", "Ask for the file that carries the vendor's mark.")


class Motion30Params(MotionParams):
    """kling-3.0-motion-control, in which the character may be one that the vendor keeps."""

    rules = (ELEMENT_FACES_AS_VIDEO,)

    elements: tuple[Element, ...] = _elements(1)


_spec = partial(
    ModelSpec,
    provider=SLUG,
    needs_prompt=False,
    max_prompt_chars=2_500,
    usual_s=(60, 300),
    poll_every=timedelta(seconds=5),
    result_life=timedelta(days=30),
    surfaces=("official-key",),
    docs_url=DOCS_URL,
    docs_read=DOCS_READ,
)
_omni = partial(_spec, slots=(FIRST, LAST, REFERENCES), needs_prompt=True)
_new = partial(_spec, docs_read=PAGES_READ)
NEW_MODELS = by_id(
    _spec("kling-3.0", "Kling 3.0, new API", FramedParams, (FIRST, LAST), max_prompt_chars=3_072),
    _spec("kling-3.0-turbo", "Kling 3.0 Turbo", TurboParams, (replace(FIRST, max_prompt_chars=2_500),), max_prompt_chars=3_072),
    _omni("kling-3.0-omni", "Kling 3.0 Omni", OmniParams, max_prompt_chars=3_072),
    _omni("kling-o1", "Kling O1", O1Params, docs_url=f"{PAGES}o1/video-omni", docs_read=PAGES_READ),
    _spec("kling-2.6", "Kling 2.6, new API", New26Params, (FIRST, LAST)),
    _new("kling-2.5-turbo", "Kling 2.5 Turbo, new API", New25Params, (FIRST, LAST), docs_url=f"{PAGES}2-5-turbo/image-to-video"),
    _new(
        f"kling-3.0{MOTION_CONTROL}",
        "Kling 3.0 Motion Control",
        Motion30Params,
        (CHARACTER,),
        docs_url=f"{PAGES}3-0-omni/motion-control",
    ),
    _new(f"kling-2.6{MOTION_CONTROL}", "Kling 2.6 Motion Control", MotionParams, (CHARACTER,), docs_url=f"{PAGES}2-6/motion-control"),
)
