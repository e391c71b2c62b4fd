"""Django's storage in a bucket of Alibaba Cloud OSS, on oss2, in the manner of django-storages (docs/storage.md, docs/adr/0024).

Files are written once and whole, read by ranges, and given to browsers by signed addresses. Nothing is requested before a file is touched.
"""

from __future__ import annotations

import io
import mimetypes
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.core.files import File
from django.utils.deconstruct import deconstructible
from django.utils.timezone import make_naive
from storages.base import BaseStorage
from storages.utils import ReadBytesWrapper, clean_name, get_available_overwrite_name, is_seekable, lookup_env, safe_join, setting

from videoportal.storages.options import DEFAULTS, LONGEST_URL_S, VENDOR_NAMES, problems, variable
from videoportal.storages.range_file import range_file

if TYPE_CHECKING:
    from videoportal.storages.oss_client import Client, Piece

__all__ = ["OSSStorage"]

SPOOL_BYTES = 2 * 1024 * 1024
URL_PARAMETERS = {
    "ResponseContentType": "response-content-type",
    "ResponseContentDisposition": "response-content-disposition",
    "ResponseCacheControl": "response-cache-control",
}
"""What S3 clients call the parameters of a signed address, and what OSS does."""
UNREACHABLE = frozenset({"", ".", ".."})
"""Names in a listing that no path leads to: the empty object by which consoles mark a folder, and what other programs stored as `a//b`."""
HEADERS = {
    "default_acl": "x-oss-object-acl",
    "server_side_encryption": "x-oss-server-side-encryption",
    "sse_kms_key_id": "x-oss-server-side-encryption-key-id",
    "storage_class": "x-oss-storage-class",
}


@deconstructible
class OSSStorage(BaseStorage):  # type: ignore[misc]
    """A bucket, or a folder of it (`location`). Options and their defaults are in `options.DEFAULTS`.

    Without options it reads the Django settings of their names, and credentials from the environment.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        wrong = list(problems({name: getattr(self, name) for name in DEFAULTS}))
        if wrong:
            raise ImproperlyConfigured(" ".join(wrong))
        self._forget_connections()

    def get_default_settings(self) -> dict[str, Any]:
        defaults = {name: setting(variable(name), default) for name, default in DEFAULTS.items()}
        return defaults | {name: defaults[name] or lookup_env([key]) or "" for name, key in VENDOR_NAMES.items()}

    def _forget_connections(self) -> None:
        self._of_thread = threading.local()
        self._credentials: tuple[int, Any] = (0, None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in {"_of_thread", "_credentials"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = dict(state)
        self._forget_connections()

    @property
    def server_endpoint(self) -> str:
        """Return where the portal itself calls."""
        return str(self.endpoint_url or f"https://oss-{self.region_name}.aliyuncs.com")

    @property
    def url_endpoint(self) -> tuple[str, bool]:
        """Return where browsers call, and whether that is a domain of the bucket alone. Never the internal address of a region."""
        if self.custom_domain:
            return f"{self.url_protocol}//{self.custom_domain}", True
        if self.public_endpoint_url:
            return self.public_endpoint_url, False
        if "-internal." in self.server_endpoint and not self.is_cname:
            host = self.server_endpoint.rpartition("//")[2].replace("-internal.", ".", 1)
            return f"{self.url_protocol}//{host}", False
        return self.server_endpoint, self.is_cname

    @property
    def client(self) -> Client:
        """Return this thread's client. A fork makes its own: it must not share connections with its parent."""
        from videoportal.storages.oss_client import Client, credentials_of

        pid = os.getpid()
        if getattr(self._of_thread, "pid", None) != pid:
            if self._credentials[0] != pid:
                self._credentials = (pid, credentials_of(self))
            self._of_thread.client, self._of_thread.pid = Client(self, self._credentials[1]), pid
        return self._of_thread.client  # type: ignore[no-any-return]

    def key_of(self, name: str) -> str:
        """Return the key of a file. Raises SuspiciousOperation for a name outside `location`: `..` would break the signature too."""
        try:
            return str(safe_join(self.location, clean_name(name)))
        except ValueError as error:
            raise SuspiciousOperation(f"“{name}” is outside the folder of the storage.") from error

    def headers_for(self, name: str, content: object) -> dict[str, str]:
        """Return what OSS is to keep with the object. Content-Encoding is never set, because clients would unpack what they read."""
        headers = {header: str(value) for option, header in HEADERS.items() if (value := getattr(self, option))}
        headers |= self.get_object_parameters(name)
        if not any(given.lower() == "content-type" for given in headers):
            guessed, encoding = mimetypes.guess_type(name, strict=False)  # strictly, Python itself knows .webp only since 3.13
            headers["Content-Type"] = getattr(content, "content_type", None) or (not encoding and guessed) or "application/octet-stream"
        return headers

    def get_object_parameters(self, name: str) -> dict[str, str]:  # noqa: ARG002
        """Return headers for this object; override to choose them by name."""
        return dict(self.object_parameters)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode == "wb":
            return OSSWriter(self, name)
        if mode != "rb":
            raise ValueError(f"Files in OSS open with “rb” or “wb”, not with “{mode}”.")
        key = self.key_of(name)
        return range_file(name, Fetcher(lambda: self.client, key), lambda: self.client.head(key).size)

    def _save(self, name: str, content: File[Any]) -> str:
        with readable_again(content) as body:
            while True:
                try:
                    self._put(name, body, self.headers_for(name, content), once=not self.file_overwrite)
                except FileExistsError:  # another writer was faster
                    name = self.get_available_name(name)
                else:
                    return str(clean_name(name))

    def save_new(self, name: str, content: File[Any]) -> None:
        """Store under exactly this name, whole, in one request if it is small. Raises FileExistsError if the name is taken."""
        self.write(name, content, once=True)

    def write(self, name: str, content: File[Any], *, once: bool) -> None:
        """Store the content from its start. With `once`, raises FileExistsError if the name is taken."""
        with readable_again(content) as body:
            self._put(name, body, self.headers_for(name, content), once=once)

    def _put(self, name: str, body: IO[bytes], headers: Mapping[str, str], *, once: bool) -> None:
        body.seek(0, os.SEEK_END)
        self.client.put(self.key_of(name), body, body.tell(), headers, once=once)

    def delete(self, name: str) -> None:
        key = self.key_of(name)
        if not name or key.rstrip("/") == self.location.rstrip("/"):
            raise ValueError("The name of the file to delete is empty.")
        self.client.delete(key)

    def exists(self, name: str) -> bool:
        try:
            self.client.head(self.key_of(name))
        except FileNotFoundError:
            return False
        return True

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folders: list[str] = []
        files: list[str] = []
        for name, is_folder in self._names_in(path):
            (folders if is_folder else files).append(name)
        return folders, files

    def each_name(self, path: str) -> Iterator[str]:
        """Yield the names of the files in a folder; holds a page of them."""
        return (name for name, is_folder in self._names_in(path) if not is_folder)

    def _names_in(self, path: str) -> Iterator[tuple[str, bool]]:
        folder = self.key_of(path).rstrip("/")
        prefix = f"{folder}/" if folder else ""
        for key, is_folder in self.client.listing(prefix):
            own = key.removeprefix(prefix).removesuffix("/" if is_folder else "")
            if own not in UNREACHABLE:
                yield own, is_folder

    def size(self, name: str) -> int:
        return self.client.head(self.key_of(name)).size

    def get_modified_time(self, name: str) -> datetime:
        modified_at = self.client.head(self.key_of(name)).modified_at
        return modified_at if settings.USE_TZ else make_naive(modified_at)

    get_created_time = get_modified_time

    def url(
        self, name: str | None, parameters: Mapping[str, str] | None = None, expire: int | None = None, http_method: str = "GET"
    ) -> str:
        """Return an address of the file for browsers, signed for this method and `expire` seconds (1 to 604800).

        `parameters`: headers of the answer, by the names of S3 (`ResponseContentType` and the others of `URL_PARAMETERS`) or of OSS. Range
        requests need no signature.
        """
        seconds = self.querystring_expire if expire is None else expire
        if not 1 <= seconds <= LONGEST_URL_S:
            raise ValueError(f"A signed address lives 1 to {LONGEST_URL_S} seconds, not {seconds}.")
        params = {URL_PARAMETERS.get(key, key): str(value) for key, value in (parameters or {}).items()}
        signed = self.client.url(http_method or "GET", self.key_of(name or ""), int(seconds), params)
        if self.querystring_auth:
            return signed
        return signed.partition("?")[0] + (f"?{urlencode(params)}" if params else "")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        name = clean_name(name)
        find = get_available_overwrite_name if self.file_overwrite else super().get_available_name
        return str(find(name, max_length))


@contextmanager
def readable_again(content: File[Any]) -> Iterator[IO[bytes]]:
    """Give all of the content as bytes that can be read more than once, for a retry: text and streams are copied."""
    if is_seekable(content):
        content.seek(0)
        if isinstance(content.read(0), bytes):
            yield content
            return
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        source = ReadBytesWrapper(content)
        while block := source.read(SPOOL_BYTES):
            spool.write(block)
        yield spool


class Fetcher:
    """Reads parts of one object, all of the same version of it, and checks its CRC if they follow on each other to the end."""

    def __init__(self, client: Callable[[], Client], key: str) -> None:
        self._client = client
        self._key = key
        self._etag = ""
        self._crc = self._checked = 0

    def __call__(self, start: int, stop: int | None) -> Piece:
        from videoportal.storages.oss_client import checksum

        piece = self._client().get(self._key, start, stop, etag=self._etag)
        self._etag = piece.etag
        if piece.crc is not None and start == self._checked and piece.data and len(piece.data) < piece.size:
            self._crc = checksum(piece.data, self._crc)
            self._checked += len(piece.data)
            if self._checked == piece.size and self._crc != piece.crc:
                raise OSError(f"{self._key} arrived damaged")
        return piece


class OSSWriter(File):  # type: ignore[type-arg]
    """A file that is written bit by bit. It appears when it is closed, and not at all after an error in its `with`."""

    def __init__(self, storage: OSSStorage, name: str) -> None:
        super().__init__(io.BytesIO(), name)
        self.mode = "wb"
        self._storage = storage
        self._key = storage.key_of(name)
        self._upload = ""
        self._parts: list[Any] = []

    def write(self, data: bytes) -> int:  # type: ignore[override]
        written = self._buffer.write(data)
        if self._buffer.tell() >= self._storage.part_size:
            self._send_part()
        return written

    @property
    def _buffer(self) -> IO[bytes]:
        return self.file  # type: ignore[return-value]

    def _send_part(self) -> None:
        client = self._storage.client
        if not self._upload:
            self._upload = client.start_parts(self._key, self._storage.headers_for(self.name or "", self))
        size = self._buffer.tell()
        self._parts.append(client.put_part(self._key, self._upload, len(self._parts) + 1, self._buffer, 0, size))
        self._buffer.seek(0)
        self._buffer.truncate()

    def close(self) -> None:
        """Publish the file. Raises FileExistsError if the name is taken."""
        if self._buffer.closed:
            return
        try:
            once = not self._storage.file_overwrite
            if not self._upload:
                self._storage.write(self.name or "", self, once=once)
            else:
                if self._buffer.tell():
                    self._send_part()
                self._storage.client.finish_parts(self._key, self._upload, self._parts, once=once)
        except BaseException:
            self.discard()
            raise
        self._buffer.close()

    def discard(self) -> None:
        """Forget what was written."""
        self._buffer.close()
        if self._upload:
            self._storage.client.abort_parts(self._key, self._upload)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()
