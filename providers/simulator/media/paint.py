"""The picture: a sky in the prompt's own colours, a low sun, soft discs and hills that drift, and the prompt's words.

Painted small and enlarged, straight into the three planes that the encoder wants, because that is what makes five
seconds of 720p cost about a second of processor time. Needs Pillow and nothing else.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

from providers.simulator.media.clip import Clip
from providers.simulator.media.lettering import lettering
from providers.simulator.media.palettes import PALETTES, Colour, Palette, mixed

Planes = tuple[Image.Image, Image.Image, Image.Image]
"""Luma at full size, the two chromas at half."""

_SMALL_PX = 240
"""The longer side of the picture before it is enlarged."""
_FINER = 2
"""Hills are drawn that much larger and then reduced, for a smooth edge."""
_EDGE_PX = 0.9
"""Softens the hills, so that the enlargement shows no steps."""
_LIMITED_LUMA = [16 + value * 219 // 255 for value in range(256)]
_LIMITED_CHROMA = [128 + (value - 128) * 224 // 255 for value in range(256)]


@dataclass(frozen=True)
class Disc:
    """Where a soft disc starts and how far it goes in a second, in parts of the picture."""

    mask: Image.Image
    colour: Colour
    x: float
    y: float
    dx: float
    sway: float


@dataclass(frozen=True)
class Hills:
    """A line of hills: three waves, and how fast they pass."""

    colour: Colour
    height: float
    waves: tuple[tuple[float, float, float], ...]
    """(how high, how many across, where it starts) each."""
    speed: float

    def outline(self, x: float, moment_s: float) -> float:
        swell = sum(high * math.sin(math.tau * many * (x + self.speed * moment_s) + start) for high, many, start in self.waves)
        return self.height - swell


@dataclass(frozen=True)
class Scene:
    sky: Image.Image
    discs: list[Disc]
    hills: list[Hills]


def painted(clip: Clip, *, frames: int, fps: int) -> Iterator[Planes]:
    scene = scene_of(clip)
    words = lettering(clip)
    for number in range(frames):
        picture, moment_s = scene.sky.copy(), number / fps
        for disc in scene.discs:
            picture.paste(disc.colour, None, _moved(disc, picture.size, moment_s))
        for hills in scene.hills:
            picture.paste(hills.colour, None, _silhouette(hills, picture.size, moment_s))
        planes = _enlarged(picture, clip)
        if words is not None:
            words.lay_on(*planes)
        yield planes


def scene_of(clip: Clip) -> Scene:
    """Return the clip's scene. Its words alone decide it, whatever the size."""
    seed = int.from_bytes(hashlib.sha256(clip.text.encode()).digest()[:8], "big")
    chance = random.Random(seed)
    scale = min(1.0, _SMALL_PX / max(clip.width_px, clip.height_px))
    width, height = max(8, round(clip.width_px * scale)), max(8, round(clip.height_px * scale))
    palette = chance.choice(PALETTES)
    sky = _sky(width, height, palette)
    _add_sun(sky, chance, palette)
    discs = [_disc(chance, max(width, height), palette, depth) for depth in range(6)]
    return Scene(sky, discs, [_hills(chance, palette, depth) for depth in range(3)])


def _sky(width: int, height: int, palette: Palette) -> Image.Image:
    """Paint a gradient, dark above and bright at the horizon."""
    stops = [(0.0, palette.top), (0.38, palette.middle), (0.72, palette.horizon), (1.0, palette.sun)]
    column = Image.new("RGB", (1, height))
    for y in range(height):
        place = y / max(1, height - 1)
        (start, low), (end, high) = next(pair for pair in pairwise(stops) if place <= pair[1][0])
        column.putpixel((0, y), mixed(low, high, (place - start) / (end - start)))
    return column.resize((width, height))


def _add_sun(sky: Image.Image, chance: random.Random, palette: Palette) -> None:
    x, y = chance.uniform(0.25, 0.8) * sky.width, chance.uniform(0.35, 0.55) * sky.height
    for radius, opacity, softness in ((0.30, 0.35, 0.6), (0.075, 0.95, 0.12)):
        mask = _soft_disc(radius * max(sky.size), opacity, softness)
        sky.paste(palette.sun, (round(x - mask.width / 2), round(y - mask.height / 2)), mask)


def _disc(chance: random.Random, longer: int, palette: Palette, depth: int) -> Disc:
    radius = longer * chance.uniform(0.04, 0.075) * (1 + depth * 0.28)
    return Disc(
        mask=_soft_disc(radius, chance.uniform(0.16, 0.34), 0.3),
        colour=mixed(palette.horizon, palette.sun, chance.random()),
        x=chance.random(),
        y=chance.uniform(0.05, 0.7),
        dx=chance.choice((-1, 1)) * chance.uniform(0.02, 0.05),
        sway=chance.uniform(0, math.tau),
    )


def _soft_disc(radius: float, opacity: float, softness: float) -> Image.Image:
    blur = radius * softness
    half = math.ceil(radius + 2 * blur)
    mask = Image.new("L", (2 * half, 2 * half))
    edges = (half - radius, half - radius, half + radius, half + radius)
    ImageDraw.Draw(mask).ellipse(edges, fill=round(255 * opacity))
    return mask.filter(ImageFilter.GaussianBlur(blur))


def _hills(chance: random.Random, palette: Palette, depth: int) -> Hills:
    """Return a line of hills: far ones are pale and slow, near ones dark and faster."""
    waves = tuple(
        (chance.uniform(0.6, 1.0) * high, chance.uniform(0.8, 1.2) * many, chance.uniform(0, math.tau))
        for high, many in ((0.05, 0.9), (0.022, 2.3), (0.008, 5.1))
    )
    colour = mixed(palette.far_hill, palette.near_hill, depth / 2)
    return Hills(colour, height=0.62 + 0.12 * depth, waves=waves, speed=0.008 * (1 + 1.6 * depth))


def _moved(disc: Disc, size: tuple[int, int], moment_s: float) -> Image.Image:
    """Return the disc's mask at its place, between pixels too: whole pixels would jump when they are enlarged."""
    x = ((disc.x + disc.dx * moment_s + 0.2) % 1.4 - 0.2) * size[0] - disc.mask.width / 2
    y = (disc.y + 0.02 * math.sin(disc.sway + moment_s)) * size[1] - disc.mask.height / 2
    return disc.mask.transform(size, Image.Transform.AFFINE, (1, 0, -x, 0, 1, -y), Image.Resampling.BILINEAR)


def _silhouette(hills: Hills, size: tuple[int, int], moment_s: float) -> Image.Image:
    width, height = size[0] * _FINER, size[1] * _FINER
    mask = Image.new("L", (width, height))
    ridge = [(x, hills.outline(x / width, moment_s) * height) for x in range(0, width + _FINER, _FINER)]
    ImageDraw.Draw(mask).polygon([(0, height), *ridge, (width, height)], fill=255)
    return mask.reduce(_FINER).filter(ImageFilter.BoxBlur(_EDGE_PX))


def _enlarged(picture: Image.Image, clip: Clip) -> Planes:
    luma, blue, red = picture.convert("YCbCr").split()
    size, half = (clip.width_px, clip.height_px), (clip.width_px // 2, clip.height_px // 2)
    return (
        luma.point(_LIMITED_LUMA).resize(size, Image.Resampling.BICUBIC),
        blue.point(_LIMITED_CHROMA).resize(half, Image.Resampling.BILINEAR),
        red.point(_LIMITED_CHROMA).resize(half, Image.Resampling.BILINEAR),
    )
