"""The client of mcp 1 against the portal's MCP server; it begins with `initialize`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import mcp_story
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client


class Connected:
    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def tools(self) -> set[str]:
        return {tool.name for tool in (await self.session.list_tools()).tools}

    async def call(self, tool: str, arguments: dict[str, Any], hear: mcp_story.Hear | None = None) -> mcp_story.Answer:
        result = await self.session.call_tool(tool, arguments, progress_callback=hear)
        return mcp_story.Answer(result.isError, result.structuredContent or {}, result.content[0].text)


@asynccontextmanager
async def stdio(command: str, arguments: list[str], env: dict[str, str]) -> AsyncIterator[Connected]:
    server = StdioServerParameters(command=command, args=arguments, env=env)
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield Connected(session)


@asynccontextmanager
async def http(url: str, token: str) -> AsyncIterator[Connected]:
    headers = {"Authorization": f"Bearer {token}"}
    async with streamablehttp_client(url, headers=headers) as (read, write, _session_id), ClientSession(read, write) as session:
        await session.initialize()
        yield Connected(session)


if __name__ == "__main__":
    _portal, token, _simulator, python = sys.argv[1:5]
    mcp_story.main(sys.modules[__name__], "mcp 1", token, python)
