"""A file in an object store, read by ranges as they are needed. Requests nothing before the first read, and keeps one block."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from typing import Protocol

from django.core.files import File

__all__ = ["BLOCK_BYTES", "Fetched", "range_file"]

BLOCK_BYTES = 1024 * 1024


class Fetched(Protocol):
    """A part of an object, and the size of all of it."""

    @property
    def data(self) -> bytes: ...
    @property
    def size(self) -> int: ...


class RangeReader(io.RawIOBase):
    """A seekable file over `fetch(start, stop)`, which returns a part; `stop` None means to the end."""

    def __init__(self, fetch: Callable[[int, int | None], Fetched], size: Callable[[], int]) -> None:
        self._fetch = fetch
        self._ask_size = size
        self._size: int | None = None
        self._position = 0

    @property
    def size(self) -> int:
        """Return the size in bytes; asks the storage only if no part has been read yet."""
        if self._size is None:
            self._size = self._ask_size()
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        position = offset + (self._position if whence == os.SEEK_CUR else self.size if whence == os.SEEK_END else 0)
        if position < 0:
            raise ValueError(f"A file has no position {position}.")
        self._position = position
        return position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._read(self._position + len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return self._read(None)

    def _read(self, stop: int | None) -> bytes:
        if self._size is not None and self._position >= self._size:
            return b""
        fetched = self._fetch(self._position, stop)
        if self._size not in {None, fetched.size}:  # servers may check the range before the version
            raise OSError(errno.EIO, "the file was replaced while it was read")
        self._size = fetched.size
        self._position += len(fetched.data)
        return fetched.data


class RangeFile(File):  # type: ignore[type-arg]
    """Django's file over a reader of ranges."""

    def __init__(self, reader: RangeReader, name: str) -> None:
        super().__init__(io.BufferedReader(reader, BLOCK_BYTES), name)
        self._reader = reader
        self.mode = "rb"

    @property
    def size(self) -> int:
        return self._reader.size


def range_file(name: str, fetch: Callable[[int, int | None], Fetched], size: Callable[[], int]) -> RangeFile:
    """Return an open file. `fetch(start, stop)` and `size()` raise FileNotFoundError when the object is missing."""
    return RangeFile(RangeReader(fetch, size), name)
