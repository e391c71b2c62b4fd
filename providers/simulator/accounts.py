"""Keys and their quotas: slots held until a task is terminal, submits and polls a second, and what was used at most."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from providers.simulator.tuning import Tuning

LIMITED_SLOTS = 2
LIMITED_SUBMITS = 2
LIMITED_POLLS = 20


def nature(key: str) -> str:
    """`bad`, `broke`, `limited` or `good`: the key says so itself."""
    bare = key.removeprefix("sk-").removeprefix("ak-")
    kind = bare.partition("-")[0]
    return kind if "-" in bare and kind in {"bad", "broke", "limited"} else "good"


def region_of(key: str) -> str:
    """`intl` or `us`: the key was made at this region of its vendor's; empty: at the first one. No region knows another's keys."""
    region, dash, _rest = key.removeprefix("sk-").partition("-")
    return region if dash and region in {"intl", "us"} else ""


def masked(key: str) -> str:
    """Enough to tell two keys apart in a log, too little to use."""
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

    def may_submit(self, now: float, tuning: Tuning) -> bool:
        limit = LIMITED_SUBMITS if self.nature == "limited" else tuning.submits_per_second
        seen = _note(self._submits, now)
        self.submits_in_a_second_peak = max(self.submits_in_a_second_peak, seen)
        return not limit or seen <= limit

    def may_poll(self, now: float, tuning: Tuning) -> bool:
        limit = LIMITED_POLLS if self.nature == "limited" else tuning.polls_per_second
        return not limit or _note(self._polls, now) <= limit

    def hold(self, number: int, ends_at: float) -> None:
        heapq.heappush(self._ends, (ends_at, number))
        self.in_flight += 1
        self.in_flight_peak = max(self.in_flight_peak, self.in_flight)

    def give_back(self, number: int) -> None:
        """Before its time: the task was cancelled."""
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
    """How many in the second that ends now, this one included."""
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
