"""Opens uploaded ZIPs. Their list of contents may be as long as the file, and zipfile reads it whole, into ten times as much memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["open_zip"]

MOST_LISTED_BYTES = 4_000_000
"""Enough for 20,000 names of 150 letters."""


class _Sparing(io.FileIO):
    """A file of which at most so many bytes are read at once."""

    most_at_once: float = MOST_LISTED_BYTES

    def read(self, size: int | None = -1) -> bytes:
        at = self.tell()
        left = self.seek(0, io.SEEK_END) - at
        self.seek(at)
        if (left if size is None or size < 0 else min(left, size)) > self.most_at_once:
            raise zipfile.BadZipFile("its list of contents is too long")
        return super().read(size)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP. Raise `zipfile.BadZipFile` and what zipfile raises, also for a list of contents that is too long."""
    with _Sparing(path) as file, zipfile.ZipFile(file) as archive:
        file.most_at_once = float("inf")
        yield archive
