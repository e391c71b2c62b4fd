"""The images of a batch: by address (each fetched once), by file name in a ZIP, or by the id of an asset. No name reaches a disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from access.callers import Caller
from batches.reading.archives import open_zip
from generation.errors import InvalidRequest
from generation.media.images import too_large
from generation.messages import image_error
from generation.models import Asset
from generation.ordering.assets import fetch_asset, store_asset

__all__ = ["MOST_ADDRESSES", "BadArchive", "Images", "NoImage", "open_archive"]

MOST_ADDRESSES = 1_000
MOST_KEPT = 1_000
"""Rows of assets in memory."""
MOST_ENTRIES = 20_000


class BadArchive(Exception):
    """The ZIP cannot be read."""


class NoImage(Exception):
    """There is no such image; `code` and `facts` make the sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code, self.facts = code, facts


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP of images. Raise `BadArchive`. Nothing of it is unpacked before a row names it."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(open_zip(path))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise BadArchive from error
        if len(archive.infolist()) > MOST_ENTRIES:
            raise BadArchive
        yield archive


class Images:
    """Finds and stores the images that rows name. What was fetched is not fetched again; what was refused is not tried again."""

    def __init__(self, caller: Caller, archive: zipfile.ZipFile | None = None) -> None:
        self.caller, self.archive = caller, archive
        self.known: dict[str, UUID | InvalidRequest | NoImage] = {}
        self.addresses = 0
        self.kept: dict[UUID, Asset] = {}
        self.entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist() if archive else []:
            whole = _plain(entry.filename)
            self.entries.setdefault(whole, entry)
            self.entries.setdefault(whole.rpartition("/")[2], entry)

    def asset_of(self, name: str) -> UUID:
        """Return the id of the image with this address, file name or id. Raise `NoImage`, `InvalidRequest`, and what the storage raises."""
        if name not in self.known:
            try:
                self.known[name] = self._found(name)
            except (InvalidRequest, NoImage) as error:
                self.known[name] = error
        found = self.known[name]
        if isinstance(found, Exception):
            raise found
        return found

    def rows(self, ids: Collection[UUID]) -> dict[UUID, Asset]:
        """Return the assets with these ids."""
        if missing := [pk for pk in ids if pk not in self.kept]:
            if len(self.kept) > MOST_KEPT:
                self.kept.clear()
            self.kept |= Asset.objects.in_bulk(list(ids) if not self.kept else missing)
        return {pk: self.kept[pk] for pk in ids}

    def _found(self, name: str) -> UUID:
        if name.startswith(("http://", "https://")):
            if self.addresses >= MOST_ADDRESSES:
                raise NoImage("row_too_many_addresses", most=MOST_ADDRESSES)
            self.addresses += 1
            return fetch_asset(owner=self.caller.user, url=name).pk
        if entry := self.entries.get(_plain(name)):
            return store_asset(owner=self.caller.user, file=io.BytesIO(self._unpacked(entry))).pk
        try:
            asset = Asset.objects.one_for(self.caller, UUID(name))
        except ValueError:
            raise NoImage("row_no_such_image", name=name[:200]) from None
        if asset is None:
            raise NoImage("row_no_such_asset", name=name)
        return asset.pk

    def _unpacked(self, entry: zipfile.ZipInfo) -> bytes:
        """Return the bytes of a file in the ZIP, whatever the ZIP says about its size."""
        assert self.archive
        try:
            with self.archive.open(entry) as file:
                content = file.read(settings.MAX_IMAGE_BYTES + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
            words = _("This file in the ZIP is damaged or has a password.")
            raise InvalidRequest(words) from error
        if len(content) > settings.MAX_IMAGE_BYTES:
            raise InvalidRequest(image_error(too_large(settings.MAX_IMAGE_BYTES)))
        return content


def _plain(name: str) -> str:
    """Return a file name in its form for comparison."""
    return name.replace("\\", "/").removeprefix("./").casefold()
