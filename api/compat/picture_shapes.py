"""Sizes and ratios of videos, in the four ways in which clients and models give them. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from api.compat.choices import choices_of, number

__all__ = ["SHAPE", "Shape", "asked_shape", "fitting_shape", "shape_of"]

SHAPE = ("size", "width_px", "height_px", "resolution", "aspect_ratio")
SIZE = re.compile(r"\s*(\d{2,5})\s*[x×*]\s*(\d{2,5})\s*", re.ASCII | re.IGNORECASE)
RATIO = re.compile(r"\s*(\d{1,4}(?:\.\d{1,4})?)\s*[:/x×]\s*(\d{1,4}(?:\.\d{1,4})?)\s*", re.ASCII | re.IGNORECASE)
LINES = re.compile(r"\s*(\d{3,4})\s*[pi]?\s*", re.ASCII | re.IGNORECASE)
THOUSANDS = {"1k": 1024, "2k": 1440, "4k": 2160, "8k": 4320, "sd": 480, "hd": 720, "fhd": 1080, "uhd": 2160}
NEAR = 0.03
"""Two ratios count as equal if their logarithms differ by less: 1280 x 720 is 16:9, and so is 1360 x 768."""
USUAL_LINES = 720
MOST_PIXELS = 99_999
RATIO_WEIGHS = 3
"""How much more a wrong ratio counts than a wrong size."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Width divided by height, and the shorter side in pixels; None for what is not known."""

    ratio: float | None = None
    lines: float | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Shape:
        """Return the shape that these options describe: a size alone, otherwise resolution and ratio together."""
        size = _size(options)
        if size:
            return cls(ratio=size[0] / size[1], lines=min(size))
        return cls(ratio=_ratio(options.get("aspect_ratio")), lines=_lines(options.get("resolution")))

    def serves(self, asked: Shape) -> bool:
        """Return whether this is what was asked for. What `asked` leaves open does not count."""
        ratio = asked.ratio is None or (self.ratio is not None and _apart(self.ratio, asked.ratio) < NEAR)
        return ratio and (asked.lines is None or asked.lines == self.lines)

    @property
    def pixels(self) -> tuple[int, int]:
        """Return width and height in pixels, with the usual size and ratio where none is known."""
        lines, ratio = self.lines or USUAL_LINES, self.ratio or 16 / 9
        return (round(lines * ratio), round(lines)) if ratio >= 1 else (round(lines), round(lines / ratio))


def asked_shape(wanted: Mapping[str, Any]) -> Shape:
    """Return the shape that a client asks for. A ratio beside a size overrides that of the size."""
    shape = Shape.of(wanted)
    ratio = _ratio(wanted.get("aspect_ratio"))
    return Shape(ratio=ratio or shape.ratio, lines=shape.lines or _lines(wanted.get("resolution")))


def fitting_shape(wanted: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return by option of the model its values for the requested shape, the nearest first."""
    asked = asked_shape(wanted)
    words = {str(value).strip().casefold() for name, value in wanted.items() if name in SHAPE}
    named = {name: [one for one in choices_of(options[name]) if _is_word(one, words)] for name in SHAPE if name in options}
    found = {name: same for name, same in named.items() if same}
    if asked == Shape():
        return found
    if "width_px" in options and "height_px" in options:
        from_default = Shape.of({name: options[name].get("default") for name in ("width_px", "height_px")})
        width, height = Shape(ratio=asked.ratio or from_default.ratio, lines=asked.lines or from_default.lines).pixels
        return {"width_px": [_side(width, options["width_px"])], "height_px": [_side(height, options["height_px"])]}
    for name in ("size", "resolution", "aspect_ratio"):
        if name not in options:
            continue
        choices = {one: Shape.of({name: one}) for one in choices_of(options[name]) if Shape.of({name: one}) != Shape()}
        default = Shape.of({name: options[name].get("default")})
        near = sorted((one for one in choices if _comparable(choices[one], asked)), key=partial(_cost_of, choices, asked, default))
        if near:
            found[name] = list(dict.fromkeys([*found.get(name, []), *near]))
        elif name == "size" and not choices:
            found[name] = ["{}x{}".format(*asked.pixels)]
    return found


def shape_of(used: Mapping[str, Any], wanted: Mapping[str, Any], name: str) -> str | None:
    """Return the shape that is used, as the model's options name it; None if the model has no option for what `name` asked."""
    given = Shape.of(used)
    asked = asked_shape(wanted if name in {"width_px", "height_px"} else {name: wanted[name]})
    is_comparable = (asked.ratio is not None and given.ratio is not None) or (asked.lines is not None and given.lines is not None)
    if not is_comparable:
        return None
    if used.get("width_px") and used.get("height_px"):
        return f"{used['width_px']}x{used['height_px']}"
    return " ".join(str(used[option]) for option in ("size", "resolution", "aspect_ratio") if used.get(option))


def _size(options: Mapping[str, Any]) -> tuple[float, float] | None:
    for text in (options.get("size"), options.get("resolution")):
        found = SIZE.fullmatch(text) if isinstance(text, str) else None
        if found and int(found[1]) and int(found[2]):
            return int(found[1]), int(found[2])
    width, height = _pixels(options.get("width_px")), _pixels(options.get("height_px"))
    return (width, height) if width and height else None


def _pixels(value: Any) -> float | None:
    """Return a number of pixels, at most what `SIZE` reads: the ratio of larger and smaller floats is infinite."""
    asked = number(value)
    return min(max(asked, 1), MOST_PIXELS) if asked and asked > 0 else None


def _ratio(text: Any) -> float | None:
    found = RATIO.fullmatch(text) if isinstance(text, str) else None
    if found is None or not float(found[1]) or not float(found[2]):
        return None
    return float(found[1]) / float(found[2])


def _lines(text: Any) -> float | None:
    if not isinstance(text, str):
        return _pixels(text)
    word = text.strip().casefold()
    found = LINES.fullmatch(word)
    return float(found[1]) if found else THOUSANDS.get(word)


def _apart(one: float, other: float) -> float:
    return abs(math.log(one / other)) if one > 0 and other > 0 else math.inf


def _comparable(choice: Shape, asked: Shape) -> bool:
    return (choice.ratio is not None and asked.ratio is not None) or (choice.lines is not None and asked.lines is not None)


def _cost_of(choices: Mapping[Any, Shape], asked: Shape, default: Shape, one: Any) -> tuple[float, float]:
    """Return how far a choice is from what was asked, and then, to decide between equals, how far it is from the default."""
    choice = choices[one]

    def apart(wanted: Shape) -> float:
        ratio = _apart(choice.ratio, wanted.ratio) if choice.ratio and wanted.ratio else 0.0
        lines = _apart(choice.lines, wanted.lines) if choice.lines and wanted.lines else 0.0
        return RATIO_WEIGHS * ratio + lines

    return round(apart(asked), 6), apart(default)


def _is_word(choice: Any, words: Collection[str]) -> bool:
    """Return whether a client sent exactly this choice, which may be a word without a shape such as `adaptive`."""
    return isinstance(choice, str) and choice.casefold() in words


def _side(pixels: int, option: Mapping[str, Any]) -> int:
    step, low, high = int(option.get("multipleOf", 1)), option.get("minimum", 1), option.get("maximum", math.inf)
    return int(min(max(round(pixels / step) * step, low), high))
