"""A receiver of callbacks: keeps what arrives, and answers as the test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 60
Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class Listener:
    """`received` holds the headers, in lower case, and the raw body of each call in turn."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/cb"
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answer: Answer = lambda _body: (200, b"")
        self._received = threading.Semaphore(0)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for _headers, raw in self.received]

    def receives(self, calls: int) -> bool:
        """Return whether this many more calls arrive, and are answered, within `PATIENCE_S` each."""
        return all(self._received.acquire(timeout=PATIENCE_S) for _ in range(calls))

    def take(self, call: BaseHTTPRequestHandler) -> None:
        raw = call.rfile.read(int(call.headers["Content-Length"]))
        self.received.append(({name.lower(): value for name, value in call.headers.items()}, raw))
        status, words = self.answer(json.loads(raw))
        call.send_response(status)
        call.end_headers()
        call.wfile.write(words)
        self._received.release()


@contextmanager
def listening() -> Iterator[Listener]:
    """Yield a listener on a free port of this machine."""

    class Call(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listener.take(self)

        def log_message(self, *_arguments: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
    listener = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
