"""One exchange of the hostile server with a client: what was asked, what the simulator answered to it, and how to answer something else."""

from __future__ import annotations

import contextlib
import http.client
import re
import select
import socket
import ssl
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["MARK", "PAST_PATIENCE_S", "Answer", "Request", "Talk", "render"]

MARK = re.compile(rb"hostile ([a-z0-9-]+) (\d{6})")
"""The prompt's first words: kind and number. A request that carries them is the paid one."""
PAST_PATIENCE_S = 1.4
"""Longer than the accounts' read timeout of a second."""
LONGEST_HANG_S = 6.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"}
REASONS = http.client.responses

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a client sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def order(self) -> str:
        """Return the number of the task that pays with this request; empty when it pays for nothing."""
        found = MARK.search(self.body)
        return found[2].decode() if found else ""

    @property
    def is_download(self) -> bool:
        return self.method == "GET" and (self.path.startswith("/media/") or self.path.endswith("/content"))

    @property
    def host(self) -> str:
        return next((value for name, value in self.headers if name.lower() == "host"), "")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the simulator answered."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(kw_only=True)
class Talk:
    """The argument of a kind's function. `good` is the simulator's answer, where the request was let through to it."""

    connection: socket.socket
    simulator: str
    other: str
    """The base URL of another host, which lets everything through to the simulator."""
    request: Request = field(default_factory=lambda: Request(method="", target="", headers=()))
    good: Answer = field(default_factory=lambda: Answer(status=0))
    is_idle: bool = False
    """Set by a kind that had nothing to spoil here, so that it does not count as a strike."""

    def say(self, *parts: bytes) -> None:
        """Send bytes as they are."""
        for part in parts:
            self.connection.sendall(part)

    def answer(self, body: bytes = b"", status: int = 200, *headers: tuple[str, str], kind: str = "application/json") -> None:
        """Send a well-formed answer."""
        self.say(render(status, [("Content-Type", kind), *headers], body))

    def relay(self) -> None:
        """Send the simulator's answer as it came."""
        self.say(render(self.good.status, self.good.headers, self.good.body))

    def reset(self) -> None:
        """End the connection with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def plaintext(self, *parts: bytes) -> None:
        """Send bytes below TLS."""
        with socket.socket(fileno=socket.dup(self.connection.fileno())) as bare:
            for part in parts:
                bare.sendall(part)

    def hang(self) -> None:
        """Keep silent until the client has gone."""
        until = time.monotonic() + LONGEST_HANG_S
        while time.monotonic() < until:
            if select.select([self.connection], [], [], 0.2)[0] and not self._still_there():
                return

    def _still_there(self) -> bool:
        with contextlib.suppress(ssl.SSLWantReadError):
            return bool(self.connection.recv(65_536))
        return True

    def forward(self, *more: tuple[str, str], target: str = "") -> Answer:
        """Send the request on to the simulator. Pays where it is a paid one, unless a fault header refuses it."""
        request = self.request
        kept = {name: value for name, value in request.headers if name.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(urlsplit(self.simulator).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request(request.method, target or request.target, body=request.body or None, headers={**kept, **dict(more)})
            reply = connection.getresponse()
            headers = tuple((name, value) for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP)
            body = reply.read()
        if isinstance(self.connection, ssl.SSLSocket):  # the simulator takes its own scheme for the host's
            body = body.replace(f"http://{request.host}/".encode(), f"https://{request.host}/".encode())
        return Answer(status=reply.status, headers=headers, body=body)


def render(status: int, headers: Headers, body: bytes, *, length: str | None = None) -> bytes:
    """Return one HTTP/1.1 answer as bytes; `length` overrides the Content-Length."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Odd')}", *(f"{name}: {value}" for name, value in headers)]
    lines += [f"Content-Length: {len(body) if length is None else length}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body
