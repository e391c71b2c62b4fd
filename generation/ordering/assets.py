"""Stores images, uploaded or fetched from an address: checked, re-encoded, one row per owner and content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from generation import store
from generation.errors import Busy, InvalidRequest
from generation.media.images import BadImage, inspect_image
from generation.messages import image_error
from generation.models import Asset
from providers.core.catalog import PORTAL_IMAGES
from providers.core.fetch import FetchError, FetchTimeouts, NetworkPolicy, safe_fetch

__all__ = ["MOST_IMAGES", "fetch_asset", "store_asset"]

IN_MEMORY_BYTES = 1024 * 1024
PATIENCE = FetchTimeouts(total_s=20.0, stall_s=10.0)
MOST_IMAGES = 32
"""Of an order whose images are given by their addresses: they are fetched, one after the other, before anything else is checked."""
MOST_FETCHES = max(1, settings.WEB_THREADS // 4)
MOST_FETCHES_OF_ONE = max(1, MOST_FETCHES // 2)
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png"}


def store_asset(*, owner: User, file: BinaryIO, **origin: Any) -> Asset:
    """Store an image and return its asset; the same bytes of one owner are one asset, with its first `origin`. Raises
    `InvalidRequest`, `StorageUnavailable`, and `Busy` while too many are being checked.
    """
    try:
        facts = inspect_image(file, rules=replace(PORTAL_IMAGES, max_bytes=settings.MAX_IMAGE_BYTES))
    except BadImage as bad:
        message = image_error(bad)
        if bad.code == "busy":
            raise Busy(message) from bad
        raise InvalidRequest(message, code=bad.code, fields={"file": message}) from bad
    known = Asset.objects.filter(owner=owner, sha256=facts.sha256).first()
    if known is not None:
        with suppress(store.ObjectMissing):
            if store.size(known.file) == known.size_bytes:
                return known
        store.delete(known.file)  # its file was lost or cut: this upload replaces it
        store.save(known.file, facts.content)
        return known
    pk = uuid7()
    asset = Asset(
        id=pk,
        owner=owner,
        file=f"assets/{pk}.{SUFFIXES[facts.content_type]}",
        content_type=facts.content_type,
        sha256=facts.sha256,
        size_bytes=facts.size_bytes,
        width_px=facts.width_px,
        height_px=facts.height_px,
        has_transparency=facts.has_transparency,
        **origin,
    )
    store.save(asset.file, facts.content)
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
    except IntegrityError:  # the same upload twice at once
        store.discard([asset.file])
        return Asset.objects.get(owner=owner, sha256=facts.sha256)
    return asset


def fetch_asset(*, owner: User, url: str) -> Asset:
    """Fetch and store the image at this address. Raises as `store_asset` does, and `Busy` while too many are being fetched."""
    allowed = tuple(settings.OUTBOUND_ALLOW_CIDRS)
    policy = NetworkPolicy(allow_http=bool(allowed), allow_cidrs=allowed)
    with _turn_of(owner), SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spool:
        file = cast("BinaryIO", spool)
        try:
            safe_fetch(url, to=file, max_bytes=settings.MAX_IMAGE_BYTES, allow=policy, expected="image", timeouts=PATIENCE, tries=2)
        except FetchError as error:
            message = _("The image could not be fetched: %(words)s") % {"words": error.message}
            raise InvalidRequest(message, code=error.code, fields={"url": message}) from error
        file.seek(0)
        return store_asset(owner=owner, file=file)


_fetches: Counter[int] = Counter()
_fetches_lock = Lock()


@contextmanager
def _turn_of(owner: User) -> Iterator[None]:
    """Count this fetch while it lasts. Raises `Busy`: a slow host occupies a thread, so few run at once, and fewer of one person."""
    with _fetches_lock:
        if _fetches.total() >= MOST_FETCHES or _fetches[owner.pk] >= MOST_FETCHES_OF_ONE:
            raise Busy(_("Too many images are being fetched at the moment. Try again in a few seconds."))
        _fetches[owner.pk] += 1
    try:
        yield
    finally:
        with _fetches_lock:
            _fetches[owner.pk] -= 1
            if not _fetches[owner.pk]:
                del _fetches[owner.pk]
