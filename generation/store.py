"""Files in the media storage: the only code that writes, opens, sizes, lists, deletes and signs them (docs/adr/0016).

Rows hold keys. Every kind of storage raises its own errors; this module raises `ObjectMissing` (the storage answers and does not have the
file) or `StorageUnavailable` (everything else).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from generation.errors import NotThere, PortalError, is_full_disk
from generation.messages import FULL_DISK, STORAGE_AWAY

__all__ = [
    "ObjectMissing",
    "StorageFull",
    "StorageUnavailable",
    "delete",
    "discard",
    "each_name",
    "folder",
    "listing",
    "modified_at",
    "open_file",
    "read",
    "save",
    "size",
    "unavailable",
    "url",
]

log = logging.getLogger("generation.store")

MISSING_CODES = frozenset({"NoSuchKey", "NotFound", "404"})
FULL_CODES = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorageSpace"})
"""What object stores say when a disk or quota is full: MinIO (github.com/minio/minio/issues/11178 and minio-py/issues/1313), Ceph
(docs.csc.fi/cloud/object-storage-error-msgs) and Huawei's OBS (support.huaweicloud.com/eu/api-obs/obs_04_0052.html), all 2026-11-29.

OSS and Amazon have no such limit. While a bill is unpaid, OSS refuses with 403 UserDisable or InDebt: the storage is unavailable.
"""


class ObjectMissing(NotThere):
    """The storage answers and has no file under this key."""

    code = "file_missing"

    def __init__(self) -> None:
        super().__init__(_("The file is not in storage."))


class StorageUnavailable(PortalError):
    """The storage failed; try again later. `str()` gives the detail for administrators, `message` is for everybody."""

    code = "storage_unavailable"
    status = 503
    sentence = STORAGE_AWAY

    def __init__(self, detail: str) -> None:
        super().__init__(str(self.sentence))
        self.args = (detail,)


class StorageFull(StorageUnavailable):
    """A disk or quota is full, and nothing was stored."""

    code = "storage_full"
    status = 507
    sentence = FULL_DISK


def save(key: str, content: Path | bytes, *, keep_part: bool = False) -> None:
    """Store all of it under this key, which is written once. Raises `StorageUnavailable`, and then leaves no part behind.

    With `keep_part` an unfinished file stays: the key may belong to another writer who was a moment faster, whose file must not be deleted.
    """
    with content.open("rb") if isinstance(content, Path) else BytesIO(content) as source:
        file: File[bytes] = File(source)
        try:
            save_new = getattr(default_storage, "save_new", None)
        except Exception as error:
            raise unavailable(error, f"saving {key}") from error
        if save_new is None:
            _save_and_look(key, file, keep_part=keep_part)
            return
        try:
            save_new(key, file)  # an object store that refuses a taken key and checks what arrives: one request, and nothing to look at
        except FileExistsError as error:
            raise StorageUnavailable(f"{key} is in use") from error
        except Exception as error:  # the file may be there whole if the answer was lost; it may also be another writer's, so it stays
            raise unavailable(error, f"saving {key}") from error


def _save_and_look(key: str, file: File[bytes], *, keep_part: bool) -> None:
    try:
        is_in_use = default_storage.exists(key)
    except Exception as error:
        raise unavailable(error, f"looking for {key}") from error
    if is_in_use:
        raise StorageUnavailable(f"{key} is in use")
    expected, name = file.size, key
    try:
        name = default_storage.save(key, file)
        is_whole = name == key and default_storage.size(key) == expected  # another name: another writer was faster
        if is_whole:  # the row that names it will survive a power cut; an object store has no path and has it when it answers
            with suppress(NotImplementedError), Path(default_storage.path(key)).open("rb") as stored:
                os.fsync(stored.fileno())
    except Exception as error:
        if not keep_part:
            discard([key])  # a full disk keeps the part that fitted
        raise unavailable(error, f"saving {key}") from error
    if not is_whole:
        discard([name])
        raise StorageUnavailable(f"{key} arrived under another name or with another size")


def read(key: str) -> bytes:
    """Return all of a small file. Raises `ObjectMissing`, `StorageUnavailable`."""
    with open_file(key) as file:
        return file.read()


def open_file(key: str) -> StoredFile:
    """Open a file to read it in parts. Raises `ObjectMissing`, `StorageUnavailable`, and so does reading it."""
    with _translated("opening", key):
        return StoredFile(key, default_storage.open(key))


def size(key: str) -> int:
    """Return the size in bytes. Raises `ObjectMissing`, `StorageUnavailable`."""
    with _translated("looking at", key):
        return default_storage.size(key)


def folder() -> Path | None:
    """Return the folder that files are in; None for a storage without a disk."""
    try:
        return Path(default_storage.path(""))
    except NotImplementedError:
        return None


def modified_at(key: str) -> datetime:
    """Return when the file was written, by the storage's clock. Raises `ObjectMissing`, `StorageUnavailable`."""
    with _translated("looking at", key):
        return default_storage.get_modified_time(key)


def url(
    key: str,
    *,
    expires_s: int,
    method: str = "GET",
    content_type: str | None = None,
    cache_control: str | None = None,
    download_name: str | None = None,
    inline: bool = False,
) -> str | None:
    """Return an address at which the storage itself sends the file for `expires_s` seconds; None if it has none, as a disk.

    `method` is signed: a HEAD needs its own address. The other values are headers of the storage's answer. Makes no request and does not
    know whether the file exists. Raises `ObjectMissing` for an empty key, `StorageUnavailable` if nothing can be signed.
    """
    with _translated("signing an address of", key):
        with suppress(NotImplementedError):
            default_storage.path(key)
            return None
        disposition = content_disposition_header(not inline, download_name) if download_name else None
        headers = {"ResponseContentType": content_type, "ResponseCacheControl": cache_control, "ResponseContentDisposition": disposition}
        given = {name: value for name, value in headers.items() if value}
        try:  # S3Storage and OSSStorage take these; Django's own signature of `url` has the name only
            address: str = default_storage.url(key, parameters=given, expire=expires_s, http_method=method)  # type: ignore[call-arg]
        except NotImplementedError:
            return None
        if "signature=" in address.lower():
            return address
        return default_storage.url(key)  # a public bucket: S3 and OSS refuse to change headers of requests without a signature


def listing(folder: str) -> tuple[list[str], list[str]]:
    """Return the names of folders and of files; a folder that does not exist is empty. Raises `StorageUnavailable`."""
    try:
        with _translated("listing", folder or "/"):
            return default_storage.listdir(folder)
    except ObjectMissing:
        return [], []


def each_name(folder: str) -> Iterator[str]:
    """Yield the names of the files in a folder that may have a million: page by page where the storage has pages, and some twice while
    files move between two storages. A folder that does not exist has none. Raises `StorageUnavailable`.
    """
    paged = getattr(default_storage, "each_name", None)
    if paged is None:
        yield from listing(folder)[1]
        return
    with suppress(ObjectMissing), _translated("listing", folder):
        yield from paged(folder)


def delete(key: str) -> None:
    """Delete a file, which may be gone already. Raises `StorageUnavailable`."""
    with suppress(ObjectMissing), _translated("deleting", key):
        default_storage.delete(key)


def discard(keys: Iterable[str]) -> None:
    """Delete files if the storage can; the sweep tries again with those of videos."""
    for key in keys:
        try:
            delete(key)
        except StorageUnavailable as error:
            log.warning("%s stays: %s", key, error)


class StoredFile:
    """An open file of the storage. A remote one fails when it is read, not when it is opened."""

    def __init__(self, key: str, file: IO[bytes]) -> None:
        self._key = key
        self._file = file

    def read(self, size: int = -1) -> bytes:
        with _translated("reading", self._key):
            return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        with _translated("reading", self._key):
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        with _translated("reading", self._key):
            return self._file.tell()

    def fileno(self) -> int:
        """Return the descriptor of a file on a disk. Raises OSError for one that is read over the network."""
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def unavailable(error: Exception, doing: str) -> StorageUnavailable:
    """Return the error to raise for one of a disk or a storage. Its detail has the storage's code without its text, which may quote
    signatures.
    """
    if isinstance(error, StorageUnavailable):
        return error
    log.warning("%s failed: %s: %s", doing, type(error).__name__, error)
    kind = StorageFull if is_full_disk(error) or _code(error) in FULL_CODES else StorageUnavailable
    names = dict.fromkeys((type(error).__name__, _code(error)))  # oss2 names some errors by their code
    return kind(f"{' '.join(filter(None, names))} while {doing}")


@contextmanager
def _translated(doing: str, key: str) -> Iterator[None]:
    if not key:  # for a disk this is the folder itself
        raise ObjectMissing
    try:
        yield
    except PortalError:
        raise
    except Exception as error:
        if _is_missing(error):
            raise ObjectMissing from error
        raise unavailable(error, f"{doing} {key}") from error


def _is_missing(error: Exception) -> bool:
    """Return whether the storage says that the file does not exist: FileNotFoundError, or what clients of object stores make of a 404.

    A bucket that does not exist has another code: that is a wrong setting, not a missing file.
    """
    code = _code(error)
    status = getattr(error, "status", getattr(error, "status_code", None))
    return isinstance(error, FileNotFoundError) or code in MISSING_CODES or (status == 404 and not code)


def _code(error: Exception) -> str:
    """Return the code of an object store's error, or an empty text."""
    reply = getattr(error, "response", None)  # botocore's ClientError; oss2 and others have attributes
    code = reply.get("Error", {}).get("Code") if isinstance(reply, Mapping) else getattr(error, "code", None)
    return str(code or "")
