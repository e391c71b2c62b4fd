"""`python -m tests.hostile.server SIMULATOR_URL CERTIFICATES`: one listener for each kind, in front of a simulator. Prints where they are.

The simulator's ledger counts what was paid: a kind decides whether the request reaches it, and what the client gets as an answer.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from zlib import crc32

from tests.hostile.certificates import context_of
from tests.hostile.kinds import Kind, Stage, all_kinds
from tests.hostile.talk import MARK, Request, Talk

EVERY_NTH_CONNECTION = 3
"""One of so many is served where a kind strikes before it can know the order."""
COUNTS = "/_hostile/strikes"


WAIT_S = 10.0


class Hostile:
    """The server's memory: how often each kind struck whom."""

    def __init__(self, simulator: str, certificates: Path) -> None:
        self.simulator, self.certificates = simulator, certificates
        self.kinds = all_kinds()
        self.strikes: Counter[str] = Counter()
        self.other = ""
        self._struck: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def open(self) -> dict[str, str]:
        """Start to listen. Returns the base URL of each kind."""
        self.other = self._listen(None)
        return {name: self._listen(one) for name, one in self.kinds.items()}

    def _listen(self, kind: Kind | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self._accept, args=(listener, kind), daemon=True).start()
        scheme = "https" if kind is not None and kind.tls else "http"
        return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"

    def _accept(self, listener: socket.socket, kind: Kind | None) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection, kind), daemon=True).start()

    def _serve(self, connection: socket.socket, kind: Kind | None) -> None:
        connection.settimeout(WAIT_S)
        talk = Talk(connection=connection, simulator=self.simulator, other=self.other)
        with contextlib.suppress(OSError, ValueError, EOFError):
            try:
                self._talk(talk, kind)
            finally:
                talk.connection.close()

    def _talk(self, talk: Talk, kind: Kind | None) -> None:
        if kind is not None and kind.stage is Stage.CONNECT and self._strikes_connection(kind):
            self._strike(talk, kind)
            return
        if kind is not None and kind.tls:
            try:
                talk.connection = context_of(self.certificates, kind.certificate).wrap_socket(talk.connection, server_side=True)
            except ssl.SSLError:  # the client rejected the certificate in the handshake: that is the strike
                self._count_strike(kind)
                raise
        if kind is not None and kind.stage is Stage.SENDING and self._strikes_unread(talk, kind):
            self._strike(talk, kind)
            return
        talk.request = _read(talk.connection)
        if talk.request.path == COUNTS:
            talk.answer(json.dumps(self.strikes).encode())
        else:
            self._answer(talk, kind)

    def _strikes_connection(self, kind: Kind) -> bool:
        with self._lock:
            self._struck[kind.name, ""] += 1
            return self._struck[kind.name, ""] % EVERY_NTH_CONNECTION != 0

    def _strikes_unread(self, talk: Talk, kind: Kind) -> bool:
        order = _peeked_order(talk.connection)
        return bool(order) and self._may_strike(kind, order, kind.times)

    def _answer(self, talk: Talk, kind: Kind | None) -> None:
        request = talk.request
        if kind is None:
            talk.good = talk.forward()
            talk.relay()
        elif request.order:
            self._answer_order(talk, kind)
        else:
            self._answer_question(talk, kind)

    def _answer_order(self, talk: Talk, kind: Kind) -> None:
        order = talk.request.order
        if kind.stage is Stage.REFUSED and self._may_strike(kind, order, kind.times):
            self._strike(talk, kind)
            return
        talk.good = talk.forward()
        accepted = talk.good.status < 300
        if kind.stage in {Stage.PAID, Stage.DENIED} and accepted and self._may_strike(kind, order, kind.times):
            self._strike(talk, kind)
        elif kind.stage is Stage.LOOK_UP and accepted and self._may_strike(kind, order, 1):
            talk.reset()
        else:
            talk.relay()

    def _answer_question(self, talk: Talk, kind: Kind) -> None:
        request = talk.request
        mine = Stage.DOWNLOAD if request.is_download else Stage.ASK
        strikes_here = kind.stage is mine or (kind.stage is Stage.LOOK_UP and mine is Stage.ASK)
        key = f"{request.method} {request.target} {crc32(request.body)}"
        talk.good = talk.forward()
        if strikes_here and self._may_strike(kind, key, kind.times):
            self._strike(talk, kind)
        else:
            talk.relay()

    def _may_strike(self, kind: Kind, key: str, times: int) -> bool:
        with self._lock:
            self._struck[kind.name, key] += 1
            return self._struck[kind.name, key] <= times

    def _strike(self, talk: Talk, kind: Kind) -> None:
        try:
            kind.act(talk)
        finally:
            if not talk.is_idle:
                self._count_strike(kind)

    def _count_strike(self, kind: Kind) -> None:
        with self._lock:
            self.strikes[kind.name] += 1


def _peeked_order(connection: socket.socket) -> str:
    """The order of a paid request that stays unread; empty when it pays for nothing."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        seen = connection.recv(1 << 20, socket.MSG_PEEK)
        if found := MARK.search(seen):
            return found[2].decode()
        head, end, body = seen.partition(b"\r\n\r\n")
        if not seen or (end and len(body) >= _length(_headers(head.split(b"\r\n")[1:]))):
            return ""
        time.sleep(0.01)
    return ""


def _read(connection: socket.socket) -> Request:
    seen = b""
    while b"\r\n\r\n" not in seen:
        block = connection.recv(65_536)
        if not block:
            raise EOFError
        seen += block
    head, _, body = seen.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers, (method, target, _version) = _headers(lines), first.decode("latin-1").split(" ")
    while len(body) < _length(headers):
        if not (block := connection.recv(1 << 20)):
            raise EOFError
        body += block
    return Request(method=method, target=target, headers=headers, body=body)


def _headers(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return tuple((name, value.strip()) for name, _, value in pairs)


def _length(headers: tuple[tuple[str, str], ...]) -> int:
    return next((int(value) for name, value in headers if name.lower() == "content-length"), 0)


def main() -> None:
    hostile = Hostile(sys.argv[1], Path(sys.argv[2]))
    urls = hostile.open()
    print(json.dumps({"kinds": urls, "other": hostile.other}), flush=True)
    sys.stdin.read()  # ends with its parent


if __name__ == "__main__":
    main()
