"""What each vendor's module provides, so that intake.py and polling.py can treat all vendors alike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from aiohttp import web

from providers.simulator.tasks import SimTask


class Refusal(StrEnum):
    """Why a vendor says no, in words that all vendors share."""

    AUTH = "auth"
    ARREARS = "arrears"
    RATE = "rate"
    RATE_WITH_200 = "rate-with-200"
    SLOTS = "slots"
    BAD_PARAM = "bad-param"
    CONTENT = "content"
    DUPLICATE = "duplicate"
    SERVER = "server"
    OPENAI_STYLE = "openai-style"
    TRIAL_OVER = "trial-over"
    """The same code as SLOTS at the one vendor that has it, but permanent."""
    OVERLOADED = "overloaded"
    ROBOT = "robot-check"
    OFFLINE = "model-offline"
    NOT_OPENED = "not-opened"
    """The account has not opened the service of the model."""
    PLAN_USED_UP = "plan-used-up"
    """Until the plan's next hours or day."""


class Refused(Exception):
    """The vendor's refusal, not an error of the simulator: HTTP status, the vendor's code and words."""

    def __init__(self, status: int, code: int | str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def with_retry_after(self) -> Refused:
        self.headers = {"Retry-After": "1"}
        return self


class Dialect(Protocol):
    """How one vendor's host takes an order or refuses it. Times are seconds of the simulator's clock."""

    host: str
    task_ttl_s: float
    result_ttl_s: float

    def new_id(self) -> str: ...
    def refusal(self, why: Refusal) -> Refused: ...
    def error(self, refused: Refused) -> web.Response: ...
    def accepted(self, task: SimTask, now: float) -> web.Response: ...
    def accepted_flat(self, task: SimTask) -> web.Response: ...


class SinglePollDialect(Dialect, Protocol):
    """A Dialect that answers polls of one task."""

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response: ...
    def odd_state(self, task: SimTask, now: float) -> web.Response: ...
    def unknown(self, name: str) -> web.Response: ...


class Vendor(Protocol):
    """One host under `/hosts/`; `path` is what follows the prefix, query included."""

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse: ...
