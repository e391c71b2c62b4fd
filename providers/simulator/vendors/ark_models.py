"""Seedance's models on Ark: what each takes, and the sizes of the videos. Data only."""

from __future__ import annotations

from dataclasses import dataclass

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
Sizes = dict[str, dict[str, tuple[int, int]]]


def _sizes(**by_resolution: tuple[tuple[int, int], ...]) -> Sizes:
    return {name.removeprefix("p") + "p": dict(zip(RATIOS, sizes, strict=True)) for name, sizes in by_resolution.items()}


_SIZES_1_0 = _sizes(
    p480=((864, 480), (736, 544), (640, 640), (544, 736), (480, 864), (960, 416)),
    p720=((1248, 704), (1120, 832), (960, 960), (832, 1120), (704, 1248), (1504, 640)),
    p1080=((1920, 1088), (1664, 1248), (1440, 1440), (1248, 1664), (1088, 1920), (2176, 928)),
)
_SIZES_1_5 = _sizes(
    p480=((864, 496), (752, 560), (640, 640), (560, 752), (496, 864), (992, 432)),
    p720=((1280, 720), (1112, 834), (960, 960), (834, 1112), (720, 1280), (1470, 630)),
    p1080=((1920, 1080), (1664, 1248), (1440, 1440), (1248, 1664), (1080, 1920), (2206, 946)),
)
_SIZES_2_0 = {
    **_SIZES_1_5,
    "4k": dict(zip(RATIOS, ((3840, 2160), (3326, 2494), (2880, 2880), (2494, 3326), (2160, 3840), (4398, 1886)), strict=True)),
}
_SIZES_2_5 = {**_SIZES_1_5, "480p": {**_SIZES_1_5["480p"], "16:9": (854, 480), "9:16": (480, 854)}}


@dataclass(frozen=True, kw_only=True)
class Model:
    durations: range
    resolutions: tuple[str, ...] = ("480p", "720p", "1080p")
    usual_resolution: str = "720p"
    sizes: Sizes
    takes_text_alone: bool = True
    max_frames: int = 2
    """2: first and last frame; 1: first only; 0: from text only."""
    max_references: int = 0
    max_clips: int = 0
    """Videos as references, and as many sounds."""
    takes_sounds_alone: bool = False
    has_audio: bool = False
    counts_frames: bool = False
    """Takes `frames` in place of `duration`."""
    may_choose_duration: bool = False
    """Takes -1."""
    has_draft: bool = False
    adapts: bool = False
    """`adaptive` also without a first frame, and as the default ratio."""
    is_2_x: bool = False
    is_2_5: bool = False
    """Takes `omni_reference_task_type` and `output_format`; its drafts have finals at 1080p alone."""


def _seedance_1_0(**more: object) -> Model:
    return Model(durations=range(2, 13), sizes=_SIZES_1_0, counts_frames=True, **more)  # type: ignore[arg-type]


def _seedance_2_0(*resolutions: str) -> Model:
    return Model(
        durations=range(4, 16),
        sizes=_SIZES_2_0,
        resolutions=resolutions,
        max_references=9,
        max_clips=3,
        has_audio=True,
        may_choose_duration=True,
        adapts=True,
        is_2_x=True,
    )


SEEDANCE_1_5_PRO = Model(durations=range(4, 13), sizes=_SIZES_1_5, has_audio=True, may_choose_duration=True, has_draft=True, adapts=True)
SEEDANCE_2_5 = Model(
    durations=range(4, 31),
    sizes=_SIZES_2_5,
    max_references=30,
    max_clips=10,
    takes_sounds_alone=True,
    has_audio=True,
    may_choose_duration=True,
    has_draft=True,
    adapts=True,
    is_2_x=True,
    is_2_5=True,
)
MODELS = {
    "doubao-seedance-1-5-pro-251215": SEEDANCE_1_5_PRO,
    "doubao-seedance-1-0-pro-250528": _seedance_1_0(usual_resolution="1080p"),
    "doubao-seedance-1-0-pro-fast-251015": _seedance_1_0(usual_resolution="1080p", max_frames=1),
    "doubao-seedance-1-0-lite-t2v-250428": _seedance_1_0(max_frames=0),
    "doubao-seedance-1-0-lite-i2v-250428": _seedance_1_0(takes_text_alone=False, max_references=4),
    "doubao-seedance-2-0-260128": _seedance_2_0("480p", "720p", "1080p", "4k"),
    "doubao-seedance-2-0-fast-260128": _seedance_2_0("480p", "720p"),
    "doubao-seedance-2-0-mini-260615": _seedance_2_0("480p", "720p"),
    "doubao-seedance-2-5-260628": SEEDANCE_2_5,
}
MODELS_ABROAD = {
    "seedance-1-0-pro-250528": MODELS["doubao-seedance-1-0-pro-250528"],
    "seedance-1-0-pro-fast-251015": MODELS["doubao-seedance-1-0-pro-fast-251015"],
    "dreamina-seedance-2-0-260128": MODELS["doubao-seedance-2-0-260128"],
    "dreamina-seedance-2-0-fast-260128": MODELS["doubao-seedance-2-0-fast-260128"],
    "dreamina-seedance-2-0-mini-260615": MODELS["doubao-seedance-2-0-mini-260615"],
    "dreamina-seedance-2-5-260628": SEEDANCE_2_5,
}
"""BytePlus has the same models under other names, and no longer those of 1.0 lite."""
