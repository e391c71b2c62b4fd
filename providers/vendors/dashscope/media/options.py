"""The options of the models that take one list of media: Wan 2.7 and 3.0 from references, HappyHorse, Vidu Q3, MiniMax H3. bodies.py turns
them into requests.

Model Studio documents, one API reference for each model (catalog.py names it); read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from providers.core.addresses import Address, OptionalAddress
from providers.core.catalog import NEEDED, Params, param
from providers.core.content_tasks import REFERENCE_RULES, reference_sounds, reference_videos
from providers.core.rules import FRAME_GIVES_SHAPE, Rule
from providers.vendors.dashscope.options import Shape, UpToFifteen

__all__ = [
    "VIDU_SIZES",
    "Edit10",
    "Edit27",
    "EditParams",
    "FramesQ3",
    "H3Params",
    "Image10",
    "Image11",
    "ImageQ3",
    "MediaParams",
    "Reference10",
    "Reference11",
    "Reference27",
    "ReferenceQ3",
    "ReferenceQ3Mix",
    "TextQ3",
    "Wan30",
]

VIDU_SIZES: Mapping[tuple[str, str], str] = {
    ("540P", "16:9"): "1024*576",
    ("540P", "9:16"): "576*1024",
    ("540P", "1:1"): "1024*1024",
    ("540P", "4:3"): "1024*768",
    ("540P", "3:4"): "768*1024",
    ("720P", "16:9"): "1280*720",
    ("720P", "9:16"): "720*1280",
    ("720P", "1:1"): "1280*1280",
    ("720P", "4:3"): "1280*960",
    ("720P", "3:4"): "960*1280",
    ("1080P", "16:9"): "1920*1080",
    ("1080P", "9:16"): "1080*1920",
    ("1080P", "1:1"): "1808*1808",
    ("1080P", "4:3"): "1920*1440",
    ("1080P", "3:4"): "1440*1920",
}
FIVE = 5
LONGEST_WITH_VIDEO_S = 10
WALK, STREET = "https://files.example/walk.mp4", "https://files.example/street.mp4"
CAT, HAT = "https://files.example/cat.jpg", "https://files.example/hat.png"
FIRST_IMAGE = "Public address of the image that the video begins with."
LAST_IMAGE = "Public address of the image that the video ends with."
IMAGES_TAKEN_UP = "Public addresses of images whose people or things the video uses."

A_REFERENCE = Rule(
    "inputs.references",
    "A reference image or video is needed.",
    lambda references, reference_videos: not references and not reference_videos,
)
FIVE_REFERENCES = Rule(
    "inputs.references",
    "At most 5 reference images and videos together.",
    lambda references, reference_videos: references + len(reference_videos) > FIVE,
)
SHORT_WITH_VIDEO = Rule(
    "reference_videos",
    "With a reference video the video is at most 10 s long.",
    lambda duration_s, reference_videos: reference_videos and duration_s > LONGEST_WITH_VIDEO_S,
)
LAST_IMAGE_NEEDS_FIRST = Rule(
    "last_image", "A last frame needs a first frame.", lambda first_image, last_image: last_image and not first_image
)
EXCLUSIVE = "References and frames exclude each other."
FRAME_OR_IMAGES = Rule("reference_images", EXCLUSIVE, lambda first_image, reference_images: first_image and reference_images)
FRAME_OR_VIDEOS = Rule("reference_videos", EXCLUSIVE, lambda first_image, reference_videos: first_image and reference_videos)
FRAME_OR_SOUNDS = Rule("reference_sounds", EXCLUSIVE, lambda first_image, reference_sounds: first_image and reference_sounds)
SOUNDS_WITH_OTHERS = Rule(
    "reference_sounds",
    "Reference sounds need a reference image or video as well.",
    lambda reference_images, reference_videos, reference_sounds: reference_sounds and not (reference_images or reference_videos),
)
IMAGE_GIVES_SHAPE = Rule(
    "aspect_ratio",
    "With an image the video takes the image's shape; leave the aspect ratio at 16:9.",
    lambda first_image, aspect_ratio: first_image and aspect_ratio != "16:9",
)
ADAPTS_TO_MEDIA = Rule(
    "aspect_ratio",
    "Without references there is no shape to adapt to.",
    lambda first_image, reference_images, reference_videos, aspect_ratio: (
        aspect_ratio == "adaptive" and not (first_image or reference_images or reference_videos)
    ),
)


class MediaParams(Params):
    """What every one of them takes."""

    watermark: bool = param(False, "Watermark", "Put the vendor's mark into the picture.")


class SeededParams(MediaParams):
    """What all but MiniMax H3 take."""

    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=2_147_483_647)


class Wan30(SeededParams):
    """wan3.0-video and wan3.0-video-prime: from words, frames, or references of three kinds."""

    rules = REFERENCE_RULES

    duration_s: int = param(
        5, "Duration", "Length of the video; together with reference videos at most 30 s.", unit="s", main=True, ge=2, le=30
    )
    duration_auto: bool = param(False, "Length by the model", "Let the model choose the length, whatever the duration says.")
    aspect_ratio: Literal["auto", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"] = param(
        "auto", "Aspect ratio", "auto: the model chooses, by the words, the frames or the references.", main=True
    )
    resolution: Literal["480P", "720P", "1080P"] = param("1080P", "Resolution", main=True)
    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")
    reference_videos: tuple[Address, ...] = reference_videos("Each 1 to 15 s long, together at most 15 s.", most=5)
    reference_sounds: tuple[Address, ...] = reference_sounds("Together at most 15 s, each at most 15 MB.", most=5)

    @property
    def replaces_prompt(self) -> bool:
        return bool(self.reference_videos or self.reference_sounds)


class Wan27Params(SeededParams):
    """What 2.7 takes in any form."""

    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)
    negative_prompt: str = param("", "Negative prompt", "What the video should not show.", max_length=500)
    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")


class Reference27(Wan27Params):
    """wan2.7-r2v, from images or videos of people or things, also from a first frame on."""

    rules = (A_REFERENCE, FIVE_REFERENCES, SHORT_WITH_VIDEO, FRAME_GIVES_SHAPE)

    duration_s: UpToFifteen = param(5, "Duration", "Length of the video; with a reference video up to 10 s.", unit="s", main=True)
    aspect_ratio: Shape = param("16:9", "Aspect ratio", "With a first frame, the video takes the image's shape.", main=True)
    reference_videos: tuple[Address, ...] = reference_videos(most=5)


class EditParams(MediaParams):
    """A video to change, and what becomes of its sound."""

    base_video: Address = param(
        NEEDED, "Video to change", "Public address of the video that is changed.", main=True, examples=[WALK, STREET]
    )
    keep_sound: bool = param(False, "Original sound", "Keep the sound of the video that is given.")


class Edit27(Wan27Params, EditParams):
    """wan2.7-videoedit; the words may be left out."""

    cut_to_s: int | None = param(
        None, "Cut to", "Change only this many seconds from the beginning; leave empty for the whole video.", unit="s", ge=2, le=10
    )
    aspect_ratio: Literal["auto", "16:9", "9:16", "1:1", "4:3", "3:4"] = param(
        "auto", "Aspect ratio", "auto: that of the video to change.", main=True
    )


class Edit10(EditParams, SeededParams):
    """happyhorse-1.0-video-edit."""

    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)


class Image10(SeededParams):
    """happyhorse-1.0-i2v."""

    duration_s: Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)


class Image11(Image10):
    """happyhorse-1.1-i2v."""

    resolution: Literal["480P", "720P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Reference10(Image10):
    """happyhorse-1.0-t2v and -r2v."""

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4", "4:5", "5:4", "9:21", "21:9"] = param("16:9", "Aspect ratio", main=True)


class Reference11(Reference10):
    """happyhorse-1.1-t2v and -r2v."""

    resolution: Literal["480P", "720P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Q3Params(SeededParams):
    """What every Vidu Q3 takes."""

    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=1, le=16)
    resolution: Literal["540P", "720P", "1080P"] = param("720P", "Resolution", main=True)
    with_audio: bool = param(False, "Sound", "Render sound too.", main=True)


class TextQ3(Q3Params):
    """From text, in five shapes."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", main=True)


class ImageQ3(Q3Params):
    """From a first frame; the words may be left out."""

    first_image: Address = param(NEEDED, "First frame", FIRST_IMAGE, main=True, examples=[CAT, HAT])


class FramesQ3(Q3Params):
    """From a first and a last frame."""

    first_image: Address = param(NEEDED, "First frame", FIRST_IMAGE, main=True, examples=[CAT, HAT])
    last_image: Address = param(NEEDED, "Last frame", LAST_IMAGE, main=True, examples=[HAT, CAT])


class ReferenceQ3(TextQ3):
    """From up to seven images of people or things."""

    reference_images: tuple[Address, ...] = param(
        NEEDED, "Reference images", IMAGES_TAKEN_UP, main=True, min_length=1, max_length=7, examples=[[CAT], [CAT, HAT]]
    )


class ReferenceQ3Mix(ReferenceQ3):
    """viduq3-mix, not at 540P."""

    resolution: Literal["720P", "1080P"] = param("720P", "Resolution", main=True)


class H3Params(MediaParams):
    """MiniMax H3, whose images are given by addresses here."""

    rules: ClassVar[tuple[Rule, ...]] = (
        LAST_IMAGE_NEEDS_FIRST,
        FRAME_OR_IMAGES,
        FRAME_OR_VIDEOS,
        FRAME_OR_SOUNDS,
        SOUNDS_WITH_OTHERS,
        IMAGE_GIVES_SHAPE,
        ADAPTS_TO_MEDIA,
    )

    first_image: OptionalAddress = param("", "First frame", FIRST_IMAGE, examples=[CAT])
    last_image: OptionalAddress = param("", "Last frame", LAST_IMAGE, examples=[HAT])
    reference_images: tuple[Address, ...] = param((), "Reference images", IMAGES_TAKEN_UP, max_length=9, examples=[[CAT], [CAT, HAT]])
    reference_videos: tuple[Address, ...] = reference_videos()
    reference_sounds: tuple[Address, ...] = reference_sounds()
    duration_s: Literal[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: Literal["16:9", "21:9", "4:3", "1:1", "3:4", "9:16", "adaptive"] = param(
        "16:9", "Aspect ratio", "With a first frame, the video takes the image's shape; adaptive needs references.", main=True
    )
    resolution: Literal["768P", "2K"] = param("768P", "Resolution", main=True)
