"""`HttpsFront`: https before a server of this machine, as a proxy stands before an installation. Whatever names that server names the front
instead, as PORTAL_PUBLIC_URL would have it; in requests it is the other way round.
"""

from __future__ import annotations

import ssl
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.certificates import self_signed

__all__ = ["HttpsFront"]

NAME = "portal.example"
OF_ONE_LINE = frozenset({"connection", "transfer-encoding", "content-length", "host", "accept-encoding"})
"""Headers that the front writes for itself. It asks for no compression, because it reads what it forwards."""
ANSWERED_WITHIN_S = 90.0


class HttpsFront:
    """Use as a context manager. `certificate` is the file (PEM) that clients must trust; it is for 127.0.0.1 and `portal.example`."""

    def __init__(self, behind: str, folder: Path) -> None:
        self.certificate = self_signed(folder, NAME)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self._server = _Server(("127.0.0.1", 0), _forwarding_to(behind))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing about a client that hung up or does not trust the certificate: it says so itself."""


def _forwarding_to(behind: str) -> type[BaseHTTPRequestHandler]:
    class Forwarding(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            ours = f"https://{self.headers['Host']}"
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).replace(ours.encode(), behind.encode())
            kept = {name: value for name, value in self.headers.items() if name.lower() not in OF_ONE_LINE}
            line = HTTPConnection(urlsplit(behind).netloc, timeout=ANSWERED_WITHIN_S)
            line.request(self.command, self.path, body or None, kept)
            reply = line.getresponse()
            content = reply.read().replace(behind.encode(), ours.encode())
            self.send_response_only(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in OF_ONE_LINE:
                    self.send_header(name, value.replace(behind, ours))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            line.close()

        do_GET = do_POST = do_DELETE = _forward  # noqa: N815 - the names that the standard library calls

        def log_message(self, *_words: object) -> None:
            """Print nothing."""

    return Forwarding
