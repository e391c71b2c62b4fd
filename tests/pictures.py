"""Still images, made as they are needed."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["as_base64", "as_data_uri", "picture"]


def picture(size: tuple[int, int] = (640, 480), kind: str = "PNG", *, colour: str = "teal", mode: str = "RGB", **options: Any) -> BytesIO:
    """An image file to upload; every model takes one of this size."""
    out = BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    out.seek(0)
    out.name = f"picture.{kind.lower()}"
    return out


def as_base64(width: int = 640, height: int = 480, kind: str = "PNG", **options: Any) -> str:
    return base64.b64encode(picture((width, height), kind, **options).getvalue()).decode()


def as_data_uri(width: int = 640, height: int = 480, kind: str = "PNG", **options: Any) -> str:
    return f"data:image/{kind.lower()};base64,{as_base64(width, height, kind, **options)}"
