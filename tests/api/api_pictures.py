"""Images for the tests of the API."""

from __future__ import annotations

import io

from PIL import Image


def picture(colour: str = "red", size: tuple[int, int] = (640, 640)) -> io.BytesIO:
    """A small PNG."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    file.seek(0)
    return file
