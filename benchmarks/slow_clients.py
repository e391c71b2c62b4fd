"""Clients that occupy a server's resources: slow headers, bodies and readers, waiting callers, hosts that drip an image.

Standard library only; everything is on one event loop in a thread, bounded in number and in time. Used by benchmarks/slow.py and tests/web.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

__all__ = ["Attack", "Plan"]

DRIP_S = 0.5
CALL_AGAIN_S = 5.0
LONGEST_S = 60.0
IMAGE_BYTES = 100_000
WAITING = "Prefer: wait=60\r\n"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many of each. `token` is needed by readers, callers and hosts, `task` by callers, `file` is the path that readers read."""

    headers: int = 0
    bodies: int = 0
    readers: int = 0
    callers: int = 0
    hosts: int = 0
    token: str = ""
    file: str = ""
    task: dict[str, Any] = field(default_factory=dict)
    body_path: str = "/accounts/login/"
    dripper: str = "127.0.0.1"
    """Where the portal reaches this machine, for images that it fetches."""


class Attack:
    """Use as a context manager: inside the block every client is connected and slow."""

    def __init__(self, url: str, plan: Plan) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._plan = parts.hostname or "127.0.0.1", parts.port or 80, plan
        self.dripped: set[int] = set()
        """Ports of the hosts whose image was asked for."""
        self._started, self._stop = threading.Event(), asyncio.Event()
        self._connected = asyncio.Semaphore(0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._all(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(LONGEST_S):
            raise TimeoutError("the slow clients could not connect")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(LONGEST_S)
        self._loop.close()

    async def _all(self) -> None:
        plan = self._plan
        async with self._drippers(plan.hosts) as images:
            clients = [self._client(self._headers) for _ in range(plan.headers)]
            clients += [self._client(self._body) for _ in range(plan.bodies)]
            clients += [self._client(self._reader) for _ in range(plan.readers)]
            clients += [self._client(self._call, "/api/v1/tasks", plan.task, WAITING) for _ in range(plan.callers)]
            clients += [self._client(self._call, "/api/v1/assets", {"url": image}) for image in images]
            tasks = [asyncio.ensure_future(client) for client in clients]
            for _ in tasks:
                await self._connected.acquire()
            self._started.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), LONGEST_S)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(2 * DRIP_S)  # what was closed is gone

    async def _client(self, behave: Callable[..., Coroutine[Any, Any, None]], *words: Any) -> None:
        """Connect and behave this way; again when the server hangs up."""
        counted = False
        while not self._stop.is_set():
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            writer = None
            try:
                await self._loop.sock_connect(connection, (self._host, self._port))
                reader, writer = await asyncio.open_connection(sock=connection, limit=2048)
                if not counted:
                    counted = True
                    self._connected.release()
                await behave(reader, writer, *words)
            except OSError:
                await asyncio.sleep(DRIP_S)
            finally:
                if writer is None:
                    connection.close()
                else:
                    writer.close()

    def _head(self, method: str, path: str, *lines: str) -> bytes:
        return "".join((f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n", *lines)).encode()

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drops: bytes) -> None:
        """Send these again and again, until the server hangs up."""
        while not reader.at_eof() and not self._stop.is_set():
            writer.write(drops)
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1024), DRIP_S)

    async def _headers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._head("GET", "/"))
        await self._drip(reader, writer, b"X-Slow: 1\r\n")

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20000\r\n\r\n"
        writer.write(self._head("POST", self._plan.body_path, form))
        await self._drip(reader, writer, b"a")

    async def _reader(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._head("GET", self._plan.file, f"Authorization: Bearer {self._plan.token}\r\n\r\n"))
        while await reader.read(512):  # noqa: ASYNC110 - it is meant to be slow
            await asyncio.sleep(DRIP_S)

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: Any, extra: str = "") -> None:
        """Make one call; wait as long as the server allows."""
        raw = json.dumps(body)
        lines = f"Authorization: Bearer {self._plan.token}\r\nContent-Type: application/json\r\nConnection: close\r\n{extra}"
        writer.write(self._head("POST", path, lines, f"Content-Length: {len(raw)}\r\n\r\n", raw))
        while await reader.read(4096):
            pass
        await asyncio.sleep(CALL_AGAIN_S)

    @contextlib.asynccontextmanager
    async def _drippers(self, count: int) -> AsyncIterator[Sequence[str]]:
        """Run this many hosts, each with an image that comes byte by byte."""

        dripping: set[asyncio.Task[Any] | None] = set()

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            dripping.add(asyncio.current_task())
            self.dripped.add(writer.get_extra_info("sockname")[1])
            head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {IMAGE_BYTES}\r\n\r\n".encode()
            writer.write(head + b"\x89PNG\r\n\x1a\n")
            with contextlib.suppress(OSError):
                await self._drip(reader, writer, b"x")
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

        servers = [await asyncio.start_server(drip, self._plan.dripper, 0) for _ in range(count)]
        try:
            yield [f"http://{self._plan.dripper}:{server.sockets[0].getsockname()[1]}/image.png" for server in servers]
        finally:
            for server in servers:
                server.close()
            await asyncio.gather(*(task for task in dripping if task), return_exceptions=True)
