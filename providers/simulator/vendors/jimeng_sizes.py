"""Sizes of the videos that Jimeng's models make, on the web and behind the official API. Data only."""

from __future__ import annotations

_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_720P = ((1504, 640), (1248, 704), (1120, 832), (960, 960), (832, 1120), (704, 1248))
_1080P = ((2176, 928), (1920, 1088), (1664, 1248), (1440, 1440), (1248, 1664), (1088, 1920))
SIZES = {
    "720p": dict(zip(_RATIOS, _720P, strict=True)),
    "1080p": dict(zip(_RATIOS, _1080P, strict=True)),
}
RATIOS = frozenset(_RATIOS)


def nearest(resolution: str, ratio: float) -> tuple[int, int]:
    """Return the size whose ratio is nearest to a picture's."""
    return min(SIZES[resolution].values(), key=lambda size: abs(size[0] / size[1] - ratio))
