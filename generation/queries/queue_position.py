"""What waiting tasks depend on: the slots of the accounts, each task's place in line, the stop. Read only, and at most once a second for
all callers: a hundred open pages ask every two seconds.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Min, Value, Window
from django.db.models.functions import RowNumber, StrIndex, Substr

from database import clock
from generation.lifecycle import Status
from generation.models import GenerationTask, TaskNews
from generation.models.switch import Stop
from generation.scheduling.concurrency import usage_of
from generation.scheduling.fair_share import Queue, turns_of, turns_taken
from generation.scheduling.stop_switch import current_stop
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount

__all__ = ["PoolState", "pool_state", "read_pool_state"]

LINE_LENGTH = 1_000
"""Places further back in a vendor's line than this are not counted."""


@dataclass(frozen=True, kw_only=True)
class AccountLoad:
    """An account and the number of its slots that are taken, counted as its limits are."""

    account: ProviderAccount
    used: int


@dataclass(frozen=True, kw_only=True)
class Openings:
    """Where tasks of one model may start. `loads` are the enabled accounts that take it; `cooling` is the one that is back first if all of
    them cool down; `is_full`: those that do not cool down have no free slot.
    """

    loads: list[AccountLoad]
    cooling: ProviderAccount | None
    is_full: bool


@dataclass(frozen=True, kw_only=True)
class PoolState:
    """What the cards of tasks need to know about the rest of the portal. `places` are by task, 1 is next."""

    loads: list[AccountLoad] = field(default_factory=list)
    places: dict[UUID, int] = field(default_factory=dict)
    stop: Stop | None = None
    _openings: dict[tuple[str, UUID | None], Openings] = field(default_factory=dict)

    def account(self, key: UUID | None) -> ProviderAccount | None:
        """Return the account with this key, without a query."""
        return next((load.account for load in self.loads if load.account.pk == key), None) if key else None

    def openings(self, task: GenerationTask | TaskNews) -> Openings:
        """Return the openings of the task's model; for a bound task only its own account counts."""
        key = (task.model, task.account_id if task.is_bound else None)
        if key not in self._openings:
            self._openings[key] = self._find_openings(task.spec, key[1])
        return self._openings[key]

    def _find_openings(self, spec: ModelSpec | None, bound_to: UUID | None) -> Openings:
        loads = [load for load in self.loads if bound_to in {None, load.account.pk} and spec and load.account.takes(spec)]
        cooling = [load.account for load in loads if load.account.cooldown_until is not None]
        awake = [load for load in loads if load.account.may_start]
        return Openings(
            loads=loads,
            cooling=min(cooling, key=attrgetter("cooldown_until")) if cooling and len(cooling) == len(loads) else None,
            is_full=bool(awake) and all(load.used >= load.account.max_in_flight for load in awake),
        )


class _Kept:
    """The state that this process read last, with the time in seconds of the monotonic clock."""

    state: tuple[float, PoolState] | None = None
    reading = threading.Lock()


def pool_state() -> PoolState:
    """Return the state of the pool, at most `settings.POOL_STATE_KEPT_S` seconds old, or the last one while another thread reads it."""
    kept = _Kept.state
    if kept and time.monotonic() - kept[0] <= settings.POOL_STATE_KEPT_S:
        return kept[1]
    if not _Kept.reading.acquire(blocking=kept is None):
        return kept[1] if kept else read_pool_state()
    try:
        state = read_pool_state()
        _Kept.state = (time.monotonic(), state)
        return state
    finally:
        _Kept.reading.release()


def read_pool_state() -> PoolState:
    """Read the state of the pool now, in nine queries, however many tasks wait."""
    accounts, now = list(ProviderAccount.objects.all()), clock.now()
    usages = usage_of(accounts, now)
    loads = [AccountLoad(account=account, used=usages[account.pk].slots) for account in accounts]
    return PoolState(loads=loads, places=_places(accounts, now), stop=current_stop())


def _places(accounts: Collection[ProviderAccount], now: datetime) -> dict[UUID, int]:
    """Return each task's place in its vendor's line, in the order of `fair_share.turns_of`."""
    offered = sorted({name for account in accounts if account.enabled for name in account.models_offered()})
    vendor = Substr("model", 1, StrIndex("model", Value("/")) - 1)
    waiting = GenerationTask.objects.filter(status=Status.QUEUED, due_at__lte=now, model__in=offered).annotate(vendor_slug=vendor)
    queues = waiting.order_by().values_list("vendor_slug", "owner").annotate(count=Count("pk"), first=Min("created_at"))
    lines: dict[str, list[Queue]] = defaultdict(list)
    busy = turns_taken(now)
    for slug, owner, count, first in queues:
        lines[slug].append(Queue(busy[slug, owner], first, owner, count))
    turns = {slug: turns_of(line, LINE_LENGTH) for slug, line in lines.items()}
    longest = max((count for owners in turns.values() for count in Counter(owners).values()), default=0)
    if not longest:
        return {}
    number = Window(RowNumber(), partition_by=[F("owner"), F("vendor_slug")], order_by=[F("created_at").asc(), F("pk").asc()])
    rows = waiting.annotate(number=number).filter(number__lte=longest).order_by("number")
    tasks: dict[tuple[str, int], list[UUID]] = defaultdict(list)
    for pk, slug, owner in rows.values_list("pk", "vendor_slug", "owner"):
        tasks[slug, owner].append(pk)
    remaining = {key: iter(keys) for key, keys in tasks.items()}
    placed = {slug: [next(remaining.get((slug, owner), iter(())), None) for owner in owners] for slug, owners in turns.items()}
    return {pk: place for keys in placed.values() for place, pk in enumerate(keys, 1) if pk is not None}
