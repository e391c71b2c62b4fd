"""What the two generations of the mcp package do with the portal's MCP server: mcp_1.py and mcp_2.py say how each connects and calls.

over stdio and HTTP: list, order (again with the same key), wait, search; a wrong order; another person's task; a missing scope
a wrong token over each; a server that is killed while a call waits, and a new one in its place
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"
MODEL = "kling/kling-v2-5-turbo"
TOOLS = {"list_models", "create_video", "wait_video", "cancel_video", "search_videos"}
UP_WITHIN_S = 60
GIVES_UP_AFTER_S = 5
"""The client of mcp 1 does not notice that its server was killed while it waits."""
TOKENS = """
from django.contrib.auth.models import User
from access.limits import Limits
from access.tokens import authenticate, issue
other = User.objects.create_user("other of {label}")
print(issue(other, "other")[1], issue(authenticate("{token}").owner, "reader", limits=Limits(scopes=("read",)))[1])
"""


@dataclass(frozen=True)
class Answer:
    """The result of a tool."""

    is_error: bool
    data: dict[str, Any]
    text: str


Hear = Callable[..., Awaitable[None]]


class Client(Protocol):
    """A connected client of one generation."""

    async def tools(self) -> set[str]: ...
    async def call(self, tool: str, arguments: dict[str, Any], hear: Hear | None = None) -> Answer: ...


class Package(Protocol):
    """How a generation of the package connects."""

    def stdio(self, command: str, arguments: list[str], env: dict[str, str]) -> AbstractAsyncContextManager[Client]: ...
    def http(self, url: str, token: str) -> AbstractAsyncContextManager[Client]: ...


def main(package: Package, label: str, token: str, python: str) -> None:
    label = f"{label} {uuid4().hex[:6]}"  # a second run meets nothing of the first
    code = TOKENS.format(label=label, token=token)
    made = subprocess.run([python, MANAGE, "shell", "--no-imports", "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    other, reader = made.stdout.split()
    asyncio.run(_story(package, label, python, token, other, reader))


async def _story(package: Package, label: str, python: str, token: str, other: str, reader: str) -> None:
    def over_stdio(with_token: str) -> AbstractAsyncContextManager[Client]:
        return package.stdio(python, [str(MANAGE), "mcp"], {**os.environ, "VIDEO_PORTAL_TOKEN": with_token})

    async with over_stdio(token) as client:
        mine = await _makes_a_video(client, f"{label} over stdio")
    await _is_refused_at_once(over_stdio("vp_wrong"))

    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    with server_at(python, port) as server:
        async with package.http(url, token) as client:
            await _makes_a_video(client, f"{label} over HTTP")
            unfinished = (await client.call("create_video", {"model": MODEL, "prompt": f"a slow boat of {label}"})).data["task_id"]
            await _kill_while_it_waits(server, client, unfinished)
    with server_at(python, port):
        async with package.http(url, token) as client:
            assert len(await _wait(client, unfinished)) == 1
            assert len(await _found(client, f"a slow boat of {label}")) == 1
        async with package.http(url, other) as client:
            answer = await client.call("wait_video", {"task_id": mine})
            assert answer.is_error, answer
            assert "There is no such task." in answer.text, answer
            assert (await client.call("search_videos", {})).data["videos"] == []
        async with package.http(url, reader) as client:
            answer = await client.call("create_video", {"model": MODEL, "prompt": "a boat"})
            assert answer.is_error, answer
            assert "insufficient_scope" in answer.text, answer
        await _is_refused_at_once(package.http(url, "vp_wrong"))


async def _makes_a_video(client: Client, words: str) -> str:
    assert await client.tools() == TOOLS
    models = (await client.call("list_models", {"search": "kling"})).data["models"]
    assert MODEL in [model["name"] for model in models], models
    order = {"model": MODEL, "prompt": f"a balloon of {words}", "params": {"duration_s": 5}, "idempotency_key": words}
    [task_id, again] = [(await client.call("create_video", order)).data["task_id"] for _each in range(2)]
    assert task_id == again
    notices: list[str] = []

    async def hear(_progress: float, _total: float | None, message: str | None) -> None:
        notices.append(message or "")

    [video] = await _wait(client, task_id, hear)
    assert notices, "there were no notices of progress"
    assert await asyncio.to_thread(_first_bytes, video["url"]) == ("video/mp4", b"ftyp")
    assert await _found(client, words) == [video["video_id"]]
    wrong = await client.call("create_video", {"model": "nobody/has-it", "prompt": "a boat"})
    assert wrong.is_error, wrong
    assert "There is no model" in wrong.text, wrong
    return str(task_id)


async def _found(client: Client, words: str) -> list[str]:
    """Return the ids of the videos that the words find. A worker adds a new video to the index within a moment."""
    for _each in range(100):
        videos = (await client.call("search_videos", {"query": words})).data["videos"]
        if videos:
            break
        await asyncio.sleep(0.2)
    return [video["video_id"] for video in videos]


async def _wait(client: Client, task_id: str, hear: Hear | None = None) -> list[dict[str, Any]]:
    """Return the videos of the task, when it has succeeded."""
    for _each in range(3):
        answer = await client.call("wait_video", {"task_id": task_id, "timeout_seconds": 30}, hear)
        if answer.data["status"] == "succeeded":
            return list(answer.data["videos"])
        assert not answer.is_error, answer
    raise AssertionError(f"the video did not end: {answer}")


def _first_bytes(url: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(url) as file:  # noqa: S310 - the portal's own address
        return file.headers["Content-Type"], file.read(12)[4:8]


async def _is_refused_at_once(connecting: AbstractAsyncContextManager[Client]) -> None:
    try:
        async with asyncio.timeout(UP_WITHIN_S), connecting as client:
            await client.tools()
    except TimeoutError:
        raise AssertionError("a wrong token was not refused") from None
    except Exception:  # what it is differs between generations and transports
        return
    raise AssertionError("a wrong token was let in")


async def _kill_while_it_waits(server: subprocess.Popen[bytes], client: Client, task_id: str) -> None:
    killed = asyncio.Event()

    async def hear(*_notice: object) -> None:
        server.kill()
        killed.set()

    call = asyncio.create_task(client.call("wait_video", {"task_id": task_id}, hear))
    await asyncio.wait_for(killed.wait(), UP_WITHIN_S)
    await asyncio.wait({call}, timeout=GIVES_UP_AFTER_S)
    assert not call.done() or call.exception(), f"the server was killed, and its call was answered: {call}"
    call.cancel()
    assert server.wait(5) < 0


@contextmanager
def server_at(python: str, port: int) -> Any:
    """Run the MCP server at this port."""
    server = subprocess.Popen([python, MANAGE, "mcp", "--http", f"127.0.0.1:{port}"])
    try:
        until = time.monotonic() + UP_WITHIN_S
        while True:
            assert server.poll() is None, "the MCP server ended"
            assert time.monotonic() < until, "the MCP server did not start"
            with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                break
            time.sleep(0.2)
        yield server
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
