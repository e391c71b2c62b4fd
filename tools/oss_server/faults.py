"""Faults that a test orders: what goes wrong, how often, and at which operations.

| fault | what the client sees |
|---|---|
| `internal_error` | 500 InternalError, nothing done |
| `slow_down` | 503 ServiceUnavailable with Retry-After |
| `too_many` | 429 QpsLimitExceeded with Retry-After |
| `access_denied` | 403 AccessDenied |
| `in_debt` | 403 UserDisable: bills were not paid |
| `no_bucket` | 404 NoSuchBucket |
| `quota` | 403 QuotaExceeded (no public page names the code: treat any unknown 403 like it) |
| `error` | the given `status`, `code`, `message` |
| `cut_up` | the connection breaks after `after_bytes` of the request's body; nothing is stored |
| `cut_down` | the connection breaks after `after_bytes` of the answer's body |
| `lost_answer` | everything is done and stored, then the connection breaks instead of an answer |
| `wrong_crc` | done, but x-oss-hash-crc64ecma is wrong |
| `slow` | the answer waits `delay_s`; bodies move at `bytes_per_s` if that is given |
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web

from tools.oss_server.call import Answer
from tools.oss_server.errors import OssError, Refusals

__all__ = ["FAULTS", "Fault", "Faults"]

REFUSALS: dict[str, tuple[int, str, str]] = {
    "internal_error": (500, "InternalError", "An internal error happened."),
    "slow_down": (503, "ServiceUnavailable", "The server is busy."),
    "too_many": (429, "QpsLimitExceeded", "Too many requests in a second."),
    "access_denied": (403, "AccessDenied", "The key may not do this."),
    "in_debt": (403, "UserDisable", "UserDisable"),
    "quota": (403, "QuotaExceeded", "The storage capacity of the bucket exceeds its quota."),
}
FAULTS = frozenset({*REFUSALS, "error", "no_bucket", "cut_up", "cut_down", "lost_answer", "wrong_crc", "slow"})


class ConnectionCut(Exception):
    """The fault has cut the connection; there is nobody to answer."""


@dataclass(kw_only=True)
class Fault:
    """A fault for the next `count` requests (0: for all, until the next reset) whose operation and key match, after `skip` of them."""

    fault: str
    count: int = 1
    skip: int = 0
    operation: str = "*"
    key: str = "*"
    after_bytes: int = 0
    delay_s: float = 0.0
    bytes_per_s: float = 0.0
    retry_after_s: int = 1
    status: int = 500
    code: str = "InternalError"
    message: str = "An internal error happened."
    struck: int = 0

    def refusal(self, bucket: str) -> OssError | None:
        """Return the refusal to answer with instead of doing anything."""
        if self.fault == "no_bucket":
            return Refusals.no_bucket(bucket)
        if self.fault == "error":
            return OssError(self.status, self.code, self.message)
        if self.fault not in REFUSALS:
            return None
        refusal = OssError(*REFUSALS[self.fault])
        if refusal.status in {429, 503}:
            refusal.headers["Retry-After"] = str(self.retry_after_s)
        return refusal

    async def while_receiving(self, received: int, block: int, request: web.BaseRequest) -> None:
        """Strike while a body comes in: after `received` bytes, the last `block` of them just now."""
        if self.fault == "slow" and self.bytes_per_s:
            await asyncio.sleep(block / self.bytes_per_s)
        if self.fault == "cut_up" and received > self.after_bytes:
            cut(request)

    def change(self, answer: Answer) -> None:
        if self.fault == "wrong_crc" and "x-oss-hash-crc64ecma" in answer.headers:
            answer.headers["x-oss-hash-crc64ecma"] = str(int(answer.headers["x-oss-hash-crc64ecma"]) ^ 1)


def cut(request: web.BaseRequest) -> None:
    """Break the connection at once. Raises `ConnectionCut`."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionCut


class Faults:
    """The faults that are ordered."""

    def __init__(self) -> None:
        self.ordered: list[Fault] = []

    def order(self, wanted: dict[str, Any]) -> None:
        """Add a fault. Raises ValueError with a sentence for whoever ordered it."""
        names = {item.name for item in fields(Fault)} - {"struck"}
        if unknown := set(wanted) - names:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; a fault has {', '.join(sorted(names))}")
        if wanted.get("fault") not in FAULTS:
            raise ValueError(f"unknown fault {wanted.get('fault')!r}; there are {', '.join(sorted(FAULTS))}")
        self.ordered.append(Fault(**wanted))

    def take(self, operation: str, key: str) -> Fault | None:
        """Return the fault that strikes this request, and count it."""
        for fault in self.ordered:
            if not (fnmatchcase(operation, fault.operation) and fnmatchcase(key, fault.key)):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.count == 0 or fault.struck < fault.count:
                fault.struck += 1
                return fault
        return None

    def clear(self) -> None:
        self.ordered.clear()
