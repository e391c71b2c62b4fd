"""What waiting tasks depend on: the slots of the accounts, each task's place in line, the stop. Read only, and at most once a second for
all callers: a hundred open pages ask every two seconds.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from operator import attrgetter
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber, StrIndex, Substr

from database import clock
from generation.lifecycle import LIVE, Status
from generation.models import GenerationTask, TaskNews
from generation.models.switch import Stop
from generation.places import PLACES, serves
from generation.scheduling.concurrency import usage_of
from generation.scheduling.fair_share import Queue, turns_of, turns_taken
from generation.scheduling.stop_switch import current_stop
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount

__all__ = ["PoolState", "pool_state", "read_pool_state"]

LINE_LENGTH = 1_000
"""Places further back in a vendor's line than this are not counted."""
CHANGES_KNOWN = timedelta(minutes=1)
VENDOR = Substr("model", 1, StrIndex("model", Value("/")) - 1)
"""The vendor of a task, for queries."""


@dataclass(frozen=True, kw_only=True)
class AccountLoad:
    """An account and the number of its slots that are taken, counted as its limits are."""

    account: ProviderAccount
    used: int

    @property
    def is_full(self) -> bool:
        return self.used >= self.account.max_in_flight


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
    """What the cards of tasks need to know about the rest of the portal. `offered` are the models of enabled accounts, each with the places
    for which one serves (generation/places.py). `turns` are the places in line of an owner at a vendor, 1 is next: the owner's longest
    waiting task there has the first of them.
    """

    loads: list[AccountLoad] = field(default_factory=list)
    stop: Stop | None = None
    read_at: datetime | None = None
    offered: frozenset[tuple[str, str]] = frozenset()
    turns: Mapping[tuple[str, int], list[int]] = field(default_factory=dict)
    facts: str = ""
    """A digest of what else the text of a waiting task depends on."""
    changed: Mapping[int, datetime] = field(default_factory=dict)
    """When a task of an owner changed last, of owners whose tasks changed within `CHANGES_KNOWN`."""
    busy: frozenset[int] = frozenset()
    """Owners of tasks whose text changes with the time: they are sent, rendered or saved, or wait for a later try."""
    _openings: dict[tuple[str, str, UUID | None], Openings] = field(default_factory=dict)

    def mark(self, owner: int) -> str:
        """Return a short text, the same in each process, that changes when what the owner's waiting tasks say may change."""
        own = sorted((vendor, places) for (vendor, whose), places in self.turns.items() if whose == owner)
        return _digest(self.facts, own)

    def is_still(self, owner: int, since: datetime, *, for_all: bool) -> bool:
        """Return whether no live update is due to the owner: nothing of theirs, or `for_all` of anybody's, changed since then, and no text
        of theirs changes with the time. False if the reading does not reach back that far.
        """
        if self.read_at is None or owner in self.busy or since <= self.read_at - CHANGES_KNOWN:
            return False
        return all(at <= since for who, at in self.changed.items() if for_all or who == owner)

    def account(self, key: UUID | None) -> ProviderAccount | None:
        """Return the account with this key, without a query."""
        return next((load.account for load in self.loads if load.account.pk == key), None) if key else None

    def openings(self, task: GenerationTask | TaskNews) -> Openings:
        """Return the openings of the task's model; for a bound task only its own account counts."""
        key = (task.model, task.only, task.account_id if task.is_bound else None)
        if key not in self._openings:
            self._openings[key] = self._find_openings(task.spec, task.only, key[2])
        return self._openings[key]

    def _find_openings(self, spec: ModelSpec | None, only: str, bound_to: UUID | None) -> Openings:
        able = [load for load in self.loads if bound_to in {None, load.account.pk} and spec and load.account.takes(spec)]
        loads = [load for load in able if serves(load.account, only)]
        cooling = [load.account for load in loads if load.account.cooldown_until is not None]
        awake = [load for load in loads if load.account.may_start]
        return Openings(
            loads=loads,
            cooling=min(cooling, key=attrgetter("cooldown_until")) if cooling and len(cooling) == len(loads) else None,
            is_full=bool(awake) and all(load.is_full for load in awake),
        )

    def places(self, tasks: Iterable[GenerationTask | TaskNews], *, all_of: int | None = None) -> dict[UUID, int]:
        """Return the places in line of these waiting tasks, without those that have none. A query finds which of their owners' turns they
        have, except for `all_of`, an owner whose waiting tasks are all among them.
        """
        due = [task for task in tasks if self.read_at and task.due_at and task.due_at <= self.read_at]
        in_line = [task for task in due if (task.model, task.only) in self.offered]
        places = self._look_up([task for task in in_line if task.owner_id != all_of])
        left = {vendor: iter(turns) for (vendor, owner), turns in self.turns.items() if owner == all_of}
        for task in sorted((task for task in in_line if task.owner_id == all_of), key=lambda one: (-one.priority, one.created_at, one.id)):
            if place := next(left.get(task.vendor, iter(())), None):
                places[task.id] = place
        return places

    def _look_up(self, tasks: Collection[GenerationTask | TaskNews]) -> dict[UUID, int]:
        """Return the places of these tasks in line."""
        if not tasks or self.read_at is None:
            return {}
        number = Window(RowNumber(), partition_by=[F("owner"), VENDOR], order_by=[F("priority").desc(), "created_at", "pk"])
        asked = Case(When(pk__in=[task.id for task in tasks], then=number))
        rows = _line(self.offered, self.read_at).filter(owner__in={task.owner_id for task in tasks}).annotate(number=asked)
        numbers = dict(rows.filter(number__gt=0).values_list("pk", "number"))
        turns = {task.id: self.turns.get((task.vendor, task.owner_id), []) for task in tasks}
        return {pk: turns[pk][number - 1] for pk, number in numbers.items() if number <= len(turns[pk])}


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
    """Read the state of the pool now, in ten queries, however many tasks wait."""
    accounts, now = list(ProviderAccount.objects.all()), clock.now()
    usages = usage_of(accounts, now)
    loads = [AccountLoad(account=account, used=usages[account.pk].slots) for account in accounts]
    models = [(account, account.models_offered()) for account in accounts if account.enabled]
    offered = frozenset((name, only) for account, names in models for only in PLACES if serves(account, only) for name in names)
    stop = current_stop()
    states = [
        (load.account.pk, load.account.edited_at, load.account.cooldown_until, load.account.breaker(now).state, load.is_full)
        for load in loads
    ]
    facts = _digest(stop, sorted(offered), states)
    changes = GenerationTask.objects.filter(updated_at__gt=now - CHANGES_KNOWN).order_by().values_list("owner").annotate(Max("updated_at"))
    moving = GenerationTask.objects.filter(
        Q(status__in=LIVE - {Status.QUEUED, Status.NEEDS_REVIEW}) | Q(status=Status.QUEUED, due_at__gt=now)
    )
    return PoolState(
        loads=loads,
        stop=stop,
        read_at=now,
        offered=offered,
        turns=_turns(offered, now),
        facts=facts,
        changed=dict(changes),
        busy=frozenset(moving.order_by().values_list("owner", flat=True).distinct()),
    )


def _digest(*facts: object) -> str:
    return blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def _turns(offered: Collection[tuple[str, str]], now: datetime) -> dict[tuple[str, int], list[int]]:
    """Return the places of each owner's tasks in each vendor's line, in the order of `fair_share.turns_of`."""
    owners = _line(offered, now).values_list(VENDOR, "owner").annotate(count=Count("pk"), first=Min("created_at"))
    lines: dict[str, list[Queue]] = defaultdict(list)
    busy = turns_taken(now)
    for vendor, owner, count, first in owners:
        lines[vendor].append(Queue(busy[vendor, owner], first, owner, count))
    turns: dict[tuple[str, int], list[int]] = defaultdict(list)
    for vendor, line in lines.items():
        for place, owner in enumerate(turns_of(line, LINE_LENGTH), 1):
            turns[vendor, owner].append(place)
    return dict(turns)


def _line(offered: Collection[tuple[str, str]], now: datetime) -> QuerySet[GenerationTask]:
    """Return the tasks that have a place in line: due, and of a model that an enabled account offers where they may be rendered."""
    if not offered:
        return GenerationTask.objects.none()
    startable = Q()
    for only in sorted({only for _model, only in offered}):
        startable |= Q(only=only, model__in=sorted(model for model, place in offered if place == only))
    return GenerationTask.objects.filter(startable, status=Status.QUEUED, due_at__lte=now).order_by()
