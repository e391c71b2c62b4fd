"""Speaks to one bucket of Alibaba Cloud OSS: the only module that imports oss2, which takes half a second, so it is imported when needed.

Signs with V4 only. Everything is tried again when the network or OSS fails, with the body from its start. Missing and taken keys raise
FileNotFoundError and FileExistsError; everything else is oss2's own error, with `status` and `code`.
"""

from __future__ import annotations

import errno
import logging
import random
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any, TypeVar

import oss2
import requests
from django.utils.module_loading import import_string
from oss2 import exceptions
from oss2.credentials import EcsRamRoleCredentialsProvider, StaticCredentialsProvider
from oss2.models import PartInfo
from oss2.utils import Crc64, SizedFileAdapter, calc_obj_crc_from_parts

__all__ = ["Client", "Found", "Piece", "checksum", "credentials_of"]

log = logging.getLogger("videoportal.oss")

ECS_ROLE_URL = "http://100.100.100.200/latest/meta-data/ram/security-credentials/"
"""Where an instance gets the credentials of its RAM role (help.aliyun.com/en/ecs/user-guide/attach-an-instance-ram-role, 2026-11-29)."""
MOST_PARTS = 10_000
PAGE = 1000
"""Keys in one answer of a listing, the most that OSS gives."""
RETRY_WITHIN_S = 30.0
"""No request is sent again after this time, so that with the timeouts one call ends long before the job that it is part of is killed."""
READ_STALL_S, READ_WITHIN_S = 10.0, 15.0
"""The same for requests that only read, and the longest wait of each for a byte: a thread of the web process may wait for them. Together
they end after some 20 s; a write may have to wait longer, until the object is put together.
"""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
STANDARD_RANGES = {"x-oss-range-behavior": "standard"}
"""Otherwise OSS answers a range that ends behind the object with 200 and all of it
(help.aliyun.com/en/oss/developer-reference/scope-download-using-oss-sdk-for-php-v2, 2026-11-29)."""
FORBID_OVERWRITE = {"x-oss-forbid-overwrite": "true"}
TAKEN = "FileAlreadyExists"
"""409, from a write that forbids to overwrite (help.aliyun.com/en/oss/user-guide/0026-00000002, 2026-11-29)."""
STALLED = "RequestTimeout"
"""400: nothing of the request arrived for a while (help.aliyun.com/document_detail/32141.html, 2026-11-29)."""
TOLD = frozenset({"Code", "Message", "EC", "HostId", "BucketName", "Endpoint", "RequestTime", "ServerTime"})
"""The parts of an error of OSS that go into the log: also the right endpoint of a bucket, and what the clocks say."""
BLOCK_BYTES = 1024 * 1024

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What OSS says about an object. `crc` is None where it gives none."""

    size: int
    etag: str
    crc: int | None
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an object, and facts of all of it."""

    data: bytes
    size: int
    etag: str
    crc: int | None


def credentials_of(options: Any) -> Any:
    """Return the credentials provider that the options ask for: any object with `get_credentials()`."""
    given = options.credentials_provider
    if given:
        found = import_string(given) if isinstance(given, str) else given
        return found() if isinstance(found, type) else found
    if options.ecs_ram_role:
        return EcsRamRoleCredentialsProvider(ECS_ROLE_URL + options.ecs_ram_role)
    return StaticCredentialsProvider(options.access_key, options.secret_key, options.security_token or "")


def checksum(data: bytes, before: int = 0) -> int:
    """Return the CRC-64 of `data`, following on that of the bytes before it."""
    crc = Crc64(before)
    crc(data)
    return int(crc.crc)


class Client:
    """One bucket, for one thread of one process: a session of requests survives neither a fork nor two threads."""

    def __init__(self, options: Any, credentials: Any) -> None:
        self._options = options
        self._auth = oss2.ProviderAuthV4(credentials)
        self._session = oss2.Session()
        weakref.finalize(self, self._session.session.close)  # a thread that ends closes its connections
        self._bucket = self._bucket_at(options.server_endpoint, is_cname=options.is_cname)
        read_s = min(options.read_timeout, READ_STALL_S)
        self._reader = self._bucket_at(options.server_endpoint, is_cname=options.is_cname, read_timeout_s=read_s)
        url, is_cname = options.url_endpoint
        self._signer = self._bucket_at(url, is_cname=is_cname)

    def _bucket_at(self, endpoint: str, *, is_cname: bool, read_timeout_s: float | None = None) -> oss2.Bucket:
        options = self._options
        return oss2.Bucket(
            self._auth,
            endpoint,
            options.bucket_name,
            is_cname=is_cname,
            session=self._session,
            connect_timeout=(options.connect_timeout, read_timeout_s or options.read_timeout),
            enable_crc=options.enable_crc,
            proxies=options.proxies or None,
            region=options.region_name,
        )

    def head(self, key: str) -> Found:
        """Return the facts of an object. Raises FileNotFoundError."""
        with _named(key):
            return self._tried(lambda: self._head(key), within_s=READ_WITHIN_S)

    def _head(self, key: str) -> Found:
        try:
            answer = self._reader.head_object(key)
        except exceptions.NotFound as error:
            if not error.code:  # the answer to a HEAD has no body: a GET says whether the key is missing or the bucket
                self._reader.get_object(key, byte_range=(0, 0), headers=STANDARD_RANGES).close()
            raise
        modified_at = datetime.fromtimestamp(answer.last_modified or 0, UTC)
        return Found(size=answer.content_length, etag=answer.etag, crc=answer.server_crc, modified_at=modified_at)

    def get(self, key: str, start: int, stop: int | None = None, *, etag: str = "") -> Piece:
        """Return the bytes from `start` to before `stop`, or to the end. With `etag` a replaced object is refused.

        Raises FileNotFoundError. An object that is read in one piece is checked against its CRC.
        """
        with _named(key):
            try:
                return self._tried(lambda: self._get(key, start, stop, etag), within_s=READ_WITHIN_S)
            except exceptions.ServerError as error:
                if error.status != 416:
                    raise
        found = self.head(key)  # nothing lies behind `start`
        return Piece(data=b"", size=found.size, etag=found.etag, crc=found.crc)

    def _get(self, key: str, start: int, stop: int | None, etag: str) -> Piece:
        headers = STANDARD_RANGES | ({"If-Match": f'"{etag}"'} if etag else {})
        answer = self._reader.get_object(key, byte_range=(start, None if stop is None else stop - 1), headers=headers)
        try:
            if answer.status != 206 and (start or (stop is not None and answer.content_length > stop)):
                raise OSError(errno.EIO, "the storage ignored the range of a request", key)
            data = answer.read()
        finally:
            answer.close()
        size = int(answer.content_range.rpartition("/")[2]) if answer.content_range else answer.content_length
        if self._options.enable_crc and answer.server_crc is not None and len(data) == size and checksum(data) != answer.server_crc:
            raise exceptions.InconsistentError(f"{key} arrived damaged", answer.request_id)
        return Piece(data=data, size=size, etag=answer.etag, crc=answer.server_crc if self._options.enable_crc else None)

    def put(self, key: str, body: IO[bytes], size: int, headers: Mapping[str, str], *, once: bool) -> None:
        """Store `size` bytes of `body` from its start, whole. With `once` a key that is taken raises FileExistsError.

        A write whose answer was lost is found by its size and CRC. An object that OSS received damaged is deleted and sent again.
        """
        headers = dict(headers) | (FORBID_OVERWRITE if once else {})
        if size >= self._options.multipart_threshold:
            self._put_in_parts(key, body, size, headers, once=once)
            return
        tries = 0

        def send() -> None:
            nonlocal tries
            tries += 1
            body.seek(0)
            try:
                _read_out(self._bucket.put_object(key, SizedFileAdapter(body, size), headers=headers))
            except exceptions.InconsistentError:
                self.delete(key)  # the answer was 200, so this is our object
                raise

        try:
            self._tried(send)
        except exceptions.OssError as error:
            may_be_ours = tries > 1 if error.code == TAKEN else _is_passing(error)
            if may_be_ours and self._is_stored(key, size, lambda: _checksum_of(body)):
                return
            with _named(key):
                raise

    def _put_in_parts(self, key: str, body: IO[bytes], size: int, headers: Mapping[str, str], *, once: bool) -> None:
        upload = self.start_parts(key, headers)
        part_size = max(self._options.part_size, -(-size // MOST_PARTS))
        try:
            parts = [
                self.put_part(key, upload, number, body, start, min(part_size, size - start))
                for number, start in enumerate(range(0, size, part_size), start=1)
            ]
            self.finish_parts(key, upload, parts, once=once)
        except BaseException:
            self.abort_parts(key, upload)
            raise

    def start_parts(self, key: str, headers: Mapping[str, str]) -> str:
        """Begin an upload in parts and return its id. Raises FileExistsError."""
        with _named(key):
            return str(self._tried(lambda: self._bucket.init_multipart_upload(key, headers=dict(headers))).upload_id)

    def put_part(self, key: str, upload: str, number: int, body: IO[bytes], start: int, size: int) -> PartInfo:
        """Send `size` bytes of `body` from `start` as a part. Numbers begin at 1."""

        def send() -> PartInfo:
            body.seek(start)
            sent = _read_out(self._bucket.upload_part(key, upload, number, SizedFileAdapter(body, size)))
            return PartInfo(number, sent.etag, size=size, part_crc=sent.crc)

        return self._tried(send)

    def finish_parts(self, key: str, upload: str, parts: list[PartInfo], *, once: bool) -> None:
        """Make the object of its parts. Raises FileExistsError as `put` does. The caller aborts the upload after any error."""
        crc = calc_obj_crc_from_parts(parts) if self._options.enable_crc else None
        named = [
            PartInfo(part.part_number, part.etag) for part in parts
        ]  # without their CRCs, which oss2 would check before it reads the answer
        tries = 0

        def send() -> None:
            nonlocal tries
            tries += 1
            answer = self._bucket.complete_multipart_upload(key, upload, named, headers=FORBID_OVERWRITE if once else {})
            if None not in (crc, _read_out(answer).crc) and crc != answer.crc:
                self.delete(key)
                raise OSError(errno.EIO, "the storage put the parts together wrongly", key)

        try:
            self._tried(send)
        except exceptions.OssError as error:
            may_be_ours = tries > 1 if error.code in {TAKEN, "NoSuchUpload"} else _is_passing(error)
            if may_be_ours and self._is_stored(key, sum(part.size for part in parts), lambda: calc_obj_crc_from_parts(parts)):
                return
            with _named(key):
                raise

    def abort_parts(self, key: str, upload: str) -> None:
        """Delete the parts of an unfinished upload. What cannot be deleted now is left to the bucket's lifecycle rule."""
        try:
            self._tried(lambda: _read_out(self._bucket.abort_multipart_upload(key, upload)))
        except exceptions.OssError as error:
            if error.code != "NoSuchUpload":
                log.warning("parts of %s stay in the bucket (upload %s): %s", key, upload, _summary(error))

    def _is_stored(self, key: str, size: int, crc: Callable[[], int | None]) -> bool:
        """Return whether the object is there with this content: after a write whose answer was lost."""
        with suppress(FileNotFoundError, exceptions.OssError, requests.RequestException):
            found = self.head(key)
            return found.size == size and found.crc is not None and found.crc == crc()
        return False

    def delete(self, key: str) -> None:
        """Delete an object, which may be gone already."""
        with suppress(exceptions.NoSuchKey):
            self._tried(lambda: _read_out(self._bucket.delete_object(key)))

    def listing(self, prefix: str) -> Iterator[tuple[str, bool]]:
        """Yield what is directly under the prefix: the key and whether it is a folder."""
        token = ""
        while True:
            ask = partial(self._reader.list_objects_v2, prefix, "/", continuation_token=token, max_keys=PAGE)
            page = self._tried(ask, within_s=READ_WITHIN_S)
            yield from ((name, True) for name in page.prefix_list)
            yield from ((item.key, False) for item in page.object_list)
            if not page.is_truncated:
                return
            token = page.next_continuation_token

    def url(self, method: str, key: str, expires_s: int, params: Mapping[str, str]) -> str:
        """Return a signed address for browsers. Makes no request, unless the credentials have to be fetched."""
        return str(self._signer.sign_url(method, key, expires_s, params=dict(params), slash_safe=True))

    def bucket_acl(self) -> str:
        """Return who may read the bucket: `private`, `public-read` or `public-read-write`."""
        return str(self._tried(self._reader.get_bucket_acl, within_s=READ_WITHIN_S).acl)

    def _tried(self, call: Callable[[], Result], *, within_s: float = RETRY_WITHIN_S) -> Result:
        """Call until it succeeds, fails for a reason that stays, or has been tried often or long enough."""
        until = time.monotonic() + within_s
        tries = 0
        while True:
            tries += 1
            try:
                return call()
            except (exceptions.OssError, requests.RequestException) as error:
                if isinstance(error, exceptions.ServerError):  # what it was asked to sign may have a token in it
                    error.details = {name: text for name, text in error.details.items() if name in TOLD}
                if tries >= self._options.max_attempts or time.monotonic() >= until or not _is_passing(error):
                    raise
                log.info("try %d failed: %s", tries, _summary(error))
            time.sleep(min(FIRST_PAUSE_S * 2 ** (tries - 1), LONGEST_PAUSE_S) * random.uniform(0.5, 1))  # noqa: S311 - spreads clients


@contextmanager
def _named(key: str) -> Iterator[None]:
    """Raise FileNotFoundError where OSS says that the key is missing, FileExistsError where it is taken.

    A missing bucket stays an error of oss2.
    """
    try:
        yield
    except exceptions.ServerError as error:
        if error.code == TAKEN:
            raise FileExistsError(errno.EEXIST, "the key is taken", key) from error
        if error.status == 404 and error.code in {"NoSuchKey", ""}:
            raise FileNotFoundError(errno.ENOENT, "the storage does not have this key", key) from error
        raise


def _read_out(answer: Any) -> Any:
    """Read the rest of an answer, which oss2 leaves: only then the next request may use the connection."""
    try:
        answer.resp.read()
    except requests.RequestException as error:
        raise exceptions.RequestError(error) from error
    return answer


def _is_passing(error: Exception) -> bool:
    """Return whether the same request may succeed in a moment: a lost connection, a damaged transfer, an error of the server."""
    if isinstance(error, exceptions.RequestError | exceptions.InconsistentError | requests.RequestException):
        return True
    status = getattr(error, "status", 0)
    return status >= 500 or status in {408, 429} or getattr(error, "code", "") == STALLED


def _summary(error: Exception) -> str:
    """Return an error without its text, which may quote a signature."""
    facts = [str(fact) for name in ("status", "code", "request_id") if (fact := getattr(error, name, ""))]
    return " ".join([type(error).__name__, *facts])


def _checksum_of(body: IO[bytes]) -> int:
    body.seek(0)
    crc = 0
    while block := body.read(BLOCK_BYTES):
        crc = checksum(block, crc)
    return crc
