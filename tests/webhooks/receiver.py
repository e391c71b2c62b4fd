"""A receiver of webhooks on loopback: keeps what arrives, and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Return the JSON, checked as receivers do. Raises `WebhookVerificationError`."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass(frozen=True, kw_only=True)
class Says:
    """An answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Receiver:
    """Use as a context manager. `answers(path, count)` says what the request with this number (from 0) at this path is answered."""

    def __init__(self, answers: Callable[[str, int], Says] = lambda _path, _count: Says()) -> None:
        self.answers = answers
        self.arrivals: list[Arrival] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                says = receiver.arrived(Arrival(path=self.path, headers={k.lower(): v for k, v in self.headers.items()}, body=body))
                self.send_response(says.status)
                for name, value in {"Content-Length": str(len(says.body)), **says.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(says.body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def arrived(self, arrival: Arrival) -> Says:
        with self._lock:
            count = sum(one.path == arrival.path for one in self.arrivals)
            self.arrivals.append(arrival)
        return self.answers(arrival.path, count)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
