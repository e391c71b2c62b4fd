"""The media storage while its files move to another one: everything new goes to the new one, and what is not there is read from the old.

Files are written once, so a copy is never stale. A deletion reaches both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

__all__ = ["MovingStorage"]

MOST_KNOWN = 100_000


@deconstructible
class MovingStorage(Storage):
    """Two storages as one. `now` and `before` are entries of Django's STORAGES."""

    def __init__(self, *, now: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        self.now: Any = storages.create_storage({**now})
        self.before: Any = storages.create_storage({**before})
        self._arrived: set[str] = set()
        """Names that were seen in the new storage, so that it is not asked about each again and again."""

    def _holder(self, name: str) -> Any:
        """Return the storage that has the file; the new one if none has, and for the empty name of the folder of all files."""
        if not name or name in self._arrived:
            return self.now
        if self.now.exists(name):
            if len(self._arrived) >= MOST_KNOWN:
                self._arrived.clear()
            self._arrived.add(name)
            return self.now
        return self.before if self.before.exists(name) else self.now

    @property
    def save_new(self) -> Callable[[str, File[Any]], None]:
        """Return the new storage's; AttributeError if it has none, as a disk."""
        return self.now.save_new  # type: ignore[no-any-return]

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return self._holder(name).open(name, mode)  # type: ignore[no-any-return]

    def _save(self, name: str, content: File[Any]) -> str:
        return self.now.save(name, content)  # type: ignore[no-any-return]

    def exists(self, name: str) -> bool:
        return bool(self._holder(name).exists(name))

    def size(self, name: str) -> int:
        return self._holder(name).size(name)  # type: ignore[no-any-return]

    def get_modified_time(self, name: str) -> datetime:
        return self._holder(name).get_modified_time(name)  # type: ignore[no-any-return]

    def path(self, name: str) -> str:
        """Return the path of a file that is on a disk. Raises NotImplementedError for one in a bucket."""
        return self._holder(name).path(name)  # type: ignore[no-any-return]

    def url(self, name: str | None, **facts: Any) -> str:
        """Return an address in the new storage. Raises NotImplementedError for a file that is not there yet: pages load from one bucket."""
        if self._holder(name or "") is self.before:
            raise NotImplementedError("the file has not arrived in the new storage")
        return self.now.url(name, **facts)  # type: ignore[no-any-return]

    def delete(self, name: str) -> None:
        for storage in (self.before, self.now):
            with suppress(FileNotFoundError):
                storage.delete(name)
        self._arrived.discard(name)

    def each_name(self, path: str) -> Iterator[str]:
        """Yield the names of the files in a folder, those that are in both twice."""
        for storage in (self.before, self.now):
            with suppress(FileNotFoundError):
                yield from storage.each_name(path) if hasattr(storage, "each_name") else storage.listdir(path)[1]

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folders: dict[str, None] = {}
        files: dict[str, None] = {}
        found = False
        for storage in (self.before, self.now):  # a file that is being moved is in both
            with suppress(FileNotFoundError):
                some_folders, some_files = storage.listdir(path)
                folders |= dict.fromkeys(some_folders)
                files |= dict.fromkeys(some_files)
                found = True
        if not found:
            raise FileNotFoundError(path)
        return list(folders), list(files)
