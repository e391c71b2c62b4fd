"""Small pictures of a video, made from frames as they are decoded: the posters with their average colour, and the short preview.

Only `child` uses this. Whether the file is good is not checked here.
"""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageStat

from generation.media.posters import LARGEST_SIDE_PX, MAIN_SIDE_PX, SMALLEST_SIDE_PX, fitted, write_poster

LOOK_EVERY_S = 0.2
DARKEST_MEAN = 24
FLATTEST_DEVIATION = 8

TURNS = {
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
"""By the signs of a display matrix (ISO/IEC 14496-12, 8.3.2: a b u, c d v, x y w); Pillow turns against the clock."""
ON_ITS_SIDE = frozenset({Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE})

PREVIEW_SIDE_PX = 480
PREVIEW_S = 3
PREVIEW_FPS = 15
PREVIEW_OPTIONS = {"crf": "26", "preset": "veryfast", "threads": "2"}


def turn_of(frame: VideoFrame) -> Image.Transpose | None:
    """Return how a decoded picture must be turned to look as players show it, or None."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return None
    a, b, _, c, d = struct.unpack_from("5i", bytes(matrix))
    return TURNS.get(tuple((number > 0) - (number < 0) for number in (a, b, c, d)))


def shown_size(frame: VideoFrame) -> tuple[int, int]:
    """Return width and height in pixels as players show the picture."""
    return (frame.height, frame.width) if turn_of(frame) in ON_ITS_SIDE else (frame.width, frame.height)


class Poster:
    """Keeps the first frame that shows something; if none does, the one with the most contrast."""

    def __init__(self) -> None:
        self._scaler = VideoReformatter()
        self._best: tuple[VideoFrame, Image.Image] | None = None
        self._best_score = -1.0
        self._next_look_s = 0.0
        self._found = False

    def offer(self, frame: VideoFrame, at_s: float) -> None:
        if self._found or at_s < self._next_look_s:
            return
        self._next_look_s = at_s + LOOK_EVERY_S
        image = self._scaled(frame, SMALLEST_SIDE_PX)
        tiny = ImageStat.Stat(image.convert("L").resize((32, 32)))
        score = tiny.stddev[0]
        self._found = tiny.mean[0] >= DARKEST_MEAN and score >= FLATTEST_DEVIATION
        if self._found or score > self._best_score:
            self._best, self._best_score = (frame, image), score

    def save(self, folder: Path) -> tuple[Path, dict[int, Path], str]:
        """Write a WebP of each size. Return the main one, the others by their width in pixels, and the average colour as #rrggbb."""
        if self._best is None:
            raise RuntimeError("no frame was offered")
        frame, smallest = self._best
        main = self._scaled(frame, MAIN_SIDE_PX)
        images = {image.width: image for image in (smallest, self._scaled(frame, LARGEST_SIDE_PX), main)}
        paths = {width: folder / f"poster-{width}.webp" for width in images}
        for width, image in images.items():
            write_poster(image, paths[width])
        red, green, blue = ImageStat.Stat(smallest).mean
        return paths.pop(main.width), paths, f"#{round(red):02x}{round(green):02x}{round(blue):02x}"

    def _scaled(self, frame: VideoFrame, side: int) -> Image.Image:
        """Return the picture as players show it, scaled from the decoded frame itself."""
        width, height = fitted(frame.width, frame.height, side)
        image: Image.Image = self._scaler.reformat(frame, width, height, "rgb24", interpolation="AREA").to_image()  # type: ignore[no-untyped-call,unused-ignore]
        turn = turn_of(frame)
        return image if turn is None else image.transpose(turn)


class Preview:
    """A silent H.264 file of the first seconds, which every browser plays."""

    def __init__(self, path: Path) -> None:
        self._out = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._out.add_stream("libx264", rate=PREVIEW_FPS, options=PREVIEW_OPTIONS)
        self._stream.pix_fmt = "yuv420p"
        self._scaler = VideoReformatter()
        self._size: tuple[int, int] | None = None
        self._next_slot = 0

    def offer(self, frame: VideoFrame, at_s: float) -> None:
        slot = round(at_s * PREVIEW_FPS)
        if at_s >= PREVIEW_S or slot < self._next_slot:
            return
        if self._size is None:
            self._size = fitted(*shown_size(frame), PREVIEW_SIDE_PX)
            self._stream.width, self._stream.height = self._size
        if (turn := turn_of(frame)) is not None:
            size = self._size[::-1] if turn in ON_ITS_SIDE else self._size
            image = self._scaler.reformat(frame, *size, "rgb24", interpolation="AREA").to_image()  # type: ignore[no-untyped-call,unused-ignore]
            frame = VideoFrame.from_image(image.transpose(turn))  # type: ignore[no-untyped-call,unused-ignore]
        small = self._scaler.reformat(frame, *self._size, "yuv420p", interpolation="AREA")
        small.pts, small.time_base = slot, Fraction(1, PREVIEW_FPS)
        small.pict_type = 0
        self._next_slot = slot + 1
        self._out.mux(self._stream.encode(small))

    def close(self) -> None:
        self._out.mux(self._stream.encode(None))
        self._out.close()
