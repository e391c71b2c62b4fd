"""Who waits for what: the slots of each vendor, and each waiting task's place in line. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db.models import F, Value, Window
from django.db.models.functions import RowNumber, StrIndex, Substr

from database import clock
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.models.switch import Stop
from generation.ordering.estimate import Usual, usual_seconds
from generation.scheduling.concurrency import usage_of
from generation.scheduling.stop_switch import current_stop
from providers.accounts.circuit_breaker import Breaker
from providers.models import ProviderAccount

__all__ = ["AccountLoad", "Line", "account_loads", "look_around"]

LINE_LENGTH = 1_000
"""Places further back than this are not counted out."""


@dataclass(frozen=True, kw_only=True)
class AccountLoad:
    """One account and the slots that are taken."""

    account: ProviderAccount
    used: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the cards of some tasks need to know about the rest of the portal."""

    loads: list[AccountLoad] = field(default_factory=list)
    places: dict[UUID, int] = field(default_factory=dict)
    usual: dict[str, Usual] = field(default_factory=dict)
    stop: Stop | None = None

    def open_to(self, task: GenerationTask) -> list[AccountLoad]:
        """Enabled accounts that take its model; of a bound task only its own."""
        if task.spec is None:
            return []
        mine = {task.account_id} if task.is_bound else {load.account.pk for load in self.loads}
        return [load for load in self.loads if load.account.pk in mine and load.account.takes(task.spec)]

    def is_full(self, task: GenerationTask) -> bool:
        """Every account on which it may start has all its slots taken; those that rest do not count."""
        awake = [load for load in self.open_to(task) if load.account.may_start]
        return bool(awake) and all(load.used >= load.account.max_in_flight for load in awake)

    def rest_of(self, task: GenerationTask, now: datetime) -> Breaker | None:
        """Of the account that comes back first, while none may start it."""
        breakers = [load.account.breaker(now) for load in self.open_to(task)]
        resting = [breaker for breaker in breakers if breaker.until is not None]
        return min(resting, key=attrgetter("until")) if resting and len(resting) == len(breakers) else None


def look_around(tasks: Iterable[GenerationTask]) -> Line:
    """At most seven queries beside the remembered usual times, however many tasks; none for tasks that are over."""
    live = [task for task in tasks if not task.is_terminal]
    if not live:
        return Line()
    waiting = any(task.state is Status.QUEUED for task in live)
    return Line(
        loads=account_loads() if waiting else [],
        places=_places() if waiting else {},
        usual=usual_seconds(task.model for task in live),
        stop=current_stop() if waiting else None,
    )


def account_loads() -> list[AccountLoad]:
    """Every account with the number of its slots in use, counted as its limits are, five queries."""
    accounts = list(ProviderAccount.objects.all())
    usages = usage_of(accounts, clock.now())
    return [AccountLoad(account=account, used=usages[account.pk].slots) for account in accounts]


def _places() -> dict[UUID, int]:
    """Place in line (1 is next) by task, per vendor, in the order in which its accounts take them: owners in turn."""
    at = Substr("model", 1, StrIndex("model", Value("/")))
    turn = Window(RowNumber(), partition_by=[F("owner"), F("at")], order_by=F("id").asc())
    waiting = GenerationTask.objects.filter(status=Status.QUEUED).annotate(at=at, turn=turn).order_by("turn", "id")
    seen: Counter[str] = Counter()
    places = {}
    for pk, vendor in waiting.values_list("pk", "at")[:LINE_LENGTH]:
        seen[vendor] += 1
        places[pk] = seen[vendor]
    return places
