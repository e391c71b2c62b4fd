"""S3 and what speaks as it: MinIO, Ceph, OSS's S3 addresses. The storage of django-storages, with what the portal needs beyond it."""

from __future__ import annotations

import errno
import mimetypes
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage
from storages.utils import ReadBytesWrapper, clean_name, setting

from videoportal.storages.range_file import range_file

__all__ = ["S3MediaStorage"]

mimetypes.add_type("image/webp", ".webp")  # Python itself knows it only since 3.13
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, MOST_TRIES = 5, 60, 4
READ_STALL_S, READ_TRIES, READ_WITHIN_S = 10, 2, 15.0
"""The same for requests that only read, and after which time none is sent again: a thread of the web process may wait for them."""
TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""412 and 409, from a write with `If-None-Match: *` (docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html, 2026-11-29)."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an object, and the size of all of it."""

    data: bytes
    size: int


class Bucket(S3Storage):  # type: ignore[misc]
    """A bucket on connections with the portal's timeouts and number of tries."""

    read_timeout_s: int = READ_STALL_S
    most_tries: int = READ_TRIES

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pid = os.getpid()
        self.client_config: Config = self.client_config.merge(
            Config(
                s3={"addressing_style": self.addressing_style or _addressing_style(self.endpoint_url)},
                # boto3's own checksums send bodies that OSS refuses and older servers do not read (docs/storage.md)
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=self.read_timeout_s,
                retries={"mode": "standard", "total_max_attempts": self.most_tries},
            )
        )

    @property
    def connection(self) -> Any:
        """Return this thread's connection. A fork makes its own: it must not share sockets with its parent."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._connections = threading.local()
        return super().connection

    @property
    def bucket(self) -> Any:
        """Return the bucket on this thread's connection: S3Storage keeps one for all threads, and for the children of a fork."""
        connection = self.connection
        if not hasattr(self._connections, "bucket"):
            self._connections.bucket = connection.Bucket(self.bucket_name)
        return self._connections.bucket

    @property
    def client(self) -> Any:
        return self.connection.meta.client


@deconstructible
class S3MediaStorage(Bucket):
    """A bucket behind S3's interface. `public_endpoint_url`: where browsers reach it, if that is not where the portal does."""

    read_timeout_s, most_tries = READ_TIMEOUT_S, MOST_TRIES

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._takes_conditions = True
        """False once the service refused `If-None-Match`, as OSS's addresses for S3 do (github.com/tobi/walgit/issues/67, 2026-11-29)."""

    def get_default_settings(self) -> dict[str, Any]:
        defaults: dict[str, Any] = super().get_default_settings()
        ours = {"public_endpoint_url": "", "file_overwrite": setting("AWS_S3_FILE_OVERWRITE", False)}
        return defaults | ours | {"signature_version": defaults["signature_version"] or "s3v4"}

    @cached_property
    def reader(self) -> Bucket:
        """Return the same bucket for requests that only read."""
        return Bucket(**self._options())

    def _options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in super().get_default_settings()}

    def save_new(self, name: str, content: File[Any]) -> None:
        """Store under exactly this name, whole, in one request. Raises FileExistsError if the name is taken.

        A service that has no conditional writes is asked first; two writers of one name at the same moment would then both succeed.
        The object carries a mark of this write, so that it is recognised if the answer was lost.
        """
        key = self._normalize_name(clean_name(name))
        mark = uuid4().hex
        params = self._get_write_parameters(key, content)
        params["Metadata"] = params.get("Metadata", {}) | {"write": mark}
        if not self._takes_conditions and self.exists(name):
            raise FileExistsError(errno.EEXIST, "the key is taken", key)
        condition = {"IfNoneMatch": "*"} if self._takes_conditions else {}
        content.seek(0)
        try:
            self.client.put_object(Bucket=self.bucket_name, Key=key, Body=ReadBytesWrapper(content), **condition, **params)
        except (ClientError, BotoCoreError) as error:
            if condition and _code(error) == "NotImplemented":
                self._takes_conditions = False
                self.save_new(name, content)
                return
            is_refused = isinstance(error, ClientError) and _status(error) < 500 and _code(error) not in TAKEN
            if not is_refused and self._is_stored(key, mark):
                return
            if _code(error) in TAKEN:
                raise FileExistsError(errno.EEXIST, "the key is taken", key) from error
            raise

    def _is_stored(self, key: str, mark: str) -> bool:
        with suppress(ClientError, BotoCoreError):
            found = self.client.head_object(Bucket=self.bucket_name, Key=key)
            return bool(found["Metadata"].get("write") == mark)
        return False

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            return super()._open(name, mode)  # type: ignore[no-any-return]
        key = self._normalize_name(clean_name(name))
        return range_file(name, Fetcher(self, key), lambda: self.size(name))

    def delete(self, name: str) -> None:
        """Delete a file, which may be gone already. A missing bucket is an error."""
        try:
            self.client.delete_object(Bucket=self.bucket_name, Key=self._normalize_name(clean_name(name)))
        except ClientError as error:
            if _code(error) != "NoSuchKey":
                raise

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        folders, files = self.reader.listdir(name)
        return [folder for folder in folders if folder != "."], files  # of what other programs stored as `a//b`, where no path leads to

    def each_name(self, name: str) -> Iterator[str]:
        """Yield the names of the files in a folder; holds a page of them."""
        prefix = f"{self._normalize_name(clean_name(name)).rstrip('/')}/"
        pages = self.reader.client.get_paginator("list_objects").paginate(Bucket=self.bucket_name, Delimiter="/", Prefix=prefix)
        for page in pages:
            yield from (own for entry in page.get("Contents", ()) if (own := entry["Key"].removeprefix(prefix)))

    def exists(self, name: str) -> bool:
        if self.reader.exists(name):
            return True
        self._require_bucket()
        return False

    def size(self, name: str) -> int:
        with self._bucket_or_key():
            return int(self.reader.size(name))

    def get_modified_time(self, name: str) -> datetime:
        with self._bucket_or_key():
            return self.reader.get_modified_time(name)  # type: ignore[no-any-return]

    get_created_time = get_modified_time

    @contextmanager
    def _bucket_or_key(self) -> Iterator[None]:
        """Raise FileNotFoundError only if the key is missing: the answer to a HEAD does not say whether it is the key or the bucket."""
        try:
            yield
        except (FileNotFoundError, ClientError) as error:
            if isinstance(error, ClientError) and _status(error) != 404:
                raise
            self._require_bucket()
            raise FileNotFoundError(errno.ENOENT, "the storage does not have this key") from error

    def _require_bucket(self) -> None:
        try:
            self.reader.client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            if _status(error) == 404:
                raise ClientError({**error.response, "Error": {"Code": "NoSuchBucket"}}, "HeadBucket") from error

    def url(self, name: str, parameters: Mapping[str, str] | None = None, expire: int | None = None, http_method: str | None = None) -> str:
        """Return an address of the file for browsers, signed for `expire` seconds.

        `parameters`: headers of the answer: `ResponseContentType`, `ResponseContentDisposition`, `ResponseCacheControl`.
        """
        url = self._public.url if self._public else super().url
        return str(url(name, parameters=parameters, expire=expire, http_method=http_method))

    @cached_property
    def _public(self) -> S3Storage | None:
        """Return the storage at the address that browsers use, or None if it is the same."""
        if not self.public_endpoint_url:
            return None
        return S3Storage(**self._options() | {"endpoint_url": self.public_endpoint_url})


class Fetcher:
    """Reads parts of one object, all of the same version of it."""

    def __init__(self, storage: S3MediaStorage, key: str) -> None:
        self._storage = storage
        self._key = key
        self._same: dict[str, str] = {}

    def __call__(self, start: int, stop: int | None) -> Piece:
        until = time.monotonic() + READ_WITHIN_S
        for tries in range(1, MOST_TRIES + 1):
            try:
                return self._get(start, stop)
            except BotoCoreError:  # boto3 tries again what fails before the body, and not the body
                if tries == MOST_TRIES or time.monotonic() >= until:
                    raise
        raise AssertionError("unreachable")

    def _get(self, start: int, stop: int | None) -> Piece:
        asked = f"bytes={start}-{'' if stop is None else stop - 1}"
        try:
            answer = self._storage.reader.client.get_object(Bucket=self._storage.bucket_name, Key=self._key, Range=asked, **self._same)
            with closing(answer["Body"]) as body:
                data = body.read()
        except ClientError as error:
            if _status(error) == 416:  # nothing lies behind `start`
                head = self._storage.reader.client.head_object(Bucket=self._storage.bucket_name, Key=self._key)
                return Piece(data=b"", size=head["ContentLength"])
            if _code(error) == "NoSuchKey":
                raise FileNotFoundError(errno.ENOENT, "the storage does not have this key", self._key) from error
            raise
        self._same = {"IfMatch": answer["ETag"]}
        size = int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else len(data)
        return Piece(data=data if "ContentRange" in answer else data[start:stop], size=size)


def _addressing_style(endpoint: str | None) -> str:
    """Return how the bucket is named in addresses: OSS takes it only in the host, MinIO without a domain only in the path."""
    if not endpoint:
        return "auto"
    return "virtual" if ".aliyuncs.com" in endpoint else "path"


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
