"""The client of mcp 2 against the portal's MCP server; it speaks the revision 2026-07-28."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import httpx2
import mcp_story
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


class Connected:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def tools(self) -> set[str]:
        return {tool.name for tool in (await self.client.list_tools()).tools}

    async def call(self, tool: str, arguments: dict[str, Any], hear: mcp_story.Hear | None = None) -> mcp_story.Answer:
        result = await self.client.call_tool(tool, arguments, progress_callback=hear)
        return mcp_story.Answer(bool(result.is_error), result.structured_content or {}, result.content[0].text)


@asynccontextmanager
async def stdio(command: str, arguments: list[str], env: dict[str, str]) -> AsyncIterator[Connected]:
    async with Client(StdioServerParameters(command=command, args=arguments, env=env)) as client:
        assert client.protocol_version == "2026-07-28"
        yield Connected(client)


@asynccontextmanager
async def http(url: str, token: str) -> AsyncIterator[Connected]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as sender,
        Client(streamable_http_client(url, http_client=sender)) as client,
    ):
        assert client.protocol_version == "2026-07-28"
        yield Connected(client)


if __name__ == "__main__":
    _portal, token, _simulator, python = sys.argv[1:5]
    mcp_story.main(sys.modules[__name__], "mcp 2", token, python)
