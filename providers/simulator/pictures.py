"""Input pictures: fetched from this machine, decoded and measured. Which sizes are allowed, the vendors' modules say."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import math
from dataclasses import dataclass

import aiohttp
from PIL import Image, UnidentifiedImageError

from providers.simulator.callbacks import is_loopback

MAX_BYTES = 10 * 1024 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class BadPicture(ValueError):
    """`reason` is one of `undecodable`, `too-large`, `unreachable`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Picture:
    width_px: int
    height_px: int
    kind: str
    """As Pillow names it: JPEG, PNG, BMP, WEBP."""
    has_alpha: bool = False

    @property
    def ratio(self) -> float:
        return self.width_px / self.height_px


UNSEEN = Picture(width_px=1280, height_px=720, kind="JPEG")
"""Stands for a picture at a public address, which the simulator does not fetch."""


async def from_base64(text: str, at_most: int = MAX_BYTES) -> Picture:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPicture("undecodable", "not base64") from error
    return await from_bytes(content, at_most)


async def from_url(url: str, at_most: int = MAX_BYTES) -> Picture:
    """Measure the picture of an address or a data URI. Raise BadPicture."""
    if url.startswith("data:"):
        return await from_base64(url.partition(";base64,")[2], at_most)
    return await from_bytes(await _fetched(url, at_most), at_most) if is_loopback(url) else UNSEEN


def even(value: float) -> int:
    """Return the nearest even number: H.264 has no odd sides."""
    return round(value / 2) * 2


def in_shape(pixels: float, ratio: float) -> tuple[int, int]:
    """Return even sides with about so many pixels and this ratio."""
    height = math.sqrt(pixels / ratio)
    return even(height * ratio), even(height)


async def from_bytes(content: bytes, at_most: int = MAX_BYTES) -> Picture:
    if len(content) > at_most:
        raise BadPicture("too-large", f"larger than {at_most / 1024 / 1024:.3g} MB")
    return await asyncio.to_thread(_measured, content)


def _measured(content: bytes) -> Picture:
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            has_alpha = image.has_transparency_data
            return Picture(width_px=image.width, height_px=image.height, kind=image.format or "", has_alpha=has_alpha)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadPicture("undecodable", "not an image that can be decoded") from error


async def _fetched(url: str, at_most: int) -> bytes:
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(url, allow_redirects=False) as reply:
            reply.raise_for_status()
            content = bytearray()
            async for block in reply.content.iter_chunked(1 << 16):
                content += block
                if len(content) > at_most:
                    break
            return bytes(content)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise BadPicture("unreachable", "cannot be downloaded") from error
