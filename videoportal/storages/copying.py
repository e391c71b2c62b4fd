"""Copies the files of one storage into another under the same names, and deletes the first ones later. The portal may run at the same time.

Nothing is remembered: what is there is listed. So a copy may be killed at any moment and run twice at once.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from django.core.files import File
from django.core.files.base import ContentFile
from django.utils import timezone

from generation.keeping.verify import Pace

__all__ = ["Moved", "SamePlace", "TooManyFailures", "copy_all", "delete_source"]

log = logging.getLogger("videoportal.storages")

BLOCK_BYTES = 1024 * 1024
NOT_MOVED = frozenset({"health"})
"""Folders of files that live for a moment (`web/health_checks.py`)."""
STILL_WRITTEN = timedelta(minutes=10)
"""A part of a file on a disk that is younger belongs to another run; an older one was left by a kill."""
MOST_FAILURES = 20
"""The number of failures in a row after which a run ends."""


class TooManyFailures(Exception):
    """One of the storages is away, or refuses."""


class SamePlace(Exception):
    """Two storages keep their files in one place: a bucket that is reached as OSS and as S3 or is mounted, or a folder of it."""


@dataclass(kw_only=True)
class Moved:
    """What became of the files. `left` names those that were not copied or not deleted, with the reason."""

    files: int = 0
    there: int = 0
    left: dict[str, str] = field(default_factory=dict)


def copy_all(source: Any, target: Any, *, scratch: Path, pace: Pace, threads: int = 4, say: Callable[[Moved, str], None]) -> Moved:
    """Copy every file that the target does not have. Each copy is checked on arrival: by the client's checksum, or by reading it again.

    A file that the portal deletes at that moment may stay in the target: no row names it then, and the sweep deletes it. Nothing is deleted
    here for that, because a run of `delete_source` at the same time may be what deleted it.

    `say` is called after each folder. Raises `TooManyFailures`, `SamePlace`.
    """
    _require_two_places(source, target)
    moved = Moved()
    copy = partial(_copy, source, target, scratch, pace)
    _each_folder(source, target, moved, copy, threads=threads, say=say, skip_present=True)
    return moved


def delete_source(source: Any, target: Any, *, pace: Pace, threads: int = 4, say: Callable[[Moved, str], None]) -> Moved:
    """Delete each file of the source that the target has with the same bytes, which are read on both sides.

    Raises `TooManyFailures`, and `SamePlace`: there each file would be compared with itself.
    """
    _require_two_places(source, target)
    _require_two_places(target, source)  # a mounted bucket may show late what was written into the bucket
    moved = Moved()
    _each_folder(source, target, moved, partial(_delete, source, target, pace), threads=threads, say=say, skip_present=False)
    return moved


def _require_two_places(one: Any, other: Any) -> None:
    """Raise `SamePlace` if a file of `one` is in `other` too, also where one is a folder of the other."""
    mark = f"health/{uuid4()}.txt"  # the sweep deletes one that a kill leaves
    folders = [part for part in str(one.location).split("/") if part]
    one.save(mark, ContentFile(b"same place?"))
    try:
        if any(other.exists("/".join([*folders[start:], mark])) for start in range(len(folders) + 1)):
            raise SamePlace("Both storages are the same place, or one is a folder of the other, so this could delete every file.")
    finally:
        one.delete(mark)


def _each_folder(
    source: Any,
    target: Any,
    moved: Moved,
    step: Callable[[str], str],
    *,
    threads: int,
    say: Callable[[Moved, str], None],
    skip_present: bool,
) -> None:
    """Do the step for the files of each folder, some at the same time. A step returns why it left the file, or nothing."""
    failures = 0
    with ThreadPoolExecutor(threads) as pool:
        for folder, names in _folders(source):
            present = _whole(source, target, folder, names) if skip_present else set()
            moved.there += len(present)
            keys = [f"{folder}/{name}" if folder else name for name in names if name not in present]
            for key, left in zip(keys, pool.map(partial(_tried, step, source), keys), strict=True):
                failures = failures + 1 if left else 0
                if left:
                    moved.left[key] = left
                    log.warning("%s: %s", key, left)
                else:
                    moved.files += 1
                if failures >= MOST_FAILURES:
                    pool.shutdown(cancel_futures=True)
                    raise TooManyFailures(f"{failures} files in a row failed, the last one because: {left}.")
            say(moved, folder)


def _tried(step: Callable[[str], str], source: Any, key: str) -> str:
    try:
        try:
            return step(key)
        except FileNotFoundError:
            if source.exists(key):
                raise
            return ""  # deleted since it was listed
    except Exception as error:  # every storage raises its own
        return f"{type(error).__name__}: {error}"[:300]


def _folders(storage: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each folder with the names of its files, in order."""
    folders, files = storage.listdir(path)
    if files:
        yield path, sorted(files)
    for name in sorted(folders):
        if name not in NOT_MOVED:
            yield from _folders(storage, f"{path}/{name}" if path else name)


def _whole(source: Any, target: Any, folder: str, names: list[str]) -> set[str]:
    """Return the names that the target has. In a bucket a file is whole or not there; on a disk a kill may leave a part."""
    try:
        present = set(target.listdir(folder)[1]) & set(names)
    except FileNotFoundError:
        return set()
    if not _is_disk(target):
        return present
    return {name for name in present if _is_same_size(source, target, f"{folder}/{name}")}


def _is_same_size(source: Any, target: Any, key: str) -> bool:
    try:
        return bool(source.size(key) == target.size(key))
    except Exception:  # deleted since it was listed, or a storage is away: copying finds out
        return False


def _is_disk(storage: Any) -> bool:
    try:
        storage.path("x")
    except NotImplementedError:
        return False
    return True


def _copy(source: Any, target: Any, scratch: Path, pace: Pace, key: str) -> str:
    if target.exists(key):
        if not _is_disk(target) or source.size(key) == target.size(key):
            return ""  # another run was faster
        if timezone.now() - target.get_modified_time(key) < STILL_WRITTEN:
            return "another run is writing it; run this again in ten minutes"
        target.delete(key)
    with TemporaryDirectory(dir=scratch, prefix="moving-") as folder:  # one for each file: the sweep of a worker deletes old ones
        part = Path(folder) / "part"
        digest = _read(source, key, pace, part)
        if not _save(target, key, part):
            return ""
    if not getattr(target, "enable_crc", False) and _read(target, key, pace) != digest:
        target.delete(key)
        return "it arrived with other bytes and was deleted there"
    return ""


def _save(target: Any, key: str, part: Path) -> bool:
    """Store the file at once and whole. Return False if the key is taken."""
    with part.open("rb") as opened:
        file: File[bytes] = File(opened, name=key)
        if save_new := getattr(target, "save_new", None):
            with suppress(FileExistsError):
                save_new(key, file)
                return True
            return False
        file.temporary_file_path = lambda: str(part)  # type: ignore[attr-defined]  # a disk moves it into its place
        name = target.save(key, file)
    if name != key:
        target.delete(name)
    return bool(name == key)


def _delete(source: Any, target: Any, pace: Pace, key: str) -> str:
    try:
        copied = _read(target, key, pace)
    except FileNotFoundError:
        return "the other storage does not have it"
    if _read(source, key, pace) != copied:
        return "the other storage has other bytes"
    source.delete(key)
    return ""


def _read(storage: Any, key: str, pace: Pace, to: Path | None = None) -> str:
    """Read all of the file, into a file if one is named. Return its sha256."""
    digest = hashlib.sha256()
    with storage.open(key, "rb") as opened, to.open("wb") if to else nullcontext() as copy:
        while block := opened.read(BLOCK_BYTES):
            digest.update(block)
            pace.read(len(block))
            if copy is not None:
                copy.write(block)
        if copy is not None:  # it is moved as it is, and must survive a power cut
            copy.flush()
            os.fsync(copy.fileno())
    return digest.hexdigest()
