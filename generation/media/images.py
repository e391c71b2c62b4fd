"""Bytes of an uploaded or fetched image -> a clean image with facts, or BadImage.

`inspect_image` when an image is stored (type, size, pixel bomb, complete decoding, upright, no metadata); `check_slot` when it is ordered
(does it fit what the model takes). No Django, no storage, no network, no knowledge of any model.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import BinaryIO, Protocol

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from providers.core.catalog import ImageRules

__all__ = ["MEMORY", "PIXEL_BYTES", "BadImage", "ImageFacts", "check_slot", "inspect_image", "too_large"]

# Formats that are recognised, so that the error is "GIF is not supported" and not "not an image".
KNOWN_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TIFF")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx")
"""Some of them are in the first box of what phones call HEIC, which Pillow does not read."""
DEEP_MODES = {"I", "F"}
JPEG_QUALITY = 92
SRGB = ImageCms.createProfile("sRGB")
OPENING_FAILURES = (UnidentifiedImageError, OSError, SyntaxError, ValueError, RuntimeError, struct.error, zlib.error, EOFError)
DECODING_FAILURES = (*OPENING_FAILURES, IndexError, KeyError, TypeError, OverflowError, MemoryError)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
MEBIBYTE = 1024 * 1024
PIXEL_BYTES, PROGRESSIVE_PIXEL_BYTES, CANVAS_PIXEL_BYTES = 9, 12, 16
"""Bytes for each pixel, measured at 40 million pixels: the pixels twice (turned, or in another mode); the coefficients of a progressive
JPEG; the canvases of libwebp, which decodes as if for an animation, and the planes of libavif, which has up to 12 bits (8 took 12).
"""
MOST_WAITING, WAIT_S = 4, 15.0
BAND_ROWS = 256


class BadImage(Exception):
    """An image that cannot be used. `code` is a stable slug, `facts` are the figures for a message.

    Codes: busy (others are being decoded; try again), not_an_image, unsupported_type, too_large_bytes, too_many_pixels, too_small,
    too_big_side, wrong_ratio, transparent.
    """

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts


@dataclass(kw_only=True)
class ImageFacts:
    """A clean image: PNG or JPEG bytes, upright, without metadata. Of a file with several pictures it is the first."""

    content: bytes = field(repr=False)
    content_type: str
    width_px: int
    height_px: int
    size_bytes: int
    sha256: str
    has_transparency: bool


class SlotImage(Protocol):
    """What `check_slot` looks at: a stored image, fresh or from the database."""

    content_type: str
    width_px: int
    height_px: int
    size_bytes: int
    has_transparency: bool


def inspect_image(file: BinaryIO, *, rules: ImageRules) -> ImageFacts:
    """Read at most the allowed bytes, check the header, then decode the image and encode it again."""
    data = file.read(rules.max_bytes + 1)
    if len(data) > rules.max_bytes:
        raise too_large(rules.max_bytes)
    image = _opened(data, rules)
    kind = (image.format or "").lower()
    if kind == "mpo":  # a JPEG with a second picture inside, as many phones write it
        kind = "jpeg"
    if f"image/{kind}" not in rules.formats:
        raise _unsupported(f"image/{kind}", rules)
    _check_pixels(image.width, image.height, rules)
    with MEMORY.taken(_memory_for(image, kind)):
        clean = _cleaned(image)
        # JPEG stays JPEG, and an opaque WebP or AVIF, usually a photo, becomes one; the rest is kept without loss.
        facts = _written(clean, "jpeg" if kind in {"jpeg", "webp", "avif"} and clean.mode != "RGBA" else "png")
    _check_shape(facts, rules)
    return facts


def check_slot(facts: SlotImage, rules: ImageRules) -> None:
    """Raise BadImage if a stored image does not fit what a model takes in this slot."""
    if facts.content_type not in rules.formats:
        raise _unsupported(facts.content_type, rules)
    if facts.size_bytes > rules.max_bytes:
        raise too_large(rules.max_bytes)
    _check_pixels(facts.width_px, facts.height_px, rules)
    _check_shape(facts, rules)


def too_large(max_bytes: int) -> BadImage:
    """Return the error for a file that has more bytes than this."""
    megabytes = f"{max_bytes / MEBIBYTE:.3g}"
    return BadImage("too_large_bytes", f"The image has more than {megabytes} MB", max_bytes=max_bytes, max_mb=megabytes)


class Memory:
    """Limits the memory of all images that are decoded at one time in a process; a larger one than `total` is decoded alone. Images without
    room wait: at most `MOST_WAITING` of them, and `WAIT_S` each.
    """

    def __init__(self, total: int) -> None:
        self._total, self._used, self._waiting = total, 0, 0
        self._changed = Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Hold `size` bytes of it. Raises `BadImage` if the wait is too long."""
        with self._changed:
            self._waiting += 1
            try:
                if not self._fits(size) and (self._waiting > MOST_WAITING or not self._changed.wait_for(lambda: self._fits(size), WAIT_S)):
                    raise BadImage("busy", "Other images are being checked. Try again in a moment")
            finally:
                self._waiting -= 1
            self._used += size
        try:
            yield
        finally:
            with self._changed:
                self._used -= size
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return self._used == 0 or self._used + size <= self._total


MEMORY = Memory(384 * MEBIBYTE)


def _memory_for(image: Image.Image, kind: str) -> int:
    """Return the most that decoding and cleaning this image can take, by its header."""
    pixels = image.width * image.height
    if kind in {"webp", "avif"}:
        return pixels * CANVAS_PIXEL_BYTES
    return pixels * (PROGRESSIVE_PIXEL_BYTES if image.info.get("progressive") else PIXEL_BYTES)


def _opened(data: bytes, rules: ImageRules) -> Image.Image:
    """Open the image; this reads only the header."""
    try:
        return Image.open(io.BytesIO(data), formats=KNOWN_FORMATS)
    except BOMBS as error:
        raise _too_many_pixels(rules) from error
    except OPENING_FAILURES as error:
        if data[4:8] == b"ftyp" and any(brand in data[8:64] for brand in HEIC_BRANDS):
            raise _unsupported("image/heic", rules) from error
        raise BadImage("not_an_image", "This is not an image that can be read") from error


def _unsupported(content_type: str, rules: ImageRules) -> BadImage:
    kind = content_type.removeprefix("image/")
    names = ", ".join(name.removeprefix("image/") for name in rules.formats)
    return BadImage("unsupported_type", f"{kind} is not taken here, only {names}", type=content_type, formats=rules.formats)


def _check_pixels(width: int, height: int, rules: ImageRules) -> None:
    if width * height > rules.max_pixels:
        raise _too_many_pixels(rules, width_px=width, height_px=height)


def _too_many_pixels(rules: ImageRules, **facts: int) -> BadImage:
    millions = rules.max_pixels / 1_000_000
    return BadImage("too_many_pixels", f"The image has more than {millions:g} million pixels", max_pixels=rules.max_pixels, **facts)


def _cleaned(image: Image.Image) -> Image.Image:
    """Decode everything, turn upright, bring colours to sRGB and to a mode that both PNG and every model understand."""
    try:
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return _in_plain_mode(_in_srgb(image))
    except BOMBS as error:
        raise BadImage("too_many_pixels", "The image unpacks to too many pixels") from error
    except DECODING_FAILURES as error:
        raise BadImage("not_an_image", "The image is damaged") from error


def _in_srgb(image: Image.Image) -> Image.Image:
    """Apply the colour profile to the pixels, because it is about to be dropped; an unusable profile is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    try:
        if image.mode == "CMYK":
            return ImageCms.profileToProfile(image, io.BytesIO(profile), SRGB, outputMode="RGB") or image
        ImageCms.profileToProfile(image, io.BytesIO(profile), SRGB, inPlace=True)
    except (ImageCms.PyCMSError, *DECODING_FAILURES):
        return image
    return image


def _in_plain_mode(image: Image.Image) -> Image.Image:
    if image.mode in DEEP_MODES:
        raise ValueError("the file does not say which brightness is white")
    if image.mode.startswith("I"):
        return _in_eight_bits(image)
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode in {"RGB", "L"} else image.convert("RGB")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Convert in bands: Pillow goes from 16 bits to 8 through 32, which for the whole image would take ten bytes for each pixel."""
    grey = Image.new("L", image.size)
    for top in range(0, image.height, BAND_ROWS):
        band = image.crop((0, top, image.width, min(top + BAND_ROWS, image.height)))
        grey.paste(band.convert("I").point(lambda value: value / 256).convert("L"), (0, top))
    return grey


def _written(image: Image.Image, kind: str) -> ImageFacts:
    out = io.BytesIO()
    image.info = {}  # what Pillow would write in addition to the pixels
    options = {"quality": JPEG_QUALITY} if kind == "jpeg" else {}
    image.save(out, kind.upper(), **options)
    content = out.getvalue()
    return ImageFacts(
        content=content,
        content_type=f"image/{kind}",
        width_px=image.width,
        height_px=image.height,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        has_transparency=image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255),
    )


def _check_shape(facts: SlotImage, rules: ImageRules) -> None:
    width, height = facts.width_px, facts.height_px
    size: dict[str, object] = {"width_px": width, "height_px": height}
    shown, ratio = f"The image is {width} x {height} px", width / height
    if min(width, height) < rules.min_side_px:
        raise BadImage("too_small", f"{shown}, each side needs {rules.min_side_px}", min_side_px=rules.min_side_px, **size)
    if max(width, height) > rules.max_side_px:
        raise BadImage("too_big_side", f"{shown}, a side may have {rules.max_side_px}", max_side_px=rules.max_side_px, **size)
    low, high = rules.min_ratio, rules.max_ratio
    if not low <= ratio <= high:
        raise BadImage("wrong_ratio", f"{shown}, its shape is not taken", min_ratio=low, max_ratio=high, **size)
    if facts.has_transparency and not rules.alpha:
        raise BadImage("transparent", "The image has transparent parts, which are not taken")
