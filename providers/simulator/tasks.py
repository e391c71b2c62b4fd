"""Accepted tasks, and their state at a moment. A state is not stored: it follows from the times."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from providers.simulator.accounts import Account
from providers.simulator.faults import Plan
from providers.simulator.media import links
from providers.simulator.media.clip import Clip
from providers.simulator.tuning import Tuning

_FAULT_TOKEN = re.compile(r"\s*#fault:\S+")


class State(StrEnum):
    """The simulator's states; each vendor's module has its own words for them."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A submit that its vendor has found valid, in words that all vendors share."""

    kind: str = "video"
    model: str
    prompt: str
    """As received: the ledger shows it, and it may ask for faults."""
    width_px: int
    height_px: int
    duration_s: int
    body: dict[str, Any]
    reference: str = ""
    """The caller's own id, at vendors that require it to be unique: tasks are found by it."""
    mark: str = ""
    """The caller's own id at the other vendors: only the ledger shows it."""
    callback_url: str = ""
    is_mov: bool = False
    gives_up_after_s: float = math.inf
    """When the vendor ends an unfinished task, counted from its submit."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What only the vendor's own answers need."""

    def clip(self, task_id: str, *, is_faststart: bool) -> Clip:
        return Clip(
            width_px=self.width_px,
            height_px=self.height_px,
            duration_s=self.duration_s,
            text=_FAULT_TOKEN.sub("", self.prompt).strip(),
            caption=f"{self.model}  ·  {task_id}",
            is_faststart=is_faststart,
            is_mov=self.is_mov,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class SimTask:
    id: str
    number: int
    account: Account
    order: Order
    plan: Plan
    submitted_at: float
    started_at: float
    ended_at: float
    task_ttl_s: float
    result_ttl_s: float
    clip: Clip
    cancelled_at: float | None = None
    is_deleted: bool = False

    def state(self, now: float) -> State:
        if self.cancelled_at is not None:
            return State.CANCELLED
        if now < self.started_at:
            return State.QUEUED
        if now < self.ended_at:
            return State.RUNNING
        return State.FAILED if self.failure else State.SUCCEEDED

    @property
    def failure(self) -> str | None:
        """Return `fail-content`, `fail-internal`, one of the vendor's own (`faults.ONLY_AT`), or None."""
        return next((name for name in self.plan.left if name.startswith("fail-") and self.plan.has(name)), None)

    def is_gone(self, now: float) -> bool:
        if self.is_deleted or (self.plan.has("expire") and now >= self.started_at):
            return True
        return now >= self.submitted_at + self.task_ttl_s

    def changed_at(self, now: float) -> float:
        """Return when the present state began."""
        if self.cancelled_at is not None:
            return self.cancelled_at
        return max(moment for moment in (self.submitted_at, self.started_at, self.ended_at) if moment <= now)

    def cancel(self, now: float) -> None:
        self.cancelled_at = now
        self.account.give_back(self.number)

    def link(self, base: str, name: str) -> str:
        """Return the address of the result, under a name of the vendor's choice."""
        return links.link(base, self.id, name, self.ended_at + self.result_ttl_s, suffix="mov" if self.order.is_mov else "mp4")


def schedule(plan: Plan, number: int, now: float, tuning: Tuning) -> tuple[float, float]:
    """Return when rendering starts and when it ends."""
    started_at = now + tuning.queue_s / tuning.speed
    return started_at, math.inf if plan.has("never") else started_at + tuning.render_time_s(number)


class TaskBook:
    def __init__(self) -> None:
        self._by_id: dict[str, SimTask] = {}
        self._by_reference: dict[tuple[Account, str], SimTask] = {}
        self._by_account: dict[Account, list[SimTask]] = {}
        self.count = 0

    def next_number(self) -> int:
        self.count += 1
        return self.count

    def add(self, task: SimTask) -> None:
        self._by_id[task.id] = task
        self._by_account.setdefault(task.account, []).append(task)
        if task.order.reference:
            self._by_reference[task.account, task.order.reference] = task

    def any_with_id(self, task_id: str) -> SimTask | None:
        """Return the task of any account: a result's URL carries no key."""
        return self._by_id.get(task_id)

    def find(self, account: Account, name: str, now: float) -> SimTask | None:
        """Return the account's task with this id or reference, unless the vendor has forgotten it."""
        task = self._by_id.get(name) or self._by_reference.get((account, name))
        return task if task and task.account is account and not task.is_gone(now) else None

    def has_reference(self, account: Account, reference: str) -> bool:
        return bool(reference) and (account, reference) in self._by_reference

    def of(self, account: Account, now: float) -> list[SimTask]:
        """Return the account's tasks, newest first."""
        return [task for task in reversed(self._by_account.get(account, [])) if not task.is_gone(now)]

    def reset(self) -> None:
        self._by_id.clear()
        self._by_reference.clear()
        self._by_account.clear()
        self.count = 0
