"""Turns the images that clients send (an address, a data URL, base64, an upload) into assets, and puts them into a model's slots."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from api.compat.dialect import Call
from generation.errors import InvalidRequest
from generation.media.images import too_large
from generation.messages import image_error
from generation.models import Asset
from generation.ordering.assets import fetch_asset, store_asset
from providers.core.catalog import ModelSpec

__all__ = ["asset_of", "counted", "in_slots", "no_image"]

DATA = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.ASCII | re.IGNORECASE)
WEB = re.compile(r"https?://", re.IGNORECASE)


def asset_of(call: Call, image: Any, *, at: str) -> Asset:
    """Store an image for the caller. `at` is the client's field, which a refusal names. Raises as `store_asset` and `fetch_asset` do."""
    try:
        if isinstance(image, UploadedFile):
            return store_asset(owner=call.caller.user, file=cast("BinaryIO", image))
        if not isinstance(image, str):
            raise no_image(at)
        if WEB.match(image):
            return fetch_asset(owner=call.caller.user, url=image)
        return store_asset(owner=call.caller.user, file=io.BytesIO(_decoded(image, at)))
    except InvalidRequest as error:
        raise InvalidRequest(error.message, code=error.code, fields={at: error.message}) from error


def in_slots(spec: ModelSpec, images: Mapping[str, Sequence[Asset]]) -> dict[str, list[Asset]]:
    """Return the inputs of an order. A single image goes into the slot that the model has: as its reference if it has no first frame, and
    the other way round. An image without a slot keeps the one that was asked for, and `create` refuses it.
    """
    given = {slot: list(assets) for slot, assets in images.items() if assets}
    slots = {slot.name for slot in spec.slots}
    for asked, instead in (("first_frame", "references"), ("references", "first_frame")):
        if list(given) == [asked] and asked not in slots and instead in slots and len(given[asked]) == 1:
            return {instead: given[asked]}
    return given


def counted(inputs: Mapping[str, Sequence[Asset]]) -> dict[str, int]:
    """Return how many images each slot has."""
    return {slot: len(assets) for slot, assets in inputs.items()}


def no_image(at: str) -> InvalidRequest:
    """Return the refusal of a field without an image that can be read."""
    words = _("Send an image as https address, as data URL, as base64 or as upload.")
    return InvalidRequest(words, code="bad_image", fields={at: words})


def _decoded(text: str, at: str) -> bytes:
    encoded = DATA.sub("", text, count=1) if DATA.match(text) else text
    if len(encoded) > settings.MAX_IMAGE_BYTES * 4 // 3 + 4:
        words = image_error(too_large(settings.MAX_IMAGE_BYTES))
        raise InvalidRequest(words, code="too_large", fields={at: words})
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise no_image(at) from error
