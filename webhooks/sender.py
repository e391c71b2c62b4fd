"""Sends one request to an address that a person chose, and returns the result. Uses no database, so it can run in a thread.

A guard at the socket decides where it may connect. No redirect is followed, and one deadline ends it in any phase.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from django.conf import settings

from providers.core.messages import Sentence
from providers.core.network import NetworkPolicy
from providers.core.transport import BlockingTransport, Timeouts, TransportFailure
from providers.core.types import WireReply, WireRequest

__all__ = ["MOST_REPLY_BYTES", "TIMEOUT_S", "Answer", "Request", "answered_json", "ms_since", "policy_for", "retry_after_s", "send"]

TIMEOUT_S = 20.0
CONNECT_S = 10.0
MOST_REPLY_BYTES = 4_096
LONGEST_WAIT_S = 24 * 3600.0
JSON_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A POST. `body` goes out as UTF-8."""

    url: str = field(repr=False)
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The result of a try: `code` is empty for success, otherwise one of `messages.TRIES`. `status` is 0 without an answer.

    `reply` is the beginning of its body. `retry_after_s` is what the receiver asks for.
    """

    code: str = ""
    status: int = 0
    ms: int = 0
    retry_after_s: float = 0.0
    reply: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.code


def policy_for(url: str) -> NetworkPolicy:
    """Return where an endpoint may be: the public internet by https, and the networks of OUTBOUND_ALLOW_CIDRS also by plain http."""
    allowed = tuple(str(network) for network in settings.OUTBOUND_ALLOW_CIDRS)
    if urlsplit(url).scheme == "http":
        return NetworkPolicy(allow_http=True, allow_cidrs=allowed, allow_ports=())
    return NetworkPolicy(allow_cidrs=allowed)


def send(request: Request, *, policy: NetworkPolicy, total_s: float = TIMEOUT_S) -> Answer:
    """Send the request once and return the result. Nothing that a receiver, a name server or a network does raises an error."""
    began = time.monotonic()
    timeouts = Timeouts(connect_s=min(CONNECT_S, total_s), read_s=total_s, total_s=total_s)
    transport = BlockingTransport(base_url=request.url, timeouts=timeouts, policy=policy, cut_at=MOST_REPLY_BYTES)
    headers = {"Content-Type": JSON_TYPE, **request.headers}
    try:
        reply = transport.send(WireRequest(method="POST", path=request.url, headers=headers, content=request.body.encode()))
    except TransportFailure as failure:
        return Answer(code=_code_of(failure), ms=ms_since(began))
    return Answer(
        code=_judge(reply.status),
        status=reply.status,
        ms=ms_since(began),
        retry_after_s=retry_after_s(reply, datetime.now(UTC)),
        reply=reply.body.decode("utf-8", "replace").replace("\x00", "?"),
    )


def retry_after_s(reply: WireReply, now: datetime) -> float:
    """Return the seconds that `Retry-After` asks for, as a number or as a date (RFC 9110, 10.2.3), at most a day; 0 if it asks for none."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        wait_s = float(text)
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return 0.0
        wait_s = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)


def answered_json(answer: Answer) -> Mapping[str, object]:
    """Return the object in the answer; empty if there is none."""
    try:
        value = json.loads(answer.reply)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _judge(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "redirected"
    return "gone" if status == 410 else "status"


def _code_of(failure: TransportFailure) -> str:
    """Return the code of the failure's sentence."""
    parts = failure.words.parts
    return parts[0].code if parts and isinstance(parts[0], Sentence) else "unexpected"


def ms_since(began: float) -> int:
    """Return the whole milliseconds since this time of the monotonic clock."""
    return round((time.monotonic() - began) * 1000)
