"""DashScope's models that take one list of media: Wan 2.7 and 3.0, and those of other makers on the same address. Data only.

Model Studio documents, one API reference for each model; read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.simulator.vendors.dashscope_inputs import LARGER_PICTURES, PictureRules

ADAPTIVE = "adaptive"


@dataclass(frozen=True, kw_only=True)
class MediaModel:
    family: str
    """Decides how `usage` is written."""
    media: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How many of each type: at least, at most."""
    excluding: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Two sets of types that exclude each other."""
    needs_prompt: bool = True
    resolutions: tuple[str, ...] = ("1080P", "720P")
    """The first is the default, where there is one."""
    ratios: tuple[str, ...] = ()
    """The first is the default; none: the model takes none."""
    durations: tuple[int, ...] = tuple(range(3, 16))
    """None: the video that is changed gives the length."""
    required: tuple[str, ...] = ()
    """Parameters without a default."""
    seconds_with_video: int = 99
    sizes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By resolution, where a `size` is taken."""
    pictures: PictureRules = LARGER_PICTURES


_WAN_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
_FRAMES = frozenset({"first_frame", "last_frame"})

_WAN_3 = MediaModel(
    family="wan3",
    media={"first_frame": (0, 1), "last_frame": (0, 1), "reference_image": (0, 10), "reference_video": (0, 5), "reference_audio": (0, 5)},
    excluding=(_FRAMES, frozenset({"reference_image", "reference_video", "reference_audio"})),
    needs_prompt=False,
    resolutions=("1080P", "720P", "480P"),
    ratios=(ADAPTIVE, "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"),
    durations=(-1, *range(2, 31)),
)
_WAN = {
    "wan3.0-video": _WAN_3,
    "wan3.0-video-prime": _WAN_3,
    "wan2.7-r2v": MediaModel(
        family="wan2.7",
        media={"first_frame": (0, 1), "reference_image": (0, 5), "reference_video": (0, 5)},
        ratios=_WAN_RATIOS,
        durations=tuple(range(2, 16)),
        seconds_with_video=10,
    ),
    "wan2.7-videoedit": MediaModel(
        family="wan2.7",
        media={"video": (1, 1), "reference_image": (0, 4)},
        needs_prompt=False,
        ratios=(ADAPTIVE, *_WAN_RATIOS),
        durations=(0, *range(2, 11)),
    ),
}

_HORSE_RATIOS = (*_WAN_RATIOS, "4:5", "5:4", "9:21", "21:9")
_NO_BMP = frozenset({"JPEG", "PNG", "WEBP"})
_HORSE_FRAME = PictureRules(least_px=300, most_px=99_999, ratio=2.5, most_bytes=20 * 1024 * 1024, kinds=_NO_BMP)
_SMALL_TOO = ("1080P", "720P", "480P")
_HORSES = {
    **{
        f"happyhorse-{version}-{kind}": model
        for version in ("1.0", "1.1")
        for kind, model in {
            "t2v": MediaModel(family="happyhorse", resolutions=_SMALL_TOO, ratios=_HORSE_RATIOS),
            "i2v": MediaModel(
                family="happyhorse", media={"first_frame": (1, 1)}, needs_prompt=False, resolutions=_SMALL_TOO, pictures=_HORSE_FRAME
            ),
            "r2v": MediaModel(
                family="happyhorse",
                media={"reference_image": (1, 9)},
                resolutions=_SMALL_TOO,
                ratios=_HORSE_RATIOS,
                pictures=PictureRules(least_px=400, most_px=99_999, most_bytes=20 * 1024 * 1024, kinds=_NO_BMP),
            ),
        }.items()
    },
    "happyhorse-1.0-video-edit": MediaModel(
        family="happyhorse", media={"video": (1, 1), "reference_image": (0, 5)}, durations=(), pictures=_HORSE_FRAME
    ),
}

_BY_ADDRESS = PictureRules(least_px=1, most_px=99_999, most_bytes=50 * 1024 * 1024, takes_data=False)
_VIDU_SIZES = {
    "540P": ("1024*576", "576*1024", "1024*1024", "1024*768", "768*1024"),
    "720P": ("1280*720", "720*1280", "1280*1280", "1280*960", "960*1280"),
    "1080P": ("1920*1080", "1080*1920", "1808*1808", "1920*1440", "1440*1920"),
}
_VIDU_RESOLUTIONS = ("720P", "540P", "1080P")


def _vidu(images: tuple[int, int] | None, *, needs_prompt: bool = True, sized: bool = False, is_mix: bool = False) -> MediaModel:
    return MediaModel(
        family="vidu",
        media={"image": images} if images else {},
        needs_prompt=needs_prompt,
        resolutions=("720P", "1080P") if is_mix else _VIDU_RESOLUTIONS,
        durations=tuple(range(1, 17)),
        sizes=_VIDU_SIZES if sized else {},
        pictures=_BY_ADDRESS,
    )


_OTHERS = {
    **{f"vidu/viduq3-{kind}_text2video": _vidu(None, sized=True) for kind in ("pro", "turbo")},
    **{f"vidu/viduq3-{kind}_img2video": _vidu((1, 1), needs_prompt=False) for kind in ("pro", "turbo")},
    **{f"vidu/viduq3-{kind}_start-end2video": _vidu((2, 2)) for kind in ("pro", "turbo")},
    **{f"vidu/{kind}_reference2video": _vidu((1, 7), sized=True) for kind in ("viduq3", "viduq3-turbo")},
    "vidu/viduq3-mix_reference2video": _vidu((1, 7), sized=True, is_mix=True),
    "MiniMax/MiniMax-H3": MediaModel(
        family="h3",
        media={"first_frame": (0, 1), "last_frame": (0, 1), "image_url": (0, 9), "feature": (0, 3), "driving_audio": (0, 3)},
        excluding=(_FRAMES, frozenset({"image_url", "feature", "driving_audio"})),
        resolutions=("768P", "2K"),
        ratios=(ADAPTIVE, "16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        durations=tuple(range(4, 16)),
        required=("resolution", "duration"),
        pictures=_BY_ADDRESS,
    ),
}

EVERYWHERE: Mapping[str, MediaModel] = {**_WAN, **_HORSES}
AT_HOME: Mapping[str, MediaModel] = {**EVERYWHERE, **_OTHERS}
IN_VIRGINIA: Mapping[str, MediaModel] = {name: model for name, model in EVERYWHERE.items() if model.family != "wan2.7"}
