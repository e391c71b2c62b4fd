"""Keys and their quotas: slots held until a task ends, submits and polls per second, and the peaks of both. No keys are stored:
what a key may do follows from its text."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from providers.simulator.tuning import Tuning

LIMITED_SLOTS = 2
LIMITED_SUBMITS = 2
LIMITED_POLLS = 20
ACCESS, SECRET = "sim-access", "sim-secret"


def nature(key: str) -> str:
    """Return `bad`, `broke`, `limited` or `good`, as the key's own prefix says."""
    bare = key.removeprefix("sk-").removeprefix("ak-")
    kind = bare.partition("-")[0]
    return kind if "-" in bare and kind in {"bad", "broke", "limited"} else "good"


def region_of(key: str) -> str:
    """Return the vendor's region that made the key: `intl`, `us`, or "" for its first one. No region knows the keys of another."""
    region, dash, _rest = key.removeprefix("sk-").partition("-")
    return region if dash and region in {"intl", "us"} else ""


def secret_of(access: str) -> str | None:
    """Return the secret of an access key that signs requests, or None for an unknown one."""
    if access == ACCESS:
        return SECRET
    return "sk-" + access.removeprefix("ak-") if access.startswith("ak-") else None


def masked(key: str) -> str:
    """Return enough of the key to distinguish two in a log, and too little to use it."""
    return f"{key[:3]}...{key[-4:]}" if len(key) >= 12 else f"...{key[-2:]}"


@dataclass(slots=True, eq=False)
class Account:
    """One key at one vendor's host."""

    host: str
    key: str
    nature: str = ""
    in_flight: int = 0
    in_flight_peak: int = 0
    submits_in_a_second_peak: int = 0
    _ends: list[tuple[float, int]] = field(default_factory=list)
    _given_back: set[int] = field(default_factory=set)
    _submits: deque[float] = field(default_factory=deque)
    _polls: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.nature = nature(self.key)

    def has_free_slot(self, now: float, tuning: Tuning) -> bool:
        self.sweep(now)
        return self.in_flight < (LIMITED_SLOTS if self.nature == "limited" else tuning.slots)

    def may_submit(self, now: float) -> bool:
        seen = _note(self._submits, now)
        self.submits_in_a_second_peak = max(self.submits_in_a_second_peak, seen)
        return self.nature != "limited" or seen <= LIMITED_SUBMITS

    def may_poll(self, now: float) -> bool:
        return self.nature != "limited" or _note(self._polls, now) <= LIMITED_POLLS

    def hold(self, number: int, ends_at: float) -> None:
        heapq.heappush(self._ends, (ends_at, number))
        self.in_flight += 1
        self.in_flight_peak = max(self.in_flight_peak, self.in_flight)

    def give_back(self, number: int) -> None:
        """Free the slot of a cancelled task before the time it would have ended."""
        self._given_back.add(number)
        self.in_flight -= 1

    def sweep(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            number = heapq.heappop(self._ends)[1]
            if number in self._given_back:
                self._given_back.discard(number)
            else:
                self.in_flight -= 1

    def figures(self, now: float) -> dict[str, Any]:
        self.sweep(now)
        return {
            "key": masked(self.key),
            "in_flight": self.in_flight,
            "in_flight_peak": self.in_flight_peak,
            "submits_in_a_second_peak": self.submits_in_a_second_peak,
        }


def _note(times: deque[float], now: float) -> int:
    """Add this moment; return how many fall in the second that ends now, this one included."""
    while times and times[0] <= now - 1:
        times.popleft()
    times.append(now)
    return len(times)


class AccountBook:
    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str], Account] = {}

    def get(self, host: str, key: str) -> Account:
        account = self._accounts.get((host, key))
        if account is None:
            account = self._accounts[host, key] = Account(host, key)
        return account

    def figures(self, now: float) -> dict[str, list[dict[str, Any]]]:
        by_host: dict[str, list[dict[str, Any]]] = {}
        for account in self._accounts.values():
            by_host.setdefault(account.host, []).append(account.figures(now))
        return by_host

    def reset(self) -> None:
        self._accounts.clear()
