"""Conversations of the mcp package's own client with the server, in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from mcp import Client

from access.limits import Limits
from access.tokens import issue
from api.mcp.calls import Sender
from api.mcp.server import make_server
from api.mcp.watcher import Watcher

Said = TypeVar("Said")


def sender_for(user: Any, **limits: Any) -> Sender:
    """Return who calls with a new token of this user."""
    limits = {"scopes": ("read", "generate")} | limits
    return Sender(token=issue(user, "model", limits=Limits(**limits))[1], ip="192.0.2.7")


def talk(sender: Sender, conversation: Callable[[Client], Awaitable[Said]], **client: Any) -> Said:
    """Return what the conversation with a server for this sender returns."""

    async def run() -> Said:
        async with Client(make_server(Watcher(), sender), **client) as connected:
            return await conversation(connected)

    return anyio.run(run)


def called(sender: Sender, tool: str, **arguments: Any) -> Any:
    """Return the result of one call of a tool."""
    return talk(sender, lambda client: client.call_tool(tool, arguments))


def text_of(result: Any) -> str:
    """Return what a model reads."""
    return str(result.content[0].text)
