"""The words on a clip: wrapped, sized to fit, drawn once and laid on every frame. Chinese and Latin text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from providers.simulator.media.clip import Clip

FONT = Path(__file__).parent.parent / "fonts" / "NotoSansSC-Medium-gb2312.ttf"
MIN_SIDE_PX = 200
"""Smaller words would be illegible."""
_MAX_LINES = 4
_PIECES = re.compile(r"[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]|[^\s\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]+|\s+")
_NEUTRAL = 128
_WHITE_LUMA, _BLACK_LUMA = 232, 20
_SHADOW = 0.55

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Lettering:
    """Masks cut to the box that they cover, at full size and, for the chromas, at half."""

    letters: Image.Image
    shadow: Image.Image
    half_letters: Image.Image
    at: tuple[int, int]

    def lay_on(self, luma: Image.Image, *chromas: Image.Image) -> None:
        luma.paste(_BLACK_LUMA, self._box(self.shadow, 1), self.shadow)
        luma.paste(_WHITE_LUMA, self._box(self.letters, 1), self.letters)
        for chroma in chromas:
            chroma.paste(_NEUTRAL, self._box(self.half_letters, 2), self.half_letters)

    def _box(self, mask: Image.Image, divisor: int) -> Box:
        left, top = self.at[0] // divisor, self.at[1] // divisor
        return left, top, left + mask.width, top + mask.height


def lettering(clip: Clip) -> Lettering | None:
    if min(clip.width_px, clip.height_px) < MIN_SIDE_PX:
        return None
    picture = Image.new("L", (clip.width_px, clip.height_px))
    _write(ImageDraw.Draw(picture), clip)
    spread = min(picture.size) // 90
    left, top, right, bottom = picture.getbbox() or (0, 0, 2, 2)
    box = (_even(left - 4 * spread), _even(top - 4 * spread), _even(right + 4 * spread), _even(bottom + 4 * spread))
    letters = picture.crop(_inside(box, picture))
    shadow = letters.filter(ImageFilter.GaussianBlur(spread)).point(lambda value: min(255, value * 1.6) * _SHADOW)
    half = letters.resize((letters.width // 2, letters.height // 2), Image.Resampling.BOX)
    return Lettering(letters, shadow, half, _inside(box, picture)[:2])


def _even(value: int) -> int:
    return value // 2 * 2


def _inside(box: Box, picture: Image.Image) -> Box:
    return max(0, box[0]), max(0, box[1]), min(picture.width, box[2]), min(picture.height, box[3])


def _write(draw: ImageDraw.ImageDraw, clip: Clip) -> None:
    margin = min(clip.width_px, clip.height_px) // 14
    room = clip.width_px - 2 * margin
    small = _font(max(12, min(clip.width_px, clip.height_px) // 36))
    caption = _shortened(clip.caption, small, room)
    bottom = clip.height_px - margin
    draw.text((margin, bottom), caption, font=small, fill=190, anchor="ls")
    font, lines = fitted(clip.text, min(clip.width_px, clip.height_px), room)
    y = bottom - round(small.size * 1.9) - (len(lines) - 1) * round(font.size * 1.35)
    for line in lines:
        draw.text((margin, y), line, font=font, fill=255, anchor="ls")
        y += round(font.size * 1.35)


def fitted(text: str, side_px: int, room_px: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the largest of three fonts in which the text takes three lines at most, or four, cut short, in the smallest; and the lines."""
    for divisor in (11, 15, 20):
        font = _font(max(14, side_px // divisor))
        lines = wrapped(text, font, room_px)
        if len(lines) < _MAX_LINES:
            return font, lines
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], _shortened(lines[_MAX_LINES - 1] + "……", font, room_px)]
    return font, lines


def wrapped(text: str, font: ImageFont.FreeTypeFont, room_px: int) -> list[str]:
    """Break the text between words, between Chinese characters, and inside a word only when it is wider than a line."""
    lines = [""]
    for piece in _PIECES.findall(" ".join(text.split())):
        for part in [piece] if font.getlength(piece) <= room_px else piece:
            if font.getlength(lines[-1] + part.rstrip()) <= room_px:
                lines[-1] += part
            elif not part.isspace():
                lines.append(part)
    return [line.rstrip() for line in lines if line.strip()]


def _shortened(text: str, font: ImageFont.FreeTypeFont, room_px: int) -> str:
    if font.getlength(text) <= room_px and not text.endswith("……"):
        return text
    text = text.rstrip("…")
    while text and font.getlength(text + "…") > room_px:
        text = text[:-1]
    return text + "…"


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size)
