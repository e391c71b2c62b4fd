"""Faults on demand: their names, where they strike, and how often. How a fault looks on the wire is in wire.py (the same for
all vendors) and in each vendor's module (its own error bodies).

A prompt asks with `#fault:NAME` or `#fault:NAME:COUNT`, a request with the header `X-Sim-Fault: NAME`, a test with
`POST /_control/faults {"vendor", "fault", "count"}`. In a prompt, a submit fault strikes the first COUNT submits of that
very prompt, a poll or media fault the first COUNT polls or downloads of that task. By control, the next COUNT requests.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiohttp import web

HEADER = "X-Sim-Fault"
ALWAYS = 1_000_000_000

BEFORE = (
    *("refuse", "auth", "quota", "bad-param", "rate-limit", "rate-limit-200", "5xx-before", "openai-error"),
    *("reset-before", "hang-before", "trial-over", "overloaded", "plan-used-up"),
    *("robot-check", "model-offline", "not-opened"),
)
"""Strike a submit that is not accepted: nothing is billed, and a look-up finds nothing."""
AFTER = (
    *("502-after", "reset-after-accept", "hang-after-accept", "html-200", "empty-body", "bad-json"),
    "task-id-top-level",
)
"""Strike the answer to a submit that is accepted and billed."""
POLL = (
    *("poll-429", "poll-5xx", "poll-html", "poll-empty", "poll-badjson", "poll-reset", "poll-hang"),
    *("poll-unknown-state", "poll-no-data", "poll-busy-code"),
    *("poll-list-refused", "poll-list-unfiltered", "poll-mget-refused", "poll-mget-lacks"),
)
FATE = (
    *("fail-content", "fail-internal", "never", "expire", "fail-memory", "fail-timeout", "long-address"),
    *("fail-status-10", "fail-status-40", "fail-status-100", "done-status-10", "done-status-45"),
)
"""Decide how an accepted task ends."""
GATEWAY = ("accepted-as-error", "own-address", "localhost-address", "no-address", "old-address")
"""Decide how a new-api gateway reports an accepted task: its acceptance as an error, because the vendor behind it answered 202; its video
by the gateway's own address, by that of a gateway whose address was never set, by none (1.0.0-rc.30), or in `fail_reason` (older releases).
"""
CHAT = ("chat-huge", "chat-tool-call", "chat-error-200", "chat-no-choices", "chat-empty", "chat-cut", "chat-refused")
"""Decide what a language model answers; of the others it can have those before and after a submit that are no vendor's own."""
MEDIA = (
    *("media-html", "media-404", "media-expired", "media-cut", "media-short", "media-hole"),
    *("media-slow", "media-no-range", "media-empty", "media-not-faststart", "media-mislabelled"),
    "content-redirect",
)
NAMES = frozenset((*BEFORE, *AFTER, *POLL, *FATE, *GATEWAY, *CHAT, *MEDIA))
_LOCAL, _JIMENG = ("cogvideox", "cogvideox-sync"), ("jimeng",)
ONLY_AT = {
    **dict.fromkeys(("fail-memory", "fail-timeout", "long-address"), _LOCAL),
    **dict.fromkeys(("fail-status-10", "fail-status-40", "fail-status-100", "done-status-10", "done-status-45"), _JIMENG),
    **dict.fromkeys(("poll-no-data", "poll-mget-refused", "poll-mget-lacks"), _JIMENG),
    **dict.fromkeys(GATEWAY, ("newapi",)),
    **dict.fromkeys(CHAT, ("chat",)),
    "poll-list-refused": ("litellm", "minimax", "openai"),
    "poll-list-unfiltered": ("minimax",),
    **dict.fromkeys(("robot-check", "model-offline"), _JIMENG),
    **dict.fromkeys(("poll-busy-code", "not-opened"), ("volcvisual",)),
    "overloaded": ("minimax", "zhipu", "zai"),
    "plan-used-up": ("jimeng", "minimax", "zhipu", "zai"),
    "trial-over": ("ark", "byteplus"),
    "content-redirect": ("openai",),
}
"""Faults that only these hosts can have; anywhere else they are unknown."""

_TRANSIENT = {"rate-limit", "rate-limit-200", *POLL}
_TRANSIENT_COUNT = 2
_TOKEN = re.compile(r"#fault:([a-z0-9-]*[a-z0-9])(?::(\d+))?")


class UnknownFault(ValueError):
    """An unknown name. It must not pass silently: a misspelt fault would let a test pass without it."""


@dataclass(slots=True)
class Plan:
    """The faults of one task, with how often each still strikes."""

    left: dict[str, int] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.left.get(name, 0) > 0

    def strike(self, among: Iterable[str]) -> str | None:
        """Return the first of these that still strikes, and use up one of its strikes."""
        for name in among:
            if self.left.get(name, 0) > 0:
                self.left[name] -= 1
                return name
        return None


def parse(text: str, vendor: str) -> Plan:
    """Return the faults that a prompt asks for at this vendor. Raise UnknownFault."""
    plan = Plan()
    for name, count in _TOKEN.findall(text):
        plan.left[known(name, vendor)] = int(count) if count else usual_count(name)
    return plan


def known(name: str, vendor: str) -> str:
    """Return the name. Raise UnknownFault when there is no such fault, or not at this vendor."""
    if name not in NAMES:
        raise UnknownFault(f"unknown fault {name!r}; known: {', '.join(sorted(NAMES))}")
    if vendor not in ONLY_AT.get(name, (vendor,)):
        raise UnknownFault(f"{vendor} cannot have the fault {name!r}; {' and '.join(ONLY_AT[name])} can")
    return name


def usual_count(name: str) -> int:
    return _TRANSIENT_COUNT if name in _TRANSIENT else ALWAYS


class FaultBook:
    """What strikes next: faults set by control for a vendor, and how often a prompt's own have struck."""

    def __init__(self) -> None:
        self._set: dict[str, Plan] = {}
        self._struck: Counter[tuple[str, str]] = Counter()

    def set(self, vendor: str, fault: str, count: int) -> None:
        """Set how often the fault strikes; 0 removes it. Raise UnknownFault."""
        self._set.setdefault(vendor, Plan()).left[known(fault, vendor)] = count

    def next_of(self, vendor: str, family: Iterable[str]) -> str | None:
        plan = self._set.get(vendor)
        return plan.strike(family) if plan else None

    def asked(self, request: web.BaseRequest, vendor: str, family: Iterable[str]) -> str | None:
        """Return the fault that the request's header names, or the next one set by control. Raise UnknownFault."""
        by_header = request.headers.get(HEADER)
        return self.next_of(vendor, family) if by_header is None else known(by_header, vendor)

    def at_submit(self, vendor: str, prompt: str, plan: Plan) -> str | None:
        """Return the fault of this submit: one set by control, or the prompt's own while its count lasts."""
        family = (*BEFORE, *AFTER)
        if by_control := self.next_of(vendor, family):
            return by_control
        for name in family:
            if plan.left.get(name, 0) > self._struck[prompt, name]:
                self._struck[prompt, name] += 1
                return name
        return None

    def adopt(self, vendor: str, plan: Plan) -> None:
        """Add the fate set by control to the plan of a task that is being accepted."""
        if fate := self.next_of(vendor, FATE):
            plan.left[fate] = ALWAYS

    def reset(self) -> None:
        self._set.clear()
        self._struck.clear()
