"""Many videos as one ZIP, read from the storage as it is sent."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from stream_zip import ZIP_64, stream_zip

from delivery.stored_file import BLOCK_BYTES
from generation import store
from generation.models import Video

__all__ = ["zip_of"]

READABLE = 0o600


def zip_of(files: Iterable[tuple[str, Video]], at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of these videos under these names, which differ; `missing.txt` names those whose files are gone. `at` is its date."""
    missing: list[str] = []

    def members() -> Iterator[Any]:
        for name, video in files:
            try:
                file = store.open_file(video.file)
            except store.ObjectMissing:
                missing.append(name)
                continue
            yield name, video.created_at, READABLE, ZIP_64, _blocks(file)
        if missing:
            yield "missing.txt", at, READABLE, ZIP_64, ["\n".join(missing).encode()]

    # videos do not become smaller
    yield from stream_zip(members(), get_compressobj=lambda: zlib.compressobj(wbits=-zlib.MAX_WBITS, level=0))


def _blocks(file: store.StoredFile) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block
