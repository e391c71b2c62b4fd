"""A real HTTP server on 127.0.0.1 that serves files well or badly, and remembers what it was asked."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = bytes(range(256)) * 1200
BODY_SHA256 = hashlib.sha256(BODY).hexdigest()
MP4 = b"\0\0\0\x20ftypisom" + BODY

Answer = Callable[["Handler"], None]


@dataclass
class FileServer:
    origin: str
    answers: dict[str, Answer]
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return self.origin + path

    def ranges(self) -> list[str | None]:
        return [headers.get("range") for _, headers in self.seen]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: FileServer

    def do_GET(self) -> None:
        self.files.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        with contextlib.suppress(ConnectionError):
            self.files.answers[self.path](self)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def reply(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def plain(body: bytes = BODY, **headers: str) -> Answer:
    return lambda web: web.reply(200, body, **({"Content_Type": "video/mp4"} | headers))


def in_turn(*answers: Answer) -> Answer:
    steps = iter(answers)

    def answer(web: Handler) -> None:
        next(steps)(web)

    return answer


def status(code: int) -> Answer:
    return lambda web: web.reply(code, b"no")


def redirect(location: str, code: int = 302) -> Answer:
    return lambda web: web.reply(code, Location=location)


def cut_at(*sizes: int, etag: str = '"one"', later_etag: str | None = None, ranged: bool = True, body: bytes = BODY) -> Answer:
    """The n-th request gets only sizes[n] bytes of what it asked for; the later ones get everything."""
    calls = iter(range(1000))

    def answer(web: Handler) -> None:
        call = next(calls)
        tag = etag if call == 0 or later_etag is None else later_etag
        start = _start_of(web, tag) if ranged else 0
        part = body[start:]
        sent = part[: sizes[call]] if call < len(sizes) else part
        web.send_response(206 if start else 200)
        if start:
            web.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        web.send_header("ETag", tag)
        web.send_header("Content-Type", "video/mp4")
        web.send_header("Content-Length", str(len(part)))
        web.end_headers()
        web.wfile.write(sent)
        web.close_connection = True

    return answer


def _start_of(web: Handler, etag: str) -> int:
    asked = web.headers.get("Range", "")
    if not asked or web.headers.get("If-Range") != etag:
        return 0
    return int(asked.removeprefix("bytes=").removesuffix("-"))


def steady(body: bytes, *, block: int, pause_s: float) -> Answer:
    """A whole file over a slow line."""

    def answer(web: Handler) -> None:
        web.send_response(200)
        web.send_header("Content-Length", str(len(body)))
        web.end_headers()
        for start in range(0, len(body), block):
            web.wfile.write(body[start : start + block])
            time.sleep(pause_s)

    return answer


def drip(pause_s: float, before_headers: bool = False, first: int = 0) -> Answer:
    """One byte at a time, behind the `first` bytes, for as long as anybody listens."""

    def answer(web: Handler) -> None:
        if not before_headers:
            web.send_response(200)
            web.send_header("Content-Length", "100000")
            web.end_headers()
            web.wfile.write(bytes(first))
        for _ in range(400):
            web.wfile.write(b"H" if before_headers else b"\x00")
            web.wfile.flush()
            time.sleep(pause_s)

    return answer


def chunked(*blocks: bytes, finished: bool = True) -> Answer:
    def answer(web: Handler) -> None:
        web.send_response(200)
        web.send_header("Transfer-Encoding", "chunked")
        web.end_headers()
        for block in blocks:
            web.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        if finished:
            web.wfile.write(b"0\r\n\r\n")
        web.close_connection = True

    return answer


def unannounced(body: bytes = BODY) -> Answer:
    def answer(web: Handler) -> None:
        web.send_response(200)
        web.send_header("Connection", "close")
        web.end_headers()
        web.wfile.write(body)
        web.close_connection = True

    return answer


@contextlib.contextmanager
def serving() -> Iterator[FileServer]:
    handler = type("BoundHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    files = FileServer(origin=f"http://127.0.0.1:{server.server_port}", answers={})
    handler.files = files
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
