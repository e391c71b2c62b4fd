"""Ten evenings: the colours of a clip. Data, and how to mix two of them."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    top: Colour
    middle: Colour
    horizon: Colour
    sun: Colour
    far_hill: Colour
    near_hill: Colour


def mixed(low: Colour, high: Colour, part: float) -> Colour:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(low, high, strict=True))
    return red, green, blue


PALETTES = tuple(
    Palette(*((int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)) for colour in colours.split()))
    for colours in (
        "1b1a4b 6d3f8f f58a7b ffe3b8 8d4f7f 1d1433",
        "12284c 3b6fa8 f4b9a7 fff0d6 6d7fa3 152238",
        "2a1238 8c2f5f ff9a56 ffe8a3 8a3d55 220d22",
        "0b2b40 1f7a8c 9fd8cb fdf6d8 3f8088 0a2530",
        "1a1f5c 5a55c8 e7a3e0 fff0f6 6b5fa8 16143d",
        "16324f 4a90b8 c9e4ee ffffff 7fa3b8 173247",
        "3a1c3f b0506a ffc27a fff3cf a5576a 2b1230",
        "0d1b3e 27508f 86b8f2 f5f3ff 4a6aa8 0b1530",
        "2b2140 7a5c9e f3b6c4 fff4e6 86709f 1f1733",
        "33202c a0553f f6b860 fff0c4 8f5a48 26141a",
    )
)
