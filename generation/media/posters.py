"""The sizes of a poster: how large each is, and how it is written.

Sides come from the slots of the pages: a tile of the wall is up to 380 px wide on a desktop and 180 px on a phone, a thumbnail of a list
72 px, the player up to 1,300 px; displays have one to three pixels for each of these.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

__all__ = ["LARGEST_SIDE_PX", "MAIN_SIDE_PX", "SMALLEST_SIDE_PX", "fitted", "smallest_poster", "write_poster"]

SMALLEST_SIDE_PX, MAIN_SIDE_PX, LARGEST_SIDE_PX = 384, 640, 960
"""The longest side of each. A video that is smaller has its own size in place of what is larger.

Every video has the main one, also from before there were others. One of 1,280 px would take as much time to write as these three.
"""
QUALITY, METHOD = 78, 2
"""Pillow's own method, 4, takes twice as long for 4 % fewer bytes; method 1 makes 15 % more bytes (libwebp 1.6)."""


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size scaled down to a longest side, both numbers even and at least 2."""
    scale = min(1.0, side / max(width, height))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def write_poster(image: Image.Image, to: Path | io.BytesIO) -> None:
    image.save(to, "WEBP", quality=QUALITY, method=METHOD)


def smallest_poster(main: bytes) -> tuple[int, bytes] | None:
    """Return the width in pixels and the WebP of the smallest poster, made from the main one; None if that would not be smaller.

    Raises OSError if `main` is not an image.
    """
    with Image.open(io.BytesIO(main)) as image:
        size = fitted(*image.size, SMALLEST_SIDE_PX)
        if size == image.size:
            return None
        with io.BytesIO() as made:
            write_poster(image.convert("RGB").resize(size, Image.Resampling.LANCZOS), made)
            return size[0], made.getvalue()
