"""Stores images, given or fetched from an address: checked, re-encoded, one row per owner and content."""

from __future__ import annotations

from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from generation.errors import InvalidRequest
from generation.images import BadImage, inspect_image
from generation.models import Asset
from generation.services.messages import image_error
from providers.core.catalog import PORTAL_IMAGES
from providers.core.fetch import FetchError, FetchTimeouts, NetworkPolicy, safe_fetch

__all__ = ["fetch_asset", "store_asset"]

IN_MEMORY_BYTES = 1024 * 1024
PATIENCE = FetchTimeouts(total_s=20.0, stall_s=10.0)
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png"}


def store_asset(*, owner: User, file: BinaryIO) -> Asset:
    """The asset for these bytes; the same bytes of the same owner give the same asset. Raises `InvalidRequest`."""
    try:
        facts = inspect_image(file, rules=replace(PORTAL_IMAGES, max_bytes=settings.MAX_IMAGE_BYTES))
    except BadImage as bad:
        message = image_error(bad)
        raise InvalidRequest(message, code=bad.code, fields={"file": message}) from bad
    known = Asset.objects.filter(owner=owner, sha256=facts.sha256).first()
    if known is not None and default_storage.exists(str(known.file.name)):
        return known
    if known is not None:  # the row is there and its file is not: this upload brings it back
        known.file.save(str(known.file.name), ContentFile(facts.content), save=True)
        return known
    asset = Asset(
        id=uuid7(),
        owner=owner,
        content_type=facts.content_type,
        sha256=facts.sha256,
        size_bytes=facts.size_bytes,
        width_px=facts.width_px,
        height_px=facts.height_px,
        has_transparency=facts.has_transparency,
    )
    asset.file.save(f"assets/{asset.pk}.{SUFFIXES[facts.content_type]}", ContentFile(facts.content), save=False)
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
    except IntegrityError:  # the same upload twice at once
        asset.file.delete(save=False)
        return Asset.objects.get(owner=owner, sha256=facts.sha256)
    return asset


def fetch_asset(*, owner: User, url: str) -> Asset:
    """The asset for the image at this address. Raises `InvalidRequest`."""
    allowed = tuple(settings.OUTBOUND_ALLOW_CIDRS)
    policy = NetworkPolicy(allow_http=bool(allowed), allow_cidrs=allowed)
    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spool:
        file = cast("BinaryIO", spool)
        try:
            safe_fetch(url, to=file, max_bytes=settings.MAX_IMAGE_BYTES, allow=policy, expected="image", timeouts=PATIENCE, tries=2)
        except FetchError as error:
            message = _("The image could not be fetched: %(words)s") % {"words": error.message}
            raise InvalidRequest(message, code=error.code, fields={"url": message}) from error
        file.seek(0)
        return store_asset(owner=owner, file=file)
