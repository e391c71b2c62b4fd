"""Measures what a viewer notices at once, on frames that are decoded anyway. In the child process only.

Pictures are judged on small grey copies: black, frozen, sharpness, and hashes for a search of duplicates. Sound goes through FFmpeg's meter
(ITU-R BS.1770, EBU R128). What is worth a warning is decided in `generation/quality.py`. Nothing here says that a file is bad: whatever
goes wrong is noted, and its facts are missing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from math import log10
from typing import Any

from av.audio.frame import AudioFrame
from av.error import EOFError as EndOfSound
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageChops, ImageFilter, ImageStat

from generation.media.pictures import turn_of
from generation.media.posters import fitted

__all__ = ["Quality"]

LOOK_EVERY_S = 0.08
GRID_SIDE_PX = 64
BLACK_SHARE = 0.98
"""The share of a black picture that must be dark; the rest leaves room for a vendor's mark in a corner (as in FFmpeg's blackdetect)."""
BLACKEST = 25
"""The brightest level that counts as black, of 255, as in blackdetect."""
BLACK_DEPTH = 12
"""Levels between the darkest and the brightest part of a black picture; a night scene has more."""
CHANGE, MEAN_CHANGE = 4, 0.5
"""Levels by which one part of a picture, or the whole, has to change; coding alone changes a held picture less."""
SHORTEST_FREEZE_S = 0.5
SHARPNESS_EVERY_S = 1.0
SHARPNESS_SIDE_PX = 320
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=2, offset=128)
SILENCE_DB = -60.0
NOTHING_DB = -120.0
"""The level noted for digital silence, whose true level is minus infinity."""
MOST_S = 10.0
"""The longest time that measuring one file takes: the check has minutes, and must not run out of them because of this."""
GATE_LUFS = -70.0
"""The gate of BS.1770: below it the meter returns this value."""


class Quality:
    """Collects the facts of one file, in two parts that fail apart: what is seen and what is heard."""

    def __init__(self, *, is_wanted: bool = True, most_s: float = MOST_S) -> None:
        self._is_wanted, self._most_s = is_wanted, most_s
        self._picture, self._sound = _Picture(), _Sound()
        self._spent_s = 0.0
        self.failures: dict[str, str] = {}
        """Why a part is not measured."""

    def look(self, frame: VideoFrame, at_s: float) -> None:
        self._try("picture", lambda: self._picture.look(frame, at_s))

    def hear(self, frame: AudioFrame) -> None:
        self._try("sound", lambda: self._sound.hear(frame))

    def facts(self, duration_s: float) -> dict[str, Any]:
        """Return what is known, as `Video.quality` documents it."""
        found: dict[str, Any] = {}
        self._try("picture", lambda: found.update(self._picture.facts(duration_s)))
        self._try("sound", lambda: found.update(self._sound.facts()))
        return found

    def _try(self, part: str, measure: Callable[[], None]) -> None:
        if part in self.failures or not self._is_wanted:
            return
        began = time.monotonic()
        try:
            measure()
        except Exception as error:  # a paid video is not lost because of a measurement
            self.failures[part] = f"{type(error).__name__}: {error}"
        self._spent_s += time.monotonic() - began
        if self._spent_s > self._most_s:
            self.failures.setdefault(part, f"measuring took more than {self._most_s:g} s")


class _Picture:
    def __init__(self) -> None:
        self._grid, self._plane = VideoReformatter(), VideoReformatter()
        self._next_look_s = self._next_sharpness_s = 0.0
        self._turn: Image.Transpose | None = None
        self._black, self._frozen = _Spans(), _Spans()
        self._held: Image.Image | None = None
        self._sharpness: list[float] = []
        self._thumbs: list[bytes] = []

    def look(self, frame: VideoFrame, at_s: float) -> None:
        if at_s < self._next_look_s:
            return
        if self._next_look_s == 0.0:
            self._turn = turn_of(frame)
        self._next_look_s = at_s + LOOK_EVERY_S
        grid = _grey(frame, GRID_SIDE_PX, self._grid)
        is_black = _is_black(grid)
        self._black.mark(at_s, is_on=is_black)
        if is_black:
            self._held = None
        else:
            self._thumbs.append(_thumb(grid, self._turn))
        if self._held is None or _differ(grid, self._held):
            self._frozen.mark(at_s, is_on=False)
            self._held = None if is_black else grid
        self._frozen.mark(at_s, is_on=self._held is not None)
        if not is_black and at_s >= self._next_sharpness_s:
            self._next_sharpness_s = at_s + SHARPNESS_EVERY_S
            edges = _grey(frame, SHARPNESS_SIDE_PX, self._plane).filter(LAPLACIAN)
            self._sharpness.append(ImageStat.Stat(edges).var[0] * 4)  # the kernel halves, to fit more into a byte

    def facts(self, duration_s: float) -> dict[str, Any]:
        if self._next_look_s == 0.0:
            return {}
        self._black.mark(duration_s, is_on=False)
        self._frozen.mark(duration_s, is_on=False)
        thumbs = self._thumbs
        return {
            "black_s": round(self._black.longest_s, 2),
            "black_share": round(min(1.0, self._black.total_s / duration_s), 3) if duration_s else 0.0,
            "frozen_s": round(self._frozen.longest_s, 2) if self._frozen.longest_s >= SHORTEST_FREEZE_S else 0.0,
            "sharpness": round(statistics.median(self._sharpness), 1) if self._sharpness else None,
            "dhash": [_dhash(thumb) for thumb in (thumbs[0], thumbs[len(thumbs) // 2], thumbs[-1])] if thumbs else [],
        }


class _Spans:
    """How long something was so: the longest time without a break, and in all. Seconds."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self.longest_s = self.total_s = 0.0

    def mark(self, at_s: float, *, is_on: bool) -> None:
        if is_on:
            self._since_s = at_s if self._since_s is None else self._since_s
        elif self._since_s is not None:
            span_s, self._since_s = at_s - self._since_s, None
            self.longest_s, self.total_s = max(self.longest_s, span_s), self.total_s + span_s


class _Sound:
    def __init__(self) -> None:
        self._meter: Graph | None = None
        self._last: dict[str, str] = {}
        self._loudest = self._peak = NOTHING_DB

    def hear(self, frame: AudioFrame) -> None:
        if self._meter is None:
            self._meter = _meter(frame)
        self._meter.push(frame)
        self._read(self._meter)

    def facts(self) -> dict[str, Any]:
        if self._meter is None:
            return {}
        self._meter.push(None)
        self._read(self._meter)
        loudness = float(self._last.get("lavfi.r128.I", GATE_LUFS))
        return {
            "silent": self._peak <= SILENCE_DB or NOTHING_DB < self._loudest <= SILENCE_DB,
            "loudness_lufs": round(loudness, 1) if loudness > GATE_LUFS else None,
            "peak_dbtp": round(self._peak, 1),
        }

    def _read(self, meter: Graph) -> None:
        """Take what the meter says of each tenth of a second."""
        while True:
            try:
                said = meter.pull().metadata
            except (BlockingIOError, EndOfSound):
                return
            if said:
                self._last = said
                self._loudest = max(self._loudest, float(said["lavfi.r128.M"]))
                peak = float(said["lavfi.r128.true_peak"])
                self._peak = max(self._peak, 20 * log10(peak) if peak > 0 else NOTHING_DB)


def _meter(first: AudioFrame) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(format=first.format.name, sample_rate=first.sample_rate, layout=first.layout.name, time_base=first.time_base)
    meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
    source.link_to(meter)
    meter.link_to(graph.add("abuffersink"))
    graph.configure()
    return graph


def _grey(frame: VideoFrame, side_px: int, scaler: VideoReformatter) -> Image.Image:
    """Return a small copy in grey, 0 for black and 255 for white whatever the frame's range; each pixel is the mean of what it covers."""
    size = fitted(frame.width, frame.height, side_px)
    plane = scaler.reformat(frame, *size, "gray", interpolation="AREA", threads=1).planes[0]
    return Image.frombuffer("L", size, bytes(plane), "raw", "L", plane.line_size, 1)


def _is_black(grid: Image.Image) -> bool:
    """Return whether nearly all of it is dark and equally so. Stars, windows and clouds of a dark scene differ from their sky."""
    levels, cells = grid.histogram(), grid.width * grid.height
    if sum(levels[: BLACKEST + 1]) < cells * BLACK_SHARE:
        return False
    return any(sum(levels[low : low + BLACK_DEPTH + 1]) >= cells * BLACK_SHARE for low in range(BLACKEST + 1))


def _differ(one: Image.Image, other: Image.Image) -> bool:
    if one.size != other.size:
        return True
    change = ImageStat.Stat(ImageChops.difference(one, other))
    return change.extrema[0][1] >= CHANGE or change.mean[0] >= MEAN_CHANGE


def _thumb(grid: Image.Image, turn: Image.Transpose | None) -> bytes:
    """Return 8 rows of 9 pixels, as players show the picture."""
    upright = grid if turn is None else grid.transpose(turn)
    return upright.resize((9, 8), Image.Resampling.BOX).tobytes()


def _dhash(thumb: bytes) -> str:
    """Return 64 bits in hex: in each row, from the left, whether a pixel is brighter than the next."""
    bits = "".join(str(int(thumb[at] > thumb[at + 1])) for row in range(8) for at in range(row * 9, row * 9 + 8))
    return f"{int(bits, 2):016x}"
