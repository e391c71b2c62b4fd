"""The MCP server: tools, the Tasks extension, and how it is reached: over stdio for one client on this machine, or over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from django.conf import settings
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.mcp.calls import Refused, Sender, check_token, in_thread
from api.mcp.tools import INSTRUCTIONS, Tools, sender_of
from api.mcp.video_tasks import VideoTasks
from api.mcp.watcher import Watcher
from api.strict_json import MAX_BODY_BYTES

__all__ = ["PATH", "TokenRequired", "http_app", "make_server", "serve_http", "serve_stdio"]

PATH = "/mcp"
STOPPED_WITHIN_S = 20


def make_server(watcher: Watcher, sender: Sender | None = None) -> MCPServer[Any]:
    """Return the server. `sender` sends all calls; without one, each HTTP request names its sender."""

    @asynccontextmanager
    async def watching(_server: MCPServer[Any]) -> AsyncIterator[None]:
        async with watcher.running():
            yield

    tools = Tools(watcher, sender)
    server: MCPServer[Any] = MCPServer(
        "video-portal",
        title="Video Portal",
        instructions=INSTRUCTIONS,
        extensions=[VideoTasks(tools)],
        lifespan=watching,
        subscriptions=False,
        log_level="WARNING",
    )
    tools.register(server)
    return server


def serve_stdio(sender: Sender) -> None:
    """Serve the client that started this process, until it closes stdin."""
    make_server(Watcher(), sender).run("stdio")


def serve_http(host: str, port: int) -> None:
    """Serve clients over HTTP until a signal arrives. Then answer the calls that wait."""
    watcher = Watcher()
    config = uvicorn.Config(
        http_app(watcher),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        timeout_graceful_shutdown=STOPPED_WITHIN_S,
    )
    server = uvicorn.Server(config)
    watcher.is_stopping = lambda: server.should_exit
    server.run()


def http_app(watcher: Watcher) -> ASGIApp:
    """Return the server as an ASGI application. It keeps no sessions, so that it may be restarted, and run several times."""
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection="*" not in settings.ALLOWED_HOSTS,
        allowed_hosts=[name for host in hosts for name in (host, f"{host}:*")],
        allowed_origins=[f"{scheme}://{host}{port}" for scheme in ("http", "https") for host in hosts for port in ("", ":*")]
        + settings.CSRF_TRUSTED_ORIGINS,
    )
    return TokenRequired(
        make_server(watcher).streamable_http_app(
            streamable_http_path=PATH, stateless_http=True, max_request_body_size=MAX_BODY_BYTES, transport_security=security
        )
    )


class TokenRequired:
    """Refuses requests without a valid token, so that a client learns at once that its token is wrong. Each call of a tool checks the
    token's scopes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        if scope["path"] == "/healthz":
            return Response("ok\n", media_type="text/plain")
        if scope["path"] == PATH and scope["method"] != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})  # no stream: the server sends nothing unasked
        try:
            await in_thread(check_token, sender_of(Request(scope)))
        except Refused as refused:
            headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
            return JSONResponse({"error": refused.code, "error_description": str(refused)}, refused.status, headers)
        return None
