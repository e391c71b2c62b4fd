"""What people do with their images: cut a part out, make one smaller, delete it while nothing uses it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from math import sqrt

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from PIL import Image

from access.callers import Caller
from access.rights import may
from events import audit
from generation import store
from generation.errors import Busy, Conflict, InvalidRequest, NotAllowed
from generation.media.images import MEMORY, PIXEL_BYTES, BadImage
from generation.messages import image_error
from generation.models import Asset
from generation.ordering.assets import store_asset

__all__ = ["Box", "Limits", "cut", "delete_image"]

SHRINK = 0.85
"""How much shorter the sides become while the file has too many bytes."""
LEAST_PX = 16
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of an image, in shares of its width and height."""

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large the new image may be; None: as large as it comes."""

    longest_px: int | None = None
    pixels: int | None = None
    bytes: int | None = None


def cut(asset: Asset, box: Box, limits: Limits, *, by: Caller) -> Asset:
    """Store this part of the image, made small enough, as another image of the caller's. Raises `InvalidRequest`, `Busy`, and as the
    store.
    """
    try:
        with MEMORY.taken(asset.width_px * asset.height_px * PIXEL_BYTES):
            written = _part(asset, box, limits)
    except BadImage as busy:
        raise Busy(image_error(busy)) from busy
    return store_asset(owner=by.user, file=io.BytesIO(written), cut_from=asset)


def _part(asset: Asset, box: Box, limits: Limits) -> bytes:
    """Return the part as a file. Raises `InvalidRequest`."""
    with Image.open(io.BytesIO(store.read(asset.file))) as image:
        left, top = round(box.left * image.width), round(box.top * image.height)
        right, bottom = round((box.left + box.width) * image.width), round((box.top + box.height) * image.height)
        if not (0 <= left < right <= image.width and 0 <= top < bottom <= image.height) or min(right - left, bottom - top) < LEAST_PX:
            words = _("The part must lie inside the image and be at least %(n)d px wide and high.") % {"n": LEAST_PX}
            raise InvalidRequest(words, fields={"box": words})
        part = image.crop((left, top, right, bottom))
    scale = min(
        1.0,
        (limits.longest_px or 1_000_000) / max(part.size),
        sqrt((limits.pixels or part.width * part.height) / (part.width * part.height)),
    )
    written = _written(part, scale, FORMATS[asset.content_type])
    while limits.bytes and len(written) > limits.bytes and scale * min(part.size) > LEAST_PX / SHRINK:
        scale *= SHRINK
        written = _written(part, scale, FORMATS[asset.content_type])
    return written


def _written(part: Image.Image, scale: float, kind: str) -> bytes:
    size = (max(1, int(part.width * scale)), max(1, int(part.height * scale)))
    small = part if size == part.size else part.resize(size, Image.Resampling.LANCZOS)
    with io.BytesIO() as file:
        small.save(file, kind, **({"quality": 95} if kind == "JPEG" else {}))
        return file.getvalue()


def delete_image(asset: Asset, *, by: Caller) -> None:
    """Delete an image that no task uses: the row first, then the file, which the sweep deletes if this is ended in between. Raises
    `NotAllowed`, and `Conflict` while a task uses it.
    """
    if not may(by, "act", asset):
        raise NotAllowed(_("This image belongs to someone else."))
    key = asset.file
    try:
        with transaction.atomic():
            audit.record("image.deleted", asset, by=by)
            asset.delete()
    except (ProtectedError, IntegrityError) as used:
        raise Conflict(_("A task uses this image, so it cannot be deleted."), code="in_use") from used
    store.discard([key])
