"""The options of the Wan models: Params classes, and the sizes and effects that they name. bodies.py turns them into requests.

Model Studio documents, text-to-video, image-to-video, image-to-video-by-first-and-last-frame and wan-video-to-video API references; read
2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from providers.core.addresses import Address, OptionalAddress
from providers.core.catalog import NEEDED, Params, param
from providers.core.content_tasks import VIDEOS_TAKEN_UP
from providers.core.rules import Rule

__all__ = [
    "SIZES",
    "Frames21Plus",
    "Frames22Flash",
    "Image21Plus",
    "Image21Turbo",
    "Image22Flash",
    "Image22Plus",
    "Image25",
    "Image26",
    "Image26Flash",
    "Image27",
    "Reference26",
    "Reference26Flash",
    "Shape",
    "SizedParams",
    "Text21Turbo",
    "Text22Plus",
    "Text25",
    "Text26",
    "Text26Us",
    "Text27",
    "UpToFifteen",
]

SIZES: Mapping[tuple[str, str], str] = {
    ("480P", "16:9"): "832*480",
    ("480P", "9:16"): "480*832",
    ("480P", "1:1"): "624*624",
    ("720P", "16:9"): "1280*720",
    ("720P", "9:16"): "720*1280",
    ("720P", "1:1"): "960*960",
    ("720P", "4:3"): "1088*832",
    ("720P", "3:4"): "832*1088",
    ("1080P", "16:9"): "1920*1080",
    ("1080P", "9:16"): "1080*1920",
    ("1080P", "1:1"): "1440*1440",
    ("1080P", "4:3"): "1632*1248",
    ("1080P", "3:4"): "1248*1632",
}
Shape = Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
FiveOrTen = Literal[5, 10]
UpToFifteen = Literal[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
ImageEffect = Literal[
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
]
FramesEffect = Literal["", "hanfu-1", "solaron", "magazine", "mech1", "mech2"]

SHOTS_NEED_EXTENDING = Rule(
    "multi_shot", "several shots need the extended prompt", lambda multi_shot, prompt_extend: multi_shot and not prompt_extend
)
SIZE_EXISTS = Rule(
    "resolution", "480P is not available in 4:3 or 3:4", lambda resolution, aspect_ratio: (resolution, aspect_ratio) not in SIZES
)
SOUNDTRACK_NEEDS_SOUND = Rule("with_audio", "a soundtrack needs the sound on", lambda with_audio, audio_url: audio_url and not with_audio)
FRAME_OR_CLIP = Rule(
    "first_clip", "A video begins at a first frame or at a clip, not at both.", lambda first_clip, first_frame: first_clip and first_frame
)
A_BEGINNING = Rule(
    "inputs.first_frame",
    "A first frame or a clip to continue is needed.",
    lambda first_clip, first_frame: not first_clip and not first_frame,
)
EFFECT_OR_LAST = Rule(
    "style", "An effect makes no use of a last frame; leave one of them out.", lambda style, last_frame: style and last_frame
)


class WanParams(Params):
    """What every Wan model takes."""

    duration_s: Literal[5] = param(5, "Duration", "Length of the video; this model makes one length only.", unit="s", main=True)
    negative_prompt: str = param("", "Negative prompt", "What the video should not show.", max_length=500)
    prompt_extend: bool = param(True, "Extend the prompt", "Let the vendor write a short prompt out before it renders.")
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=2_147_483_647)
    watermark: bool = param(False, "Watermark", "Put the vendor's mark into the picture.")


class ScoredParams(WanParams):
    """From 2.5 on the models make sound; a custom soundtrack replaces it."""

    audio_url: OptionalAddress = param(
        "", "Soundtrack", "Public address of a WAV or MP3 file to use as sound.", examples=["https://files.example/song.mp3"]
    )


class StagedParams(WanParams):
    """2.6 can tell a story in several shots."""

    multi_shot: bool = param(False, "Several shots", "Let the video change its shots. Needs the extended prompt.", main=True)


class SizedParams(WanParams):
    """From text, in five shapes."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", main=True)
    resolution: Literal["720P"] = param("720P", "Resolution", main=True)


class SmallSizedParams(SizedParams):
    """Also 480P, in fewer shapes."""

    aspect_ratio: Shape = param("16:9", "Aspect ratio", "4:3 and 3:4 not at 480P.", main=True)


class Text21Turbo(SmallSizedParams):
    """wanx2.1-t2v-turbo."""

    rules = (SIZE_EXISTS,)

    resolution: Literal["480P", "720P"] = param("720P", "Resolution", main=True)  # type: ignore[assignment]


class Text22Plus(SmallSizedParams):
    """wan2.2-t2v-plus."""

    rules = (SIZE_EXISTS,)

    resolution: Literal["480P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Text25(ScoredParams, SmallSizedParams):
    """wan2.5-t2v-preview."""

    rules = (SIZE_EXISTS,)

    duration_s: FiveOrTen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["480P", "720P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Text26Us(StagedParams, ScoredParams, SizedParams):
    """wan2.6-t2v-us, for keys of the US region."""

    rules = (SHOTS_NEED_EXTENDING,)

    duration_s: FiveOrTen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Text26(Text26Us):
    """wan2.6-t2v: any whole length."""

    duration_s: UpToFifteen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]


class Text27(ScoredParams, SizedParams):
    """wan2.7-t2v, always with sound; it takes resolution and shape apart."""

    duration_s: UpToFifteen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Image21Plus(WanParams):
    """wanx2.1-i2v-plus."""

    resolution: Literal["720P"] = param("720P", "Resolution", main=True)
    style: ImageEffect = param("", "Effect", "A ready-made effect instead of the prompt. Not every effect is open to every model.")

    @property
    def replaces_prompt(self) -> bool:
        return bool(self.style)


class Image21Turbo(Image21Plus):
    """wanx2.1-i2v-turbo: also 480P, and shorter."""

    duration_s: Literal[3, 4, 5] = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["480P", "720P"] = param("720P", "Resolution", main=True)  # type: ignore[assignment]


class Image22Flash(WanParams):
    """wan2.2-i2v-flash."""

    resolution: Literal["480P", "720P", "1080P"] = param("720P", "Resolution", main=True)


class Image22Plus(WanParams):
    """wan2.2-i2v-plus."""

    resolution: Literal["480P", "1080P"] = param("1080P", "Resolution", main=True)


class Image25(ScoredParams):
    """wan2.5-i2v-preview."""

    duration_s: FiveOrTen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["480P", "720P", "1080P"] = param("1080P", "Resolution", main=True)


class Image26(StagedParams, ScoredParams):
    """wan2.6-i2v."""

    rules: ClassVar[tuple[Rule, ...]] = (SHOTS_NEED_EXTENDING,)

    duration_s: UpToFifteen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)


class Image26Flash(Image26):
    """wan2.6-i2v-flash, which can also be silent."""

    rules = (SHOTS_NEED_EXTENDING, SOUNDTRACK_NEEDS_SOUND)

    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)


class Image27(ScoredParams):
    """wan2.7-i2v, always with sound; begins at an image or a clip, also towards a last frame."""

    rules = (FRAME_OR_CLIP, A_BEGINNING)

    duration_s: UpToFifteen = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]
    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)
    first_clip: OptionalAddress = param(
        "",
        "Clip to continue",
        "Public address of a video that this one goes on from, instead of a first frame.",
        examples=["https://files.example/walk.mp4"],
    )


class Reference26Params(StagedParams, SizedParams):
    """2.6, from videos or images of people or things."""

    rules = (SHOTS_NEED_EXTENDING,)

    duration_s: Literal[2, 3, 4, 5, 6, 7, 8, 9, 10] = param(  # type: ignore[assignment]
        5, "Duration", "Length of the video.", unit="s", main=True
    )
    resolution: Literal["720P", "1080P"] = param("1080P", "Resolution", main=True)  # type: ignore[assignment]


class Reference26(Reference26Params):
    """wan2.6-r2v."""

    reference_videos: tuple[Address, ...] = param(
        NEEDED,
        "Reference videos",
        VIDEOS_TAKEN_UP,
        main=True,
        min_length=1,
        max_length=3,
        examples=[["https://files.example/walk.mp4"], ["https://files.example/walk.mp4", "https://files.example/street.mp4"]],
    )


class Reference26Flash(Reference26Params):
    """wan2.6-r2v-flash, which can also be silent; its images and videos are one list, character1 being the first of it."""

    with_audio: bool = param(True, "Sound", "Render sound too.", main=True)
    reference_media: tuple[Address, ...] = param(
        NEEDED,
        "Reference images and videos",
        "Public addresses of at most 5 images and 3 videos, 5 together. The prompt names them by their order: character1, character2.",
        main=True,
        min_length=1,
        max_length=5,
        examples=[["https://files.example/walk.mp4"], ["https://files.example/cat.jpg", "https://files.example/walk.mp4"]],
    )


class Frames21Plus(WanParams):
    """wanx2.1-kf2v-plus, from a first and a last frame."""

    rules = (EFFECT_OR_LAST,)

    resolution: Literal["720P"] = param("720P", "Resolution", main=True)
    style: FramesEffect = param("", "Effect", "A ready-made effect instead of prompt and last frame.")


class Frames22Flash(Frames21Plus):
    """wan2.2-kf2v-flash."""

    resolution: Literal["480P", "720P", "1080P"] = param("720P", "Resolution", main=True)  # type: ignore[assignment]
