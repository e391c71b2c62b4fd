"""The client of mcp 2 against the portal's MCP server, also with the settings that docs/integrations/mcp.md has for other clients.
It speaks the revision 2026-07-28.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))

import httpx2
import mcp_story
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from page_blocks import blocks_of

TOKEN = re.compile(r"\$\{(?:env:VIDEO_PORTAL_TOKEN|input:portal-token)\}|\bTOKEN\b")
NEEDS_NODE = "npx"


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
async def with_headers(url: str, headers: Mapping[str, str]) -> AsyncIterator[Connected]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as sender,
        Client(streamable_http_client(url, http_client=sender)) as client,
    ):
        assert client.protocol_version == "2026-07-28"
        yield Connected(client)


@asynccontextmanager
async def http(url: str, token: str) -> AsyncIterator[Connected]:
    async with with_headers(url, {"Authorization": f"Bearer {token}"}) as client:
        yield client


async def connect_as_the_page_says(token: str, python: str, url: str) -> None:
    """Use each client's settings, with this portal's places and the token in them. Those that start Node.js are mcp_remote.cjs's."""
    places = {"/srv/portal/.venv/bin/python": python, "/srv/portal/manage.py": str(mcp_story.MANAGE), "https://portal.example.com/mcp": url}

    def here(value: str) -> str:
        return TOKEN.sub(token, places.get(value, value))

    used = []
    for block in blocks_of("mcp.md", "json"):
        settings = json.loads(block.code)
        [server] = (settings.get("mcpServers") or settings["servers"]).values()
        if server.get("command") == NEEDS_NODE:
            continue
        if "command" in server:
            env = {name: here(value) for name, value in server["env"].items()}
            connecting = stdio(here(server["command"]), [here(word) for word in server["args"]], {**os.environ, **env})
        else:
            connecting = with_headers(here(server["url"]), {name: here(value) for name, value in server["headers"].items()})
        async with connecting as client:
            assert await client.tools() == mcp_story.TOOLS
        used.append("command" in server)
    assert used == [True, False, False], used


if __name__ == "__main__":
    _portal, token, _simulator, python = sys.argv[1:5]
    mcp_story.main(sys.modules[__name__], "mcp 2", token, python)
    port = mcp_story.free_port()
    with mcp_story.server_at(python, port):
        asyncio.run(connect_as_the_page_says(token, python, f"http://127.0.0.1:{port}/mcp"))
