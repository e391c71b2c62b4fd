"""The models of Kling's new API: Params classes and ModelSpecs. Data and rules; bodies.py turns them into requests.

Kling developer documents, "text to video" and "image to video" of 3.0 omni; read 2026-11-20. That a task takes one video at most, as a
public copy of the omni page has it; 2026-11-21.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.core.addresses import OptionalAddress
from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.rules import FRAME_GIVES_SHAPE, LAST_NEEDS_FIRST, Rule
from providers.vendors.kling.classic.catalog import DOCS_READ, SLUG

__all__ = ["NEW_MODELS", "OMNI"]

OMNI = "kling-3.0-omni"
DOCS_URL = "https://app.klingai.com/global/dev/document-api/video/3-0-omni/text-to-video"
IMAGES = ImageRules(formats=("image/jpeg", "image/png"), max_bytes=50 * 1024 * 1024, min_side_px=300, min_ratio=1 / 2.5, max_ratio=2.5)
FIRST = InputSlot(name="first_frame", title="First frame", rules=IMAGES)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)
REFERENCES = InputSlot(name="references", title="Reference images", max_count=4, rules=IMAGES)
SOUND_IN_1080P = Rule("with_audio", "sound needs the resolution 1080p", lambda with_audio, resolution: with_audio and resolution == "720p")
ELEMENTS_NEED_FIRST = Rule("elements", "Elements need a first frame.", lambda elements, first_frame: elements and not first_frame)
ONE_VIDEO = Rule(
    "base_video",
    "a video is either taken up or changed; leave one of them out",
    lambda feature_video, base_video: feature_video and base_video,
)
SOUND_OF_A_VIDEO = Rule(
    "keep_sound",
    "the original sound needs a video",
    lambda keep_sound, feature_video, base_video: keep_sound and not feature_video and not base_video,
)
ONE_SOUND = Rule(
    "keep_sound", "the original sound and a rendered one exclude each other", lambda keep_sound, with_audio: keep_sound and with_audio
)


class NewParams(Params):
    """What every model of the new API takes."""

    duration_s: Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: Literal["16:9", "9:16", "1:1"] = param(
        "16:9", "Aspect ratio", "Without a first frame only: with one, the video takes the image's shape.", main=True
    )
    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)
    watermark: bool = param(False, "Watermark", "Ask for the file that carries the vendor's mark.")


class TurboParams(NewParams):
    """kling-3.0-turbo."""

    rules = (FRAME_GIVES_SHAPE,)


class New26Params(NewParams):
    """kling-2.6."""

    rules = (SOUND_IN_1080P, LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE)

    duration_s: Literal[5, 10] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    with_audio: bool = param(False, "Sound", "Render sound too. Needs 1080p.", main=True)


class Element(BaseModel):
    """A person or thing that the vendor keeps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w{1,32}$", title="Name")
    element_id: str = Field(pattern=r"^[\w-]{1,64}$", title="Id")


class New30Params(NewParams):
    """What kling-3.0 and kling-3.0-omni take."""

    resolution: Literal["720p", "1080p", "4k"] = param("720p", "Resolution", main=True)  # type: ignore[assignment]
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)
    multi_shot: bool = param(True, "Several shots", "Let the video change its shots.")
    elements: tuple[Element, ...] = param(
        (),
        "Elements",
        "People or things that the vendor keeps, each with the name by which the prompt calls it: @name.",
        max_length=3,
        examples=[[{"name": "cat", "element_id": "829836802793406551"}], [{"name": "cat", "element_id": "829836802793406552"}]],
    )


class FramedParams(New30Params):
    """kling-3.0, which takes elements beside an image only."""

    rules = (LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE, ELEMENTS_NEED_FIRST)


class OmniParams(New30Params):
    """kling-3.0-omni, also from a video: one whose features it takes up, or one that it changes."""

    rules = (ONE_VIDEO, SOUND_OF_A_VIDEO, ONE_SOUND, LAST_NEEDS_FIRST, FRAME_GIVES_SHAPE)

    feature_video: OptionalAddress = param(
        "", "Video to take up", "Public address of a video whose features this one takes up.", examples=["https://files.example/walk.mp4"]
    )
    base_video: OptionalAddress = param(
        "", "Video to change", "Public address of a video that is changed as the prompt says.", examples=["https://files.example/walk.mp4"]
    )
    keep_sound: bool = param(False, "Original sound", "Keep the sound of the video that is given.")


_spec = partial(
    ModelSpec,
    provider=SLUG,
    needs_prompt=False,
    max_prompt_chars=3_072,
    usual_s=(60, 300),
    poll_every=timedelta(seconds=5),
    result_life=timedelta(days=30),
    surfaces=("official-key",),
    docs_url=DOCS_URL,
    docs_read=DOCS_READ,
)
NEW_MODELS = by_id(
    _spec("kling-3.0", "Kling 3.0, new API", FramedParams, (FIRST, LAST)),
    _spec("kling-3.0-turbo", "Kling 3.0 Turbo", TurboParams, (FIRST,)),
    _spec(OMNI, "Kling 3.0 Omni", OmniParams, (FIRST, LAST, REFERENCES)),
    _spec("kling-2.6", "Kling 2.6, new API", New26Params, (FIRST, LAST)),
)
