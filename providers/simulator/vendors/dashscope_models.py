"""DashScope's models that have fields of their own, up to Wan 2.7: sizes, lengths, effects, and what each of them takes. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.simulator.vendors.dashscope_media_models import AT_HOME, EVERYWHERE, IN_VIRGINIA, MediaModel

SIZES = {
    "480P": frozenset({"832*480", "480*832", "624*624"}),
    "720P": frozenset({"1280*720", "720*1280", "960*960", "1088*832", "832*1088"}),
    "1080P": frozenset({"1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632"}),
}
AREAS_PX = {"480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080}
_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
BY_RATIO = {
    "720P": dict(zip(_RATIOS, ("1280*720", "720*1280", "960*960", "1088*832", "832*1088"), strict=True)),
    "1080P": dict(zip(_RATIOS, ("1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632"), strict=True)),
}
I2V_TEMPLATES = frozenset(
    [
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
)
KF2V_TEMPLATES = frozenset({"hanfu-1", "solaron", "magazine", "mech1", "mech2"})


@dataclass(frozen=True, kw_only=True)
class Model:
    kind: str
    resolutions: tuple[str, ...]
    """The first is the default."""
    durations: tuple[int, ...] = (5,)
    """A single one: fixed, whatever is asked for. The default is always five."""
    max_prompt: int = 800
    is_newer: bool = False
    """From 2.6: another `usage`, and no `actual_prompt`."""
    has_sound: bool = False
    """From 2.5: takes `audio_url`."""
    has_shots: bool = False
    """2.6: takes `shot_type`."""
    by_ratio: bool = False
    """2.7: `resolution` and `ratio` in place of `size`, `media` in place of `img_url`."""


_UP_TO_15 = tuple(range(2, 16))
_ALL = ("1080P", "720P", "480P")
_HIGH = ("1080P", "720P")
_R2V = Model(kind="r2v", resolutions=_HIGH, durations=tuple(range(2, 11)), max_prompt=1500, is_newer=True, has_shots=True)
_WITH_FIELDS = {
    "wanx2.1-t2v-turbo": Model(kind="t2v", resolutions=("720P", "480P")),
    "wanx2.1-t2v-plus": Model(kind="t2v", resolutions=("720P",)),
    "wan2.2-t2v-plus": Model(kind="t2v", resolutions=("1080P", "480P")),
    "wan2.5-t2v-preview": Model(kind="t2v", resolutions=_ALL, durations=(5, 10), max_prompt=1500, has_sound=True),
    "wan2.6-t2v": Model(kind="t2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=1500, is_newer=True, has_sound=True, has_shots=True),
    "wan2.7-t2v": Model(kind="t2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=5000, is_newer=True, has_sound=True, by_ratio=True),
    "wanx2.1-i2v-turbo": Model(kind="i2v", resolutions=("720P", "480P"), durations=(3, 4, 5)),
    "wanx2.1-i2v-plus": Model(kind="i2v", resolutions=("720P",)),
    "wan2.2-i2v-flash": Model(kind="i2v", resolutions=("720P", "480P", "1080P")),
    "wan2.2-i2v-plus": Model(kind="i2v", resolutions=("1080P", "480P")),
    "wan2.5-i2v-preview": Model(kind="i2v", resolutions=_ALL, durations=(5, 10), max_prompt=1500, has_sound=True),
    "wan2.6-i2v": Model(kind="i2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=1500, is_newer=True, has_sound=True, has_shots=True),
    "wan2.6-i2v-flash": Model(
        kind="i2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=1500, is_newer=True, has_sound=True, has_shots=True
    ),
    "wan2.7-i2v": Model(kind="i2v", resolutions=_HIGH, durations=_UP_TO_15, max_prompt=5000, is_newer=True, has_sound=True, by_ratio=True),
    "wan2.6-r2v": _R2V,
    "wan2.6-r2v-flash": _R2V,
    "wanx2.1-kf2v-plus": Model(kind="kf2v", resolutions=("720P",)),
    "wan2.2-kf2v-flash": Model(kind="kf2v", resolutions=("720P", "480P", "1080P")),
}
MODELS: Mapping[str, Model | MediaModel] = {**_WITH_FIELDS, **AT_HOME}
"""In Beijing."""
MODELS_IN_SINGAPORE: Mapping[str, Model | MediaModel] = {
    **{name.replace("wanx2.1", "wan2.1"): model for name, model in _WITH_FIELDS.items()},
    **EVERYWHERE,
}
MODELS_IN_VIRGINIA: Mapping[str, Model | MediaModel] = {
    **IN_VIRGINIA,
    "wan2.6-t2v": Model(
        kind="t2v", resolutions=_HIGH, durations=(5, 10, 15), max_prompt=1500, is_newer=True, has_sound=True, has_shots=True
    ),
    "wan2.6-t2v-us": Model(
        kind="t2v", resolutions=_HIGH, durations=(5, 10), max_prompt=1500, is_newer=True, has_sound=True, has_shots=True
    ),
    "wan2.6-i2v": _WITH_FIELDS["wan2.6-i2v"],
    "wan2.6-r2v": _R2V,
}
