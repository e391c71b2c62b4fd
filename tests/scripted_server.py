"""A server on loopback that follows a script, one action for each connection: for what a well-behaved server never does."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Action = Callable[[socket.socket, threading.Event], None]


def answer(status: int, body: bytes = b"", *, headers: str = "", length: int | None = None) -> Action:
    """Give a plain answer; `length` overrides the Content-Length, to announce more than is sent."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        size = len(body) if length is None else length
        connection.sendall(f"HTTP/1.1 {status} Said\r\nContent-Length: {size}\r\nConnection: close\r\n{headers}\r\n".encode() + body)

    return act


def reset(connection: socket.socket, stop: threading.Event) -> None:
    """Close with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def raw(*pieces: bytes) -> Action:
    """Send exactly these bytes."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return act


def plain_on_tls(connection: socket.socket, stop: threading.Event) -> None:
    """Send plain text on an encrypted connection, as a proxy may that has lost its backend."""
    with socket.socket(fileno=os.dup(connection.fileno())) as beneath:
        beneath.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


def storm(piece: bytes) -> Action:
    """Send the same again and again, for as long as the client listens."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            connection.sendall(piece)

    return act


def close(connection: socket.socket, stop: threading.Event) -> None:
    """Close without a word."""


def hang(connection: socket.socket, stop: threading.Event) -> None:
    """Say nothing until the test is over."""
    stop.wait(30)


def drip(connection: socket.socket, stop: threading.Event) -> None:
    """Send one byte at a time, always just before the client times out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not stop.wait(0.03):
        try:
            connection.sendall(b"x")
        except OSError:
            return


class ScriptedServer:
    """Use as a context manager; `requests` holds what arrived, raw."""

    def __init__(self, *script: Action, tls: ssl.SSLContext | None = None, reads_body: bool = True) -> None:
        self._tls, self._reads_body = tls, reads_body
        self.requests: list[bytes] = []
        self._script = list(script)
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(5)
        self._listener.close()

    def _accept(self) -> socket.socket | None:
        """Return the next connection, or None once the test is over; one that came before that is taken also afterwards."""
        while True:
            is_over = self._stop.is_set()
            try:
                return self._listener.accept()[0]
            except TimeoutError:
                if is_over:
                    return None

    def _serve(self) -> None:
        for action in self._script:
            connection = self._accept()
            if connection is None:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self._play(connection, action)
                except OSError:
                    continue

    def _play(self, connection: socket.socket, action: Action) -> None:
        if self._tls is None:
            self.requests.append(_read_request(connection, whole=self._reads_body))
            action(connection, self._stop)
            return
        with self._tls.wrap_socket(connection, server_side=True) as wrapped:
            self.requests.append(_read_request(wrapped))
            action(wrapped, self._stop)


def _read_request(connection: socket.socket, *, whole: bool = True) -> bytes:
    seen = b""
    while b"\r\n\r\n" not in seen:
        block = connection.recv(65_536)
        if not block or seen[:1] == b"\x16" or block[:1] == b"\x16":  # a TLS hello: there will be no blank line
            return seen + block
        seen += block
    head, _, body = seen.partition(b"\r\n\r\n")
    wanted = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while whole and len(body) < wanted:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
