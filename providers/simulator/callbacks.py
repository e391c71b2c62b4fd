"""Callbacks to the caller on every change of state, signed when a secret is set. Loopback targets only, one try each:
the vendor documents no retries, and a simulator must never be made to call a stranger.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import heapq
import hmac
import ipaddress
import itertools
import json
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from providers.simulator.clock import Clock

TICK_S = 0.05
_TIMEOUT = aiohttp.ClientTimeout(total=5)
Body = Callable[[float], dict[str, Any]]


def is_loopback(url: str) -> bool:
    """By name or number, without asking a name server."""
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over `id.timestamp.body`; the secret is `whsec_<base64>`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Callbacks:
    """A heap of (moment, url, what to say then), worked off by `run`."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, str, Body]] = []
        self._order = itertools.count()
        self.sent: deque[dict[str, Any]] = deque(maxlen=200)

    def add(self, url: str, moments: list[float], body: Body) -> None:
        if not is_loopback(url):
            return
        for moment in moments:
            if moment < math.inf:
                heapq.heappush(self._due, (moment, next(self._order), url, body))

    async def run(self, clock: Clock, secret: Callable[[], str]) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                while self._due and self._due[0][0] <= clock.now():
                    moment, number, url, body = heapq.heappop(self._due)
                    await self._send(session, url, f"msg_{number}", body(moment), secret())
                await asyncio.sleep(TICK_S)

    async def _send(self, session: aiohttp.ClientSession, url: str, message_id: str, body: dict[str, Any], secret: str) -> None:
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if secret:
            now = int(time.time())
            headers |= {"webhook-id": message_id, "webhook-timestamp": str(now)}
            headers["webhook-signature"] = signature(secret, message_id, now, raw)
        status: int | None = None
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with session.post(url, data=raw, headers=headers, allow_redirects=False) as reply:
                status = reply.status
        self.sent.append({"url": url, "status": status, "body": body})

    def reset(self) -> None:
        self._due.clear()
        self.sent.clear()
