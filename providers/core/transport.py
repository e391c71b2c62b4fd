"""Opens the sockets for vendor calls: one blocking transport (requests) and one concurrent (aiohttp).

Both raise `TransportFailure`, whose `sent` says whether the vendor may have received the request.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationValueError, NameResolutionError, NewConnectionError, ReadTimeoutError

from providers.core.redact import redact_url
from providers.core.types import WireReply, WireRequest

__all__ = ["BlockingTransport", "ConcurrentTransport", "Timeouts", "TransportFailure"]

log = logging.getLogger("providers.wire")

MAX_REPLY_BYTES = 8 * 1024 * 1024
BLOCK_BYTES = 64 * 1024
HANDSHAKE_REASONS = frozenset(
    {
        "HTTP_REQUEST",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
USER_AGENT = "VideoPortal/0.1"


class TransportFailure(Exception):
    """No usable answer came back. `sent` is False only when the request surely never left; `host_unknown`: no such name."""

    def __init__(self, message: str, *, sent: bool, host_unknown: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.host_unknown = host_unknown


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds to wait for a connection and for the answer, per account."""

    connect_s: float = 5.0
    read_s: float = 30.0

    def send_s(self, body_bytes: int) -> float:
        """What sending a body may take: images go up slow lines too (half a megabit a second)."""
        return 10.0 + body_bytes / 64_000


def _url(base_url: str, path: str) -> str:
    return path if "://" in path else f"{base_url.rstrip('/')}/{path.lstrip('/')}"


def _headers(request: WireRequest) -> Mapping[str, str]:
    return {"User-Agent": USER_AGENT, "Accept": "application/json", **request.headers}


def _log(request: WireRequest, url: str, outcome: object, started: float) -> None:
    log.debug("%s %s -> %s in %d ms", request.method, redact_url(url), outcome, (time.monotonic() - started) * 1000)


@dataclass(frozen=True, kw_only=True)
class BlockingTransport:
    """One request, one fresh connection: a paid request never rides on a connection that may already be half closed."""

    base_url: str
    timeouts: Timeouts = field(default_factory=Timeouts)

    def send(self, request: WireRequest) -> WireReply:
        """The answer, whatever its status; `TransportFailure` when there is none."""
        url, started = _url(self.base_url, request.path), time.monotonic()
        try:
            reply = self._exchange(request, url)
        except requests.RequestException as error:
            _log(request, url, type(error).__name__, started)
            raise TransportFailure(_gist(error), sent=not _never_left(error), host_unknown=_is_unnamed(error)) from error
        except LocationValueError as error:  # requests lets this one of urllib3's through
            raise TransportFailure("The address is not valid; check the account's base URL.", sent=False) from error
        except UnicodeError as error:  # http.client writes headers as latin-1: a key with a full-width character ends here
            raise TransportFailure("A header cannot be sent; check the account's credentials.", sent=False) from error
        _log(request, url, reply.status, started)
        return reply

    def _exchange(self, request: WireRequest, url: str) -> WireReply:
        started = time.monotonic()
        with requests.Session() as session:
            session.trust_env = False
            patience_s = self.timeouts.send_s(_body_bytes(request))
            for scheme in ("http://", "https://"):
                session.mount(scheme, _PatientAdapter(patience_s))
            with session.request(
                request.method,
                url,
                params=dict(request.query),
                json=request.json,
                data=request.content,
                files=_files(request),
                headers=dict(_headers(request)),
                timeout=(self.timeouts.connect_s, self.timeouts.read_s),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = _read_capped(answer, started + self.timeouts.connect_s + self.timeouts.read_s)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return _reply(answer.status_code, headers, body)


def _body_bytes(request: WireRequest) -> int:
    """About how much goes up; JSON is measured by its longest texts, which is where images are."""
    if request.content is not None:
        return len(request.content)
    return sum(len(part.content) for part in request.parts) + _text_bytes(request.json)


def _text_bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_text_bytes(item) for item in value.values())
    return sum(_text_bytes(item) for item in value) if isinstance(value, (list, tuple)) else 0


class _PatientAdapter(HTTPAdapter):
    """urllib3 sends the body under the connect timeout; a large image over a slow line needs a time of its own."""

    def __init__(self, send_s: float) -> None:
        self._send_s = send_s
        super().__init__()

    def init_poolmanager(self, *words: Any, **options: Any) -> None:
        super().init_poolmanager(*words, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _patient(HTTPConnectionPool, HTTPConnection, self._send_s),
            "https": _patient(HTTPSConnectionPool, HTTPSConnection, self._send_s),
        }


def _patient(pool: type[HTTPConnectionPool], connection: type[HTTPConnection], send_s: float) -> type[HTTPConnectionPool]:
    """The same pool, whose connections give a body `send_s` seconds once they are made. The answer has the read timeout as before."""

    def connect(self: HTTPConnection) -> None:
        connection.connect(self)
        self.sock.settimeout(send_s)

    patient = type(f"Patient{connection.__name__}", (connection,), {"connect": connect})
    return type(f"Patient{pool.__name__}", (pool,), {"ConnectionCls": patient})


def _files(request: WireRequest) -> list[tuple[str, tuple[str | None, bytes, str]]] | None:
    """Multipart bodies as requests takes them."""
    return [(part.name, (part.filename or None, part.content, part.content_type)) for part in request.parts] or None


def _read_capped(answer: requests.Response, deadline: float) -> bytes:
    """The body up to a byte past the cap. The read timeout counts from byte to byte, so a dripping answer needs a deadline too."""
    body = bytearray()
    try:
        while len(body) <= MAX_REPLY_BYTES and (block := answer.raw.read1(BLOCK_BYTES, decode_content=True)):
            body += block
            if time.monotonic() > deadline:
                raise requests.ReadTimeout
    except ReadTimeoutError as error:
        raise requests.ReadTimeout from error
    except HTTPError as error:
        raise requests.ConnectionError from error
    return bytes(body)


def _reply(status: int, headers: dict[str, str], body: bytes) -> WireReply:
    if len(body) > MAX_REPLY_BYTES:
        raise TransportFailure("The vendor's answer is larger than 8 MiB.", sent=True)
    return WireReply(status=status, headers=headers, body=body)


def _never_left(error: requests.RequestException) -> bool:
    """True when no connection was made, so nothing can have been accepted."""
    faults = requests.exceptions
    if isinstance(error, (faults.ConnectTimeout, faults.InvalidURL, faults.MissingSchema, faults.InvalidSchema, faults.InvalidHeader)):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, faults.SSLError):
        return _handshake_failed(reason)
    return isinstance(reason, (NewConnectionError, NameResolutionError))


def _is_unnamed(error: requests.RequestException) -> bool:
    """The name was looked up and nobody has it."""
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NameResolutionError)


def _handshake_failed(reason: object) -> bool:
    """True for what only a handshake can say. A connection cut after the request is an SSL error too, and proves nothing."""
    cause = reason.args[0] if isinstance(reason, Exception) and reason.args else reason
    if isinstance(cause, ssl.SSLCertVerificationError):
        return True
    return isinstance(cause, ssl.SSLError) and getattr(cause, "reason", "") in HANDSHAKE_REASONS


def _gist(error: BaseException) -> str:
    """A sentence without URL or object addresses."""
    names = {
        "ConnectTimeout": "No connection within the time limit.",
        "ConnectionTimeoutError": "No connection within the time limit.",
        "ReadTimeout": "No answer within the time limit.",
        "SocketTimeoutError": "No answer within the time limit.",
        "SSLError": "The TLS handshake failed.",
        "ServerDisconnectedError": "The connection was closed before an answer came.",
        "ClientConnectorDNSError": "The host name is not known.",
        "ClientConnectorError": "The host refused the connection.",
    }
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NameResolutionError):
        return names["ClientConnectorDNSError"]
    if isinstance(reason, NewConnectionError):
        return names["ClientConnectorError"]
    return names.get(type(error).__name__, f"The connection broke ({type(error).__name__}).")


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
        connector = aiohttp.TCPConnector(limit=self._limit, ttl_dns_cache=60, family=socket.AF_UNSPEC)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, base_url: str, request: WireRequest) -> WireReply:
        """The answer, whatever its status; `TransportFailure` when there is none."""
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
            raise TransportFailure(_gist(error), sent=not never_left) from error


async def _read_block_by_block(answer: aiohttp.ClientResponse) -> bytes:
    """The body up to a byte past the cap, so that no answer can fill the memory."""
    body = bytearray()
    async for block in answer.content.iter_chunked(BLOCK_BYTES):
        body += block
        if len(body) > MAX_REPLY_BYTES:
            break
    return bytes(body)
