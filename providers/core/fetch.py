"""`safe_fetch`: the one way to download something from a URL that a vendor or a user gave.

Blocking. Bytes go to the caller's file while they are hashed; a cut download resumes with Range and If-Range inside the same call.
What arrived is judged by its first bytes (`signatures.py`): object stores keep whatever Content-Type and Content-Encoding an upload had.
Where the socket may go is decided in `network.py`; what can go wrong is drawn in `fetch_errors.py`. No Django, no storage.
"""

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from providers.core.fetch_errors import (
    BadAddress,
    Blocked,
    Cut,
    Denied,
    Expired,
    FetchError,
    Gone,
    NotFound,
    OurLimit,
    TooLarge,
    TooSlow,
    Unavailable,
    WrongType,
)
from providers.core.network import Guard, NetworkPolicy, PacedDeadline, Resolver, guarded_pool, system_addresses
from providers.core.signatures import HEAD_BYTES, Expected, Stated, is_gzip, refusal

__all__ = [
    "BadAddress",
    "Blocked",
    "Cut",
    "Denied",
    "Expected",
    "Expired",
    "FetchError",
    "FetchTimeouts",
    "Fetched",
    "Gone",
    "NetworkPolicy",
    "NotFound",
    "OurLimit",
    "TooLarge",
    "TooSlow",
    "Unavailable",
    "WrongType",
    "safe_fetch",
]

BLOCK_BYTES = 1024 * 1024
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REFUSALS: dict[int, type[Denied]] = {401: Expired, 403: Expired, 404: NotFound, 410: Gone}
TRY_LATER = frozenset({408, 425, 429})
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, kw_only=True)
class FetchTimeouts:
    """Seconds: for a connection, between two bytes, for the whole fetch, and before a cut download goes on.

    A fetch that brings less than `bytes_per_s` on average of a window of `window_s` is too slow.
    """

    connect_s: float = 5.0
    stall_s: float = 15.0
    total_s: float = 900.0
    pause_s: float = 0.3
    bytes_per_s: int = 0
    window_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What was written; `content_type` and `etag` are as the server sent them, empty when it sent none.

    `end_is_known`: the server said where the body ends, by its length or by a last chunk, and it ended there.
    """

    size_bytes: int
    sha256: str
    content_type: str
    etag: str
    end_is_known: bool


def safe_fetch(
    url: str,
    *,
    to: BinaryIO,
    max_bytes: int,
    allow: NetworkPolicy,
    expected: Expected = "any",
    headers: Mapping[str, str] | None = None,
    timeouts: FetchTimeouts = FetchTimeouts(),
    tries: int = 4,
    resolve: Resolver = system_addresses,
) -> Fetched:
    """Download `url` into `to` (seekable, written from its present position) or raise a FetchError.

    `headers` go to the first origin only; a redirect to another host never carries them.
    """
    with PacedDeadline(timeouts.total_s, bytes_per_s=timeouts.bytes_per_s, window_s=timeouts.window_s) as deadline:
        guard = Guard(policy=allow, deadline=deadline, connect_s=timeouts.connect_s, resolve=resolve)
        web = _Web(guard=guard, stall_s=timeouts.stall_s)
        download = _Download(
            web, url, arrived=deadline.progress, to=to, max_bytes=max_bytes, expected=expected, headers=dict(headers or {})
        )
        for attempt in range(tries - 1):
            try:
                return download.attempt()
            except Cut:
                deadline.wait(timeouts.pause_s * 2**attempt)
        return download.attempt()


@dataclass(frozen=True, kw_only=True)
class _Web:
    """GET with hand-followed redirects over guarded sockets."""

    guard: Guard
    stall_s: float

    def get(self, url: str, own: dict[str, str], common: dict[str, str]) -> BaseHTTPResponse:
        """Follow redirects to a reply. `own` headers are for the origin of `url` alone, `common` ones go along."""
        first = target = _target(url)
        for _ in range(MAX_REDIRECTS + 1):
            is_own = bool(own) and _origin(target) == _origin(first)
            reply = self._ask(target, common | (own if is_own else {}), is_own=is_own)
            if reply.status not in REDIRECTS:
                return reply
            reply.close()
            target = _target(reply.headers.get("Location", ""), base=target.url)
        raise BadAddress(f"{first.host} redirects more than {MAX_REDIRECTS} times", code="too_many_redirects")

    def _ask(self, target: Url, headers: dict[str, str], *, is_own: bool) -> BaseHTTPResponse:
        """Ask over https first: object storages serve both, also where a vendor hands out http addresses.

        Where plain http is allowed, the account's own service is asked as its address says: on a local network another server may answer
        over https.
        """
        may_be_plain = self.guard.policy.allow_http
        if target.scheme == "http" and not (may_be_plain and (is_own or target.port not in {None, 80})):
            try:
                return self._send(_secured(target), headers)
            except Unavailable as error:
                if error.code == "no_address":
                    raise
                if not may_be_plain:
                    raise Blocked(f"{target.host} does not answer over https, and plain http is not allowed", code="plain_http") from error
        return self._send(target, headers)

    def _send(self, target: Url, headers: dict[str, str]) -> BaseHTTPResponse:
        scheme, host, port = _origin(target)
        pool = guarded_pool(scheme, host, port, self.guard)
        with self.errors(Unavailable, f"{host} did not answer"):
            return pool.urlopen(
                "GET",
                target.request_uri,
                headers=headers,
                redirect=False,
                retries=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=self.guard.connect_s, read=self.stall_s),
            )

    @contextmanager
    def errors(self, kind: type[FetchError], message: str) -> Iterator[None]:
        try:
            yield
        except (HTTPError, OSError) as error:
            self.guard.deadline.check()
            raise kind(message) from error


class _Download:
    """One file over several attempts: what has been written, its hash, and the validator that lets it go on."""

    def __init__(
        self,
        web: _Web,
        url: str,
        *,
        arrived: Callable[[int], None],
        to: BinaryIO,
        max_bytes: int,
        expected: Expected,
        headers: dict[str, str],
    ) -> None:
        self._web, self._url, self._arrived, self._to, self._own_headers = web, url, arrived, to, headers
        self._max_bytes, self._expected = max_bytes, expected
        self._start = to.tell()
        self._restart()

    def attempt(self) -> Fetched:
        reply = self._web.get(self._url, self._own_headers, self._headers())
        with closing(reply):
            self._accept(reply)
            self._stated = Stated(content_type=reply.headers.get("Content-Type", ""), encoding=reply.headers.get("Content-Encoding", ""))
            total = self._announced(reply)
            self._copy(reply)
        self._check_end(total)
        content_type = reply.headers.get("Content-Type", "")
        return Fetched(
            size_bytes=self._size,
            sha256=self._hash.hexdigest(),
            content_type=content_type,
            etag=self._etag,
            end_is_known=total is not None or reply.chunked,
        )

    def _restart(self) -> None:
        self._received, self._size, self._etag, self._validator, self._hash = 0, 0, "", "", hashlib.sha256()
        self._head: bytes | None = b""
        self._unpacking: _Gzip | None = None
        self._to.seek(self._start)
        self._to.truncate()

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": "video-portal", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
        if self._received and self._validator:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._validator}
        return headers

    def _accept(self, reply: BaseHTTPResponse) -> None:
        """Take the reply as the start of the file or as its continuation; raise when it is neither."""
        if reply.status == 206 and self._continues(reply):
            return
        asked_for_rest = self._received > 0 and bool(self._validator)
        self._restart()
        if asked_for_rest and reply.status in {206, 416}:
            raise Cut("The file changed while it was being downloaded", code="changed")
        _check_status(reply)
        self._etag = reply.headers.get("ETag", "")
        # A weak ETag promises only similar bytes: not enough to join two halves.
        strong = "" if self._etag.startswith("W/") else self._etag
        self._validator = strong or reply.headers.get("Last-Modified", "")

    def _continues(self, reply: BaseHTTPResponse) -> bool:
        part = CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
        same = reply.headers.get("ETag", self._etag) == self._etag
        return self._received > 0 and same and part is not None and int(part[1]) == self._received

    def _announced(self, reply: BaseHTTPResponse) -> int | None:
        """Return how many bytes are announced in all, or None. Raise `TooLarge`."""
        length = reply.headers.get("Content-Length", "")
        if reply.headers.get("Transfer-Encoding") or not length.isdecimal():
            return None
        total = self._received + int(length)
        if total > self._max_bytes:
            raise TooLarge(f"The file has {total} bytes, {self._max_bytes} are allowed")
        return total

    def _copy(self, reply: BaseHTTPResponse) -> None:
        for block in self._blocks(reply):
            self._arrived(len(block))
            self._received += len(block)
            if self._head is None:
                self._write(block)
                continue
            self._head += block
            if len(self._head) >= HEAD_BYTES:
                self._judge()

    def _judge(self) -> None:
        """Look at the beginning of the file, and write it if it may be what was asked for. Compressed bytes are unpacked first."""
        head, self._head = self._head or b"", None
        if self._expected == "any":
            self._write(head)
            return
        if is_gzip(head):
            self._unpacking = _Gzip()
        why = refusal(self._unpacking.begin(head) if self._unpacking else head, self._expected, self._stated)
        if why is not None:
            raise WrongType(why.message, code=why.code)
        self._write(head)

    def _write(self, block: bytes) -> None:
        for plain in self._unpacking.unpack(block) if self._unpacking else (block,):
            if self._size + len(plain) > self._max_bytes:
                raise TooLarge(f"The file has more than the {self._max_bytes} bytes that are allowed")
            self._to.write(plain)
            self._hash.update(plain)
            self._size += len(plain)

    def _blocks(self, reply: BaseHTTPResponse) -> Iterator[bytes]:
        while True:
            self._web.guard.deadline.check()
            # read1 returns what has arrived: a slow server cannot hold a block back beyond the stall time.
            with self._web.errors(Cut, "The download broke off"):
                block = reply.read1(BLOCK_BYTES)
            if not block:
                return
            yield block

    def _check_end(self, total: int | None) -> None:
        self._web.guard.deadline.check()
        if total is not None and self._received < total:
            raise Cut(f"The download ended after {self._received} of {total} bytes")
        if self._received == 0:
            raise WrongType("The answer is empty", code="empty")
        if self._head is not None:
            self._judge()
        if self._unpacking and not self._unpacking.is_whole:
            raise Cut("The download ended inside its compressed data")


class _Gzip:
    """Unpacks gzip block by block, in pieces of at most `BLOCK_BYTES`, so that a bomb fills neither memory nor disk."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def is_whole(self) -> bool:
        return self._inner.eof

    def begin(self, head: bytes) -> bytes:
        """Return what the first bytes unpack to, without taking them."""
        return b"".join(_Gzip().unpack(head))[:HEAD_BYTES]

    def unpack(self, block: bytes) -> Iterator[bytes]:
        while block:
            if self._inner.eof:
                if not is_gzip(block):
                    return
                self._inner = zlib.decompressobj(wbits=31)  # a file may have several members (RFC 1952, 2.2)
            try:
                plain = self._inner.decompress(block, BLOCK_BYTES)
            except zlib.error as error:
                raise WrongType("The compressed file is damaged", code="encoded") from error
            block = self._inner.unconsumed_tail or self._inner.unused_data
            if plain:
                yield plain


def _target(url: str, *, base: str = "") -> Url:
    try:
        target = parse_url(urljoin(base, url))
    except (LocationParseError, UnicodeError, ValueError) as error:
        raise BadAddress("The address cannot be read") from error
    if not target.host or target.auth or target.scheme not in {"http", "https"}:
        raise BadAddress("Only plain http and https addresses can be fetched")
    return target


def _secured(target: Url) -> Url:
    return target._replace(scheme="https", port=None if target.port == 80 else target.port)


def _origin(target: Url) -> tuple[str, str, int]:
    scheme = target.scheme or "https"
    return scheme, target.host or "", target.port or (80 if scheme == "http" else 443)


def _check_status(reply: BaseHTTPResponse) -> None:
    status = reply.status
    if status == 200:
        return
    message = f"The server answered {status}"
    if status >= 500 or status in TRY_LATER:
        raise Unavailable(message, http_status=status)
    if 200 <= status < 300:
        raise WrongType(message, code="empty" if status == 204 else None, http_status=status)
    raise REFUSALS.get(status, Denied)(message, http_status=status)
