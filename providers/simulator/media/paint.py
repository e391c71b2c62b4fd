"""The picture: an evening sky in the prompt's own colours, soft shapes that drift, and the prompt's words on it.

Painted small and enlarged, straight into the three planes that the encoder wants, because that is what makes five
seconds of 720p cost about a second of processor time. Needs Pillow and nothing else.
"""

from __future__ import annotations

import colorsys
import hashlib
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

from providers.simulator.media.clip import Clip

Planes = tuple[Image.Image, Image.Image, Image.Image]
"""Luma at full size, the two chromas at half."""
Colour = tuple[int, int, int]

_SMALL_PX = 160
"""The longer side of the picture before it is enlarged."""
_LIMITED_LUMA = [16 + value * 219 // 255 for value in range(256)]
_LIMITED_CHROMA = [128 + (value - 128) * 224 // 255 for value in range(256)]


@dataclass(frozen=True)
class Shape:
    """A soft disc on its way: where it starts and how far it goes in a second, in parts of the picture."""

    picture: Image.Image
    x: float
    y: float
    dx: float
    dy: float
    sway: float


def painted(clip: Clip, *, frames: int, fps: int) -> Iterator[Planes]:
    seed = int.from_bytes(hashlib.sha256(clip.text.encode()).digest()[:8], "big")
    chance = random.Random(seed)
    width, height = _small_size(clip)
    hue = chance.random()
    sky = _sky(width, height, hue)
    shapes = _shapes(chance, max(width, height), hue)
    for number in range(frames):
        yield _enlarged(_composed(sky, shapes, number / fps), clip)


def _small_size(clip: Clip) -> tuple[int, int]:
    scale = _SMALL_PX / max(clip.width_px, clip.height_px)
    return max(8, round(clip.width_px * scale)), max(8, round(clip.height_px * scale))


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _sky(width: int, height: int, hue: float) -> Image.Image:
    """Deep above, warm at the horizon, dark below."""
    stops = [(0.0, _colour(hue, 0.75, 0.20)), (0.45, _colour(hue + 0.06, 0.65, 0.52))]
    stops += [(0.78, _colour(hue + 0.14, 0.55, 0.92)), (1.0, _colour(hue + 0.10, 0.60, 0.40))]
    column = Image.new("RGB", (1, height))
    for y in range(height):
        column.putpixel((0, y), _between(stops, y / max(1, height - 1)))
    return column.resize((width, height))


def _between(stops: list[tuple[float, Colour]], place: float) -> Colour:
    for (start, low), (end, high) in pairwise(stops):
        if place <= end:
            part = (place - start) / (end - start)
            return tuple(round(a + (b - a) * part) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]
    return stops[-1][1]


def _shapes(chance: random.Random, longer: int, hue: float) -> list[Shape]:
    return [_shape(chance, longer, hue, depth) for depth in range(7)]


def _shape(chance: random.Random, longer: int, hue: float, depth: int) -> Shape:
    radius = longer * chance.uniform(0.05, 0.09) * (1 + depth * 0.22)
    colour = _colour(hue + chance.uniform(0.05, 0.22), chance.uniform(0.25, 0.6), chance.uniform(0.75, 1.0))
    return Shape(
        picture=_disc(radius, colour, opacity=chance.uniform(0.22, 0.42)),
        x=chance.random(),
        y=chance.uniform(0.05, 0.95),
        dx=chance.choice((-1, 1)) * chance.uniform(0.015, 0.045),
        dy=chance.uniform(-0.01, 0.01),
        sway=chance.uniform(0, math.tau),
    )


def _disc(radius: float, colour: Colour, opacity: float) -> Image.Image:
    blur = radius * 0.35
    half = math.ceil(radius + 2 * blur)
    mask = Image.new("L", (2 * half, 2 * half))
    ImageDraw.Draw(mask).ellipse((half - radius, half - radius, half + radius, half + radius), fill=round(255 * opacity))
    disc = Image.new("RGBA", mask.size, colour)
    disc.putalpha(mask.filter(ImageFilter.GaussianBlur(blur)))
    return disc


def _composed(sky: Image.Image, shapes: list[Shape], moment_s: float) -> Image.Image:
    picture = sky.copy()
    width, height = picture.size
    for shape in shapes:
        x = (shape.x + shape.dx * moment_s) % 1.4 - 0.2
        y = shape.y + shape.dy * moment_s + 0.02 * math.sin(shape.sway + moment_s)
        half = shape.picture.width / 2
        at = (x * width - half, y * height - half)
        picture.paste(shape.picture, (round(at[0]), round(at[1])), shape.picture)
    return picture


def _enlarged(picture: Image.Image, clip: Clip) -> Planes:
    luma, blue, red = picture.convert("YCbCr").split()
    size, half = (clip.width_px, clip.height_px), (clip.width_px // 2, clip.height_px // 2)
    return (
        luma.point(_LIMITED_LUMA).resize(size, Image.Resampling.BICUBIC),
        blue.point(_LIMITED_CHROMA).resize(half, Image.Resampling.BILINEAR),
        red.point(_LIMITED_CHROMA).resize(half, Image.Resampling.BILINEAR),
    )
