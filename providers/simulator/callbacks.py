"""Callbacks to the caller on every change of state: signed when a secret is set, tried again, or only after a challenge was
echoed, as the vendor does it. Loopback targets only: the simulator must never call a stranger.
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
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from providers.simulator.clock import Clock
from providers.simulator.tuning import Tuning

TICK_S = 0.05
RETRY_S = 5.0
HTTP_OK = 200
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_CHALLENGE_TIMEOUT = aiohttp.ClientTimeout(total=3)
Body = Callable[[float], dict[str, Any] | None]
Sign = Callable[[str, bytes], dict[str, str]]
"""The headers with which a vendor signs a call to this address with this body, at the moment of the call."""


def is_loopback(url: str) -> bool:
    """Return whether the address is this machine, by name or number, without asking a name server."""
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,<base64>` over `id.timestamp.body`; the secret is `whsec_<base64>`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


@dataclass(eq=False, slots=True)
class Talk:
    """The calls about one task, one after another; a slow receiver delays no other task's calls."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_broken_off: bool = False


@dataclass(order=True, kw_only=True, slots=True)
class _Call:
    """One POST that is due."""

    due: float
    number: int
    talk: Talk = field(compare=False)
    moment: float
    url: str = field(compare=False)
    body: Body = field(compare=False)
    is_signed: bool = True
    sign: Sign | None = field(default=None, compare=False)
    tries: int = 1
    challenge: str = ""


class Callbacks:
    """A heap of calls, which `run` makes when they are due."""

    def __init__(self) -> None:
        self._due: list[_Call] = []
        self._order = itertools.count()
        self.sent: deque[dict[str, Any]] = deque(maxlen=200)

    def add(
        self,
        url: str,
        moments: list[float],
        body: Body,
        *,
        tries: int = 1,
        is_signed: bool = True,
        sign: Sign | None = None,
        challenged_at: float | None = None,
        talk: Talk | None = None,
    ) -> Talk:
        """Schedule a call for each moment; `body` gives what to say at it, or None for no call. Only loopback addresses are called.

        `is_signed` calls carry the signature of the settings' secret; `sign` makes a vendor's own in its place.
        After a challenge, calls follow only if it is echoed. A `talk` that an earlier `add` returned is continued.
        """
        talk = talk or Talk()
        if not is_loopback(url):
            return talk
        if challenged_at is not None:
            token = secrets.token_hex(16)
            self._push(challenged_at, talk, url, lambda _: {"challenge": token}, is_signed=False, challenge=token)
        for moment in moments:
            if moment < math.inf:
                self._push(moment, talk, url, body, is_signed=is_signed, sign=sign, tries=tries)
        return talk

    def _push(self, moment: float, talk: Talk, url: str, body: Body, **more: Any) -> None:
        call = _Call(due=moment, number=next(self._order), talk=talk, moment=moment, url=url, body=body, **more)
        heapq.heappush(self._due, call)

    async def run(self, clock: Clock, tuning: Callable[[], Tuning]) -> None:
        """Make the calls that are due, until cancelled."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, asyncio.TaskGroup() as group:
            while True:
                while self._due and self._due[0].due <= clock.now():
                    group.create_task(self._call(session, heapq.heappop(self._due), clock, tuning()))
                await asyncio.sleep(TICK_S)

    async def _call(self, session: aiohttp.ClientSession, call: _Call, clock: Clock, tuning: Tuning) -> None:
        async with call.talk.lock:
            body = call.body(call.moment)
            if call.talk.is_broken_off or body is None:
                return
            status, answer = await self._send(session, call, body, tuning)
            if call.challenge and not _echoes(answer, call.challenge):
                call.talk.is_broken_off = True
            elif status != HTTP_OK and call.tries > 1:
                heapq.heappush(self._due, replace(call, due=clock.now() + RETRY_S, tries=call.tries - 1))

    async def _send(self, session: aiohttp.ClientSession, call: _Call, body: dict[str, Any], tuning: Tuning) -> tuple[int | None, str]:
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if call.sign is not None:
            headers |= call.sign(call.url, raw)
        elif call.is_signed and tuning.webhook_secret:
            message_id, timestamp = f"msg_{call.number}", int(time.time() - tuning.webhook_age_s)
            signatures = [signature(secret, message_id, timestamp, raw) for secret in tuning.webhook_secret.split()]
            headers |= {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signatures)}
        status, answer = None, ""
        timeout = _CHALLENGE_TIMEOUT if call.challenge else _TIMEOUT
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, UnicodeDecodeError):
            async with session.post(call.url, data=raw, headers=headers, allow_redirects=False, timeout=timeout) as reply:
                status = reply.status
                answer = await reply.text()
        self.sent.append({"url": call.url, "status": status, "body": body})
        return status, answer

    def reset(self) -> None:
        self._due.clear()
        self.sent.clear()


def _echoes(answer: str, challenge: str) -> bool:
    with contextlib.suppress(ValueError):
        said = json.loads(answer)
        return isinstance(said, dict) and said.get("challenge") == challenge
    return False
