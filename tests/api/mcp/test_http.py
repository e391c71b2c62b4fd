"""The server over HTTP: who is let in, which hosts and origins, and what is sent without a session."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from django.test import override_settings

from api.mcp.server import http_app
from api.mcp.watcher import Watcher
from tests.api.mcp.talking import sender_for

pytestmark = [pytest.mark.django_db(transaction=True)]

URL = "http://127.0.0.1:8001/mcp"
ACCEPT = {"Accept": "application/json, text/event-stream"}


def posted(*requests: httpx2.Request) -> list[httpx2.Response]:
    """Return the answers of one server to these requests."""

    async def run() -> list[httpx2.Response]:
        door = http_app(Watcher())
        async with (
            door.app.router.lifespan_context(door.app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(door, client=("192.0.2.7", 5000))) as client,
        ):
            return [await client.send(request) for request in requests]

    return anyio.run(run)


def call(token: str, tool: str = "search_videos", url: str = URL, **headers: str) -> httpx2.Request:
    """Return a call of a tool as clients of the revision 2026-07-28 send it."""
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}, "_meta": meta}}
    known = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool, "Authorization": f"Bearer {token}"}
    return httpx2.Request("POST", url, json=body, headers=ACCEPT | known | headers)


def test_only_valid_tokens_are_let_in(user):
    good, elsewhere = sender_for(user).token, sender_for(user, networks=("10.0.0.0/8",)).token
    requests = [call(good), call("vp_wrong"), call(""), call(elsewhere), call(good, Authorization=f"Basic {good}")]

    answers = posted(*requests, httpx2.Request("POST", URL, json={}, headers=ACCEPT))

    assert [answer.status_code for answer in answers] == [200, 401, 401, 403, 401, 401]
    assert answers[0].json()["result"]["structuredContent"] == {"videos": [], "next_cursor": None}
    assert [answer.headers.get("www-authenticate") for answer in answers[1:4]] == ["Bearer", "Bearer", None]
    assert answers[3].json()["error"] == "address_not_allowed"


def test_other_hosts_and_origins_are_refused(user):
    token = sender_for(user).token
    requests = [
        call(token, url="http://evil.example/mcp"),
        call(token, Origin="http://evil.example"),
        call(token, Origin="http://localhost:6274"),
        call(token, url="http://portal.example.com/mcp", Origin="https://portal.example.com"),
    ]

    with override_settings(ALLOWED_HOSTS=["127.0.0.1", "localhost", "portal.example.com"]):
        answers = posted(*requests)

    assert [answer.status_code for answer in answers] == [421, 403, 200, 200]


def test_there_are_no_streams_no_other_addresses_and_no_large_bodies(user):
    token = sender_for(user).token
    known = ACCEPT | {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    requests = [
        httpx2.Request("GET", URL, headers=known),
        httpx2.Request("DELETE", URL, headers=known),
        httpx2.Request("GET", "http://127.0.0.1:8001/healthz"),
        httpx2.Request("GET", "http://127.0.0.1:8001/.well-known/oauth-protected-resource", headers=known),
        httpx2.Request("POST", URL, content=b"[" * 2**21, headers=known),
    ]

    assert [answer.status_code for answer in posted(*requests)] == [405, 405, 200, 404, 413]


def test_a_client_of_an_older_revision_initializes_without_a_session(user):
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}
    body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
    known = ACCEPT | {"Authorization": f"Bearer {sender_for(user).token}"}

    [answer] = posted(httpx2.Request("POST", URL, json=body, headers=known))

    assert answer.status_code == 200
    assert '"protocolVersion":"2025-06-18"' in answer.text
    assert "mcp-session-id" not in answer.headers
