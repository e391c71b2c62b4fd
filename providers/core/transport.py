"""Exchanges HTTP requests with vendors: one blocking transport (urllib3) and one concurrent (aiohttp).

Both raise `TransportFailure`, whose `sent` says whether the vendor may have received the request.
"""

from __future__ import annotations

import json
import logging
import socket
import ssl
import time
import zlib
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import certifi
from aiohttp import AddrInfoType
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata
from urllib3.util import Url, parse_url

from providers.core.fetch_errors import Blocked, FetchError
from providers.core.messages import Message, say
from providers.core.network import (
    Deadline,
    Guard,
    GuardedHTTPConnection,
    GuardedHTTPSConnection,
    NetworkPolicy,
)
from providers.core.redact import redact_url
from providers.core.types import Part, WireReply, WireRequest

__all__ = ["BlockingTransport", "ConcurrentTransport", "Timeouts", "TransportFailure"]

log = logging.getLogger("providers.wire")

MAX_REPLY_BYTES = 8 * 1024 * 1024
BLOCK_BYTES = 64 * 1024
USER_AGENT = "VideoPortal/0.1"
ANY_BUT_METADATA = NetworkPolicy(allow_cidrs=("0.0.0.0/0", "::/0"))
"""An administrator chose the account's address: services in the local network are meant, metadata services are not."""
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class TransportFailure(Exception):
    """No usable answer came back. `sent` is False only when the request surely never left; `host_unknown`: no such name."""

    def __init__(self, message: str | Message, *, sent: bool, host_unknown: bool = False) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.words = Message.of(message)
        self.sent = sent
        self.host_unknown = host_unknown


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds to wait for a connection and for the answer, per account."""

    connect_s: float = 5.0
    read_s: float = 30.0
    total_s: float | None = None
    """One deadline over all phases together, in place of one for each."""

    def send_s(self, body_bytes: int) -> float:
        """Return the seconds that sending a body may take: images go up slow lines too (half a megabit a second)."""
        return 10.0 + body_bytes / 64_000


def _url(base_url: str, path: str) -> str:
    return path if "://" in path else f"{base_url.rstrip('/')}/{path.lstrip('/')}"


def _headers(request: WireRequest) -> dict[str, str]:
    return {"User-Agent": USER_AGENT, "Accept": "application/json", **request.headers}


def _log(request: WireRequest, url: str, outcome: object, started: float) -> None:
    log.debug("%s %s -> %s in %d ms", request.method, redact_url(url), outcome, (time.monotonic() - started) * 1000)


@cache
def _trust() -> ssl.SSLContext:
    """Trust certifi's authorities and the system's, so that a company's own can be added (SSL_CERT_FILE)."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class _Recorded:
    """A connection that records when the first byte of its request may have left. Nothing else shows it: a failed
    handshake and a broken answer raise the same classes.
    """

    _guard: Guard
    request_left = False

    def send(self, data: Any) -> None:
        """Send, or raise `TooSlow` before the first byte when time is over: a process that was paused must not send late."""
        if not self.request_left:
            self._guard.deadline.check()
        self.request_left = True  # before the call: it may fail after some bytes
        super().send(data)  # type: ignore[misc]


class _Plain(_Recorded, GuardedHTTPConnection):
    """HTTP."""


class _Secure(_Recorded, GuardedHTTPSConnection):
    """HTTPS."""


@dataclass(frozen=True, kw_only=True)
class BlockingTransport:
    """One request, one fresh connection: a paid request never rides on a connection that may already be half closed."""

    base_url: str
    timeouts: Timeouts = field(default_factory=Timeouts)
    policy: NetworkPolicy = ANY_BUT_METADATA
    cut_at: int | None = None
    """Read no more than so many bytes of an answer, and give back what was read; None: an answer over the cap is a failure."""

    def send(self, request: WireRequest) -> WireReply:
        """Return the answer, whatever its status; follow no redirect. Raise `TransportFailure` when there is none."""
        url, started = _url(self.base_url, request.path), time.monotonic()
        try:
            reply = self._exchange(request, url)
        except TransportFailure as failure:
            _log(request, url, failure.message, started)
            raise
        _log(request, url, reply.status, started)
        return reply

    def _exchange(self, request: WireRequest, url: str) -> WireReply:
        try:
            target, (body, headers) = _target(url, request), _encoded(request)
        except ValueError as error:  # LocationParseError too
            raise TransportFailure(say("address_invalid"), sent=False) from error
        limits, send_s = self.timeouts, self.timeouts.send_s(len(body or b""))
        with Deadline(limits.total_s or limits.connect_s + send_s) as deadline, closing(self._connection(target, deadline)) as connection:
            try:
                connection.connect()
                connection.timeout = send_s
                with suppress(BrokenPipeError, ConnectionResetError):  # a refusal may have come before the body was through
                    connection.request(
                        request.method, target.request_uri, body=body, headers=headers, preload_content=False, decode_content=False
                    )
                connection.timeout = limits.read_s
                if limits.total_s is None:
                    deadline.restart(limits.read_s)  # the read timeout counts from byte to byte, and a dripping answer has no end
                answer = connection.getresponse()
                reply_headers = {name.lower(): answer.headers[name] for name in answer.headers}
                return _reply(answer.status, reply_headers, _read_capped(answer, self.cut_at), cut_at=self.cut_at)
            except (HTTPError, HTTPException, FetchError, OSError, ValueError) as error:
                sent = connection.request_left
                message = _gist(error, sent=sent, too_late=deadline.is_over)
                raise TransportFailure(message, sent=sent, host_unknown=_is_unnamed(error)) from error

    def _connection(self, target: Url, deadline: Deadline) -> _Plain | _Secure:
        guard = Guard(policy=self.policy, deadline=deadline, connect_s=self.timeouts.connect_s)
        host, connect_s = (target.host or "").strip("[]"), self.timeouts.connect_s
        if target.scheme == "http":
            return _Plain(host, target.port or 80, guard=guard, timeout=connect_s)
        return _Secure(host, target.port or 443, guard=guard, timeout=connect_s, ssl_context=_trust())


def _target(url: str, request: WireRequest) -> Url:
    """Return the address with its query, normalised. Raise ValueError."""
    query = urlencode(request.query, doseq=True)
    target = parse_url(url + ("&" if "?" in url else "?") + query if query else url)
    if target.scheme not in {"http", "https"} or not target.host or target.auth:
        raise ValueError("no address of a server")
    return target


def _encoded(request: WireRequest) -> tuple[bytes | None, dict[str, str]]:
    """Return body and headers. Raise ValueError for NaN and infinity, which JSON does not have."""
    body, kind = request.content, ""
    if request.json is not None:
        body, kind = json.dumps(request.json, allow_nan=False).encode(), "application/json"
    elif request.parts:
        body, kind = encode_multipart_formdata([_field(part) for part in request.parts])
    headers = _headers(request)
    if kind and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return body, {**headers, "Connection": "close"}


def _field(part: Part) -> RequestField:
    field = RequestField(part.name, part.content, filename=part.filename or None)
    field.make_multipart(content_type=part.content_type or None)
    return field


def _read_capped(answer: BaseHTTPResponse, cut_at: int | None) -> bytes:
    """Return the body up to a byte past the cap."""
    body, most = bytearray(), MAX_REPLY_BYTES if cut_at is None else cut_at
    while len(body) <= most and (block := answer.read1(BLOCK_BYTES, decode_content=False)):
        body += block
    return bytes(body)


def _reply(status: int, headers: dict[str, str], body: bytes, *, cut_at: int | None = None) -> WireReply:
    whole = _unpacked(body, headers.get("content-encoding", ""))[:cut_at]
    if len(whole) > MAX_REPLY_BYTES:
        raise TransportFailure(say("answer_too_large"), sent=True)
    return WireReply(status=status, headers=headers, body=whole)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Unpack a gzip or deflate body, up to a byte past the cap. Return anything else as it came, also if only the header is wrong."""
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    try:
        return zlib.decompressobj(GZIP_OR_ZLIB).decompress(body, MAX_REPLY_BYTES + 1)
    except zlib.error:
        return body


def _is_unnamed(error: BaseException) -> bool:
    """Return whether the name was looked up and has no address."""
    return isinstance(error, FetchError) and error.code == "no_address"


def _gist(error: BaseException, *, sent: bool, too_late: bool = False) -> Message:
    """Return a sentence without URL or object addresses."""
    cause = error.__cause__ if isinstance(error, FetchError) else error
    late = too_late or isinstance(cause, TimeoutError) or "Timeout" in type(error).__name__
    if _is_unnamed(error) or isinstance(error, aiohttp.ClientConnectorDNSError):
        return say("host_unknown")
    if isinstance(error, Blocked):
        return say("address_blocked")
    if late:
        return say("no_answer_in_time") if sent else say("no_connection_in_time")
    if sent:
        return say("connection_broke", error=type(error).__name__)
    if isinstance(cause, ssl.SSLError) or "SSL" in type(error).__name__:
        return say("tls_failed")
    if isinstance(error, ValueError):  # http.client writes headers as latin-1: a key with a full-width character ends here
        return say("header_unsendable")
    return say("connection_refused")


class ConcurrentTransport:
    """Many requests at once over kept connections. For requests that cost nothing; use as an async context manager."""

    def __init__(self, *, timeouts: Timeouts | None = None, limit: int = 256) -> None:
        limits = timeouts or Timeouts()
        self._timeout = aiohttp.ClientTimeout(
            total=limits.connect_s + limits.read_s, sock_connect=limits.connect_s, sock_read=limits.read_s
        )
        self._limit = limit
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._limit, ttl_dns_cache=60, family=socket.AF_UNSPEC, ssl=_trust(), socket_factory=_no_metadata_socket
        )
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, base_url: str, request: WireRequest) -> WireReply:
        """Return the answer, whatever its status; follow no redirect. Raise `TransportFailure` when there is none."""
        if self._session is None:
            raise RuntimeError("use `async with ConcurrentTransport()`")
        url = _url(base_url, request.path)
        try:
            async with self._session.request(
                request.method,
                url,
                params=dict(request.query),
                json=request.json,
                data=request.content,
                headers=dict(_headers(request)),
                allow_redirects=False,
            ) as answer:
                body = await _read_block_by_block(answer)
                return _reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            never_left = isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL))
            raise TransportFailure(_gist(error, sent=not never_left), sent=not never_left) from error


def _no_metadata_socket(info: AddrInfoType) -> socket.socket:
    """Open a socket for one of the addresses of an account's host. Raise OSError for a metadata service."""
    family, kind, protocol, _name, address = info
    if not ANY_BUT_METADATA.permits(str(address[0]), 0):
        raise OSError("an address of a metadata service")
    return socket.socket(family, kind, protocol)


async def _read_block_by_block(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body up to a byte past the cap, so that no answer can fill the memory."""
    body = bytearray()
    async for block in answer.content.iter_chunked(BLOCK_BYTES):
        body += block
        if len(body) > MAX_REPLY_BYTES:
            break
    return bytes(body)
