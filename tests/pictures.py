"""Still images, made as they are needed."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["picture"]


def picture(size: tuple[int, int] = (640, 480), kind: str = "PNG", *, colour: str = "teal", mode: str = "RGB", **options: Any) -> BytesIO:
    """An image file to upload; every model takes one of this size."""
    out = BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    out.seek(0)
    out.name = f"picture.{kind.lower()}"
    return out
