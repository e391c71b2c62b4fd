"""Answers as they leave the socket, sound and broken, the same for every vendor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_PATIENCE_S = 0.2


def json_reply(payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return raw_json_reply(body, status, headers)


def raw_json_reply(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json", charset="utf-8")


def html_reply(status: int = 200) -> web.Response:
    return web.Response(body=HTML, status=status, content_type="text/html")


def empty_reply() -> web.Response:
    return raw_json_reply(b"")


def broken_json(sound: web.Response) -> web.Response:
    """Cut the sound answer in the middle; its length header matches the rest."""
    body = sound.body
    assert isinstance(body, bytes)
    return raw_json_reply(body[: len(body) // 2])


def reset(request: web.BaseRequest) -> web.Response:
    """Close the connection without an answer; the returned response is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def hang(request: web.BaseRequest, at_most_s: float) -> web.Response:
    """Send nothing until the caller gives up or the time is over, then close."""
    for _ in range(int(at_most_s / _PATIENCE_S)):
        if request.transport is None or request.transport.is_closing():
            break
        await asyncio.sleep(_PATIENCE_S)
    return reset(request)


def own_base(request: web.BaseRequest) -> str:
    """Return the address at which the caller reached this server."""
    return f"http://{request.headers.get('Host', '127.0.0.1')}"
