"""The gunicorn worker of the web process: gunicorn manages processes, waitress speaks HTTP (docs/adr/0013).

One event loop per process reads complete requests and writes complete answers. A request gets a thread only when it has arrived completely,
and the thread is free as soon as the answer is made: a client that sends or reads slowly costs a socket and nothing else. Nor does one that
waits for its task (`delivery.waiting`): its request leaves the thread and runs again when its answer can be made.
"""

from __future__ import annotations

import copy
import os
import resource
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error
from waitress.wasyncore import loop

from delivery.request_ids import HEADER, a_request

__all__ = ["BufferingWorker"]

TURN_S = 1.0
TURN_BYTES = 1024 * 1024
HEADER_BYTES = 32 * 1024
MOST_CONNECTIONS = 4096
IDLE_S = 60
SMALL_WITHIN_S = 30
LARGE_WITHIN_S = 600


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request as it arrives. Without credentials it must be small and has less time, so that no stranger's upload is spooled to disk.

    Whether the credentials are valid is checked later (`security.body_limits`).
    """

    waiter: Any = None
    """A request that waits, as its first run left it."""

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.adj = adj
        self.arrived = time.monotonic()
        self.due_at = self.arrived + SMALL_WITHIN_S

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        has_token = "AUTHORIZATION" in self.headers or "X_API_KEY" in self.headers
        if has_token or f"{settings.SESSION_COOKIE_NAME}=" in self.headers.get("COOKIE", ""):
            self.due_at += LARGE_WITHIN_S
            if self.path in settings.BATCH_UPLOADS:
                self.adj = copy.copy(self.adj)
                self.adj.max_request_body_size = settings.MAX_BATCH_BYTES + 1
        else:
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = settings.MAX_ANONYMOUS_BYTES + 1
        if self.body_rcv is None or self.content_length >= self.adj.max_request_body_size:
            self.expect_continue = False  # waitress would ask for a body that never comes, and read the next request into this one


class Answer(WSGITask):  # type: ignore[misc]
    """The application's answer; for HEAD without the body, which Django leaves to its server."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["portal.arrived"] = self.request.arrived
        waiter = environ["portal.waiter"] = self.request.waiter
        if waiter is not None:
            environ["HTTP_X_REQUEST_ID"] = waiter.request_id
            environ["wsgi.input"].seek(0)
        return environ

    def write(self, data: bytes) -> None:
        super().write(b"" if self.request.command == "HEAD" else data)

    def set_close_on_finish(self) -> None:
        """Keep the connection after a 204 or 304: waitress ends it, because such an answer has no length, and each would cost a new one."""
        wants_end = self.version != "1.1" or self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or wants_end:
            super().set_close_on_finish()


class PutAside(BaseException):
    """Ends a run before its answer is written. waitress, which answers every `Exception` itself, keeps the request on its connection."""

    def __init__(self, waiter: Any) -> None:
        super().__init__()
        self.waiter = waiter


def _setting_aside(wsgi: Callable[..., Any]) -> Callable[..., Any]:
    """Return the application, with `PutAside` raised in place of the placeholders of `delivery.waiting`."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        response = wsgi(environ, start_response)
        if (waiter := getattr(response, "waiter", None)) is None:
            return response
        response.close()
        raise PutAside(waiter)

    return application


class JsonError(Error):  # type: ignore[misc]
    """A refusal in the shape of the API or the dialect that has the address (api/shapes.py)."""

    codes = {413: "too_large", 431: "too_large", 501: "not_implemented"}

    def __init__(self, error: Error, path: str) -> None:
        super().__init__(error.body)
        self.code, self.reason, self.path = error.code, error.reason, path

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:  # noqa: ARG002
        from api.errors import Failure
        from api.shapes import refused

        with a_request() as request_id:
            message = f"{self.reason}: {self.body}."
            answer = refused(self.path, Failure(status=self.code, code=self.codes.get(self.code, "bad_request"), message=message))
        headers = [("Content-Type", "application/json"), (HEADER, request_id)]
        return f"{answer.status_code} {answer.reason_phrase}", headers, answer.content


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to a request that is unreadable or too large: plain text for pages, JSON for programs."""

    def execute(self) -> None:
        from api.shapes import for_programs  # here, because the master imports this module without Django's apps

        path = getattr(self.request, "path", "")
        if "text/html" not in self.request.headers.get("ACCEPT", "") or for_programs(path):
            self.request.error = JsonError(self.request.error, path)
        super().execute()


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. A fast reader of a large file gives way to the others after each megabyte. While its request waits, it is read from,
    because only so the server sees that the client hangs up.
    """

    parser_class = Request
    task_class = Answer
    error_task_class = Refusal
    allowance = TURN_BYTES
    waits = False

    def service(self) -> None:
        self.waits = False
        request = self.requests[0]
        try:
            super().service()
        except PutAside as run:
            request.waiter = run.waiter
            self.waits = True
            self.server.pull_trigger()
            run.waiter.put_aside(partial(self.server.add_task, self))

    def readable(self) -> bool:
        return bool(super().readable()) or (self.waits and len(self.requests) == 1)

    def handle_close(self) -> None:
        super().handle_close()
        if self.waits:
            self.requests[0].waiter.hang_up()

    def handle_write(self) -> None:
        self.allowance = TURN_BYTES
        super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:
        if self.allowance <= 0:
            return 0
        sent: int = super().send(data, do_close=do_close)
        self.allowance -= sent
        return sent

    @property
    def caller(self) -> str:
        """Return who sent the request that is next on this connection."""
        headers = self.requests[0].headers
        token = headers.get("AUTHORIZATION", "").rpartition(" ")[2] or headers.get("X_API_KEY", "")  # either way it is one caller
        return str(token or headers.get("COOKIE") or self.addr[0])

    @property
    def is_busy(self) -> bool:
        """Return whether a request of this connection is being answered, or an answer sent."""
        return bool(self.requests or self.total_outbufs_len)


class Turns:
    """The requests that wait for a thread, instead of waitress's plain queue. Callers take turns: fifty requests of one token delay another
    caller by one. A caller is a token, a session or an address.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Channel]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def append(self, channel: Channel) -> None:
        self._waiting.setdefault(channel.caller, deque()).append(channel)

    def popleft(self) -> Channel:
        caller, channels = next(iter(self._waiting.items()))
        del self._waiting[caller]
        channel = channels.popleft()
        if channels:
            self._waiting[caller] = channels  # behind the others
        return channel


class BufferingWorker(Worker):  # type: ignore[misc]
    """`gunicorn -k videoportal.buffering.BufferingWorker`"""

    def run(self) -> None:
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.queue = Turns()
        dispatcher.set_thread_count(self.cfg.threads)
        sockets: dict[int, Any] = {}
        limits = _limits()
        application = _setting_aside(self.wsgi)
        servers = [create_server(application, map=sockets, _dispatcher=dispatcher, sockets=[it.sock], **limits) for it in self.sockets]
        for server in servers:
            server.channel_class = Channel
        while self.alive and os.getppid() == self.ppid:
            self._turn(sockets)
            _close_overdue(servers)
        self._drain(servers, sockets)

    def _turn(self, sockets: dict[int, Any]) -> None:
        self.notify()
        loop(timeout=TURN_S, use_poll=True, map=sockets, count=1)

    def _drain(self, servers: list[TcpWSGIServer], sockets: dict[int, Any]) -> None:
        """Answer the requests that have arrived, and close idle connections: a proxy keeps its own open and would go on asking."""
        from delivery.waiting import stop_waiting  # here, because the master imports this module without Django's apps

        until = time.monotonic() + self.cfg.graceful_timeout - TURN_S
        stop_waiting()
        for server in servers:
            server.del_channel(sockets)
        self._turn(sockets)
        while time.monotonic() < until and any(channel.is_busy for channel in _channels(servers)):
            for channel in _channels(servers):
                channel.will_close = channel.will_close or not (channel.is_busy or channel.request)
            self._turn(sockets)


def _close_overdue(servers: list[TcpWSGIServer]) -> None:
    """Close connections whose request is overdue: one that arrives byte by byte is never idle, so `channel_timeout` does not end it."""
    now = time.monotonic()
    for channel in _channels(servers):
        if channel.request is not None and not channel.requests and channel.request.due_at < now:
            channel.will_close = True


def _channels(servers: list[TcpWSGIServer]) -> list[Channel]:
    """Return the connections that exist now; a thread that cannot send may remove one at any time."""
    return [channel for server in servers for channel in list(server.active_channels.values())]


def _limits() -> dict[str, Any]:
    """Return waitress's adjustments. No thread waits for a reader: an answer that is not a file is buffered whole (high watermark)."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return {
        "ident": None,
        "max_request_header_size": HEADER_BYTES,
        "max_request_body_size": settings.MAX_BODY_BYTES + 1,
        "outbuf_high_watermark": sys.maxsize,
        "connection_limit": min(MOST_CONNECTIONS, hard // 2),
        "channel_timeout": IDLE_S,
        "cleanup_interval": 10,
        "clear_untrusted_proxy_headers": False,  # videoportal.security does, by PORTAL_TRUSTED_PROXIES
    }
