"""Decides which queued task starts next, and on which account. The lease writes the account into the row and so takes its slot.

Accounts of a vendor are one pool: the lowest priority number first; within a priority the work of a minute is shared by weight. Owners
take turns, and what an owner already has at the vendor counts as turns taken.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from generation.lifecycle import AT_VENDOR, Status
from generation.models import GenerationTask
from generation.places import PLACES, serves
from generation.scheduling.concurrency import about_to_start, others_at_work, room_of, submit_processes, usage_of
from generation.scheduling.leases import MOST_WAITING, Lease, lease_rows
from providers.core.catalog import vendor_of
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["Queue", "lease_queued", "turns_of", "turns_taken", "waiting_vendors"]

MESSAGE_LEASE = timedelta(seconds=60)
"""How long a leased row may wait in the queue and be worked on before it is due again."""


@dataclass(kw_only=True)
class Place:
    """An account with room. `had` is what it was given within the last minute and now."""

    account: ProviderAccount
    room: int
    had: int

    @property
    def rank(self) -> tuple[int, float, int, UUID]:
        """Return a key that sorts the account furthest behind its share first."""
        return (self.account.priority, (self.had + 1) / self.account.weight, -self.account.weight, self.account.pk)


class Waiting(NamedTuple):
    """What the choice needs of a queued task."""

    owner: int
    key: UUID
    model: str
    is_bound: bool
    account: UUID | None
    only: str


class Queue(NamedTuple):
    """What one owner has waiting at a vendor; queues sort in the order in which they are served. `turns` are those taken already: what the
    owner has at the vendor or about to go there.
    """

    turns: int
    first_at: datetime
    owner: int
    waiting: int


def turns_of(queues: Iterable[Queue], most: int) -> list[int]:
    """Return the owners of the next `most` tasks, in order: who has taken the fewest turns, then who has waited longest."""
    turns = ([(queue.turns + number, queue.first_at, queue.owner) for number in range(min(queue.waiting, most))] for queue in queues)
    return [owner for _turns, _first_at, owner in islice(heapq.merge(*turns), most)]


def waiting_vendors(now: datetime) -> set[str]:
    """Return the vendors for whose models tasks are due."""
    due = GenerationTask.objects.filter(status=Status.QUEUED, due_at__lte=now).order_by()
    return {vendor_of(model) for model in due.values_list("model", flat=True).distinct()}


def lease_queued(accounts: Sequence[ProviderAccount], *, now: datetime, instance: str) -> list[Lease]:
    """Lease queued tasks to these usable accounts of one vendor, as many as they can start within about a second.

    Call inside a transaction: it locks the accounts when any has room.
    """
    if not _places(accounts, now):
        return []
    for account in sorted(accounts, key=attrgetter("pk")):
        account.lock_for_leasing()
    given = _share_out(accounts, _places(accounts, now), now)
    by_key = {account.pk: account for account in accounts}
    return [
        lease
        for key, ids in given.items()
        for lease in lease_rows(ids, status=Status.QUEUED, now=now, lasting=MESSAGE_LEASE, instance=instance, account=by_key[key])
    ]


def _share_out(accounts: Sequence[ProviderAccount], places: list[Place], now: datetime) -> dict[UUID, list[UUID]]:
    """Return the tasks that each account starts. Choose again whenever an account is full: those that wait for it must not block others."""
    given: dict[UUID, list[UUID]] = defaultdict(list)
    taken = turns_taken(now, vendor=accounts[0].vendor)
    busy, found, filled = Counter({owner: count for (_vendor, owner), count in taken.items()}), set[UUID](), True
    while places and filled:
        for task in _in_turn(places, busy, found, now):
            place = _best(places, task)
            if place is not None:
                given[place.account.pk].append(task.key)
                found.add(task.key)
                busy[task.owner] += 1
                place.room, place.had = place.room - 1, place.had + 1
        open_still = [place for place in places if place.room > 0]
        places, filled = open_still, len(open_still) < len(places)
    return given


def _places(accounts: Sequence[ProviderAccount], now: datetime) -> list[Place]:
    usages, workers, crowd = usage_of(accounts, now), submit_processes(now), others_at_work(accounts, now)
    places = []
    for account in accounts:
        usage = usages[account.pk]
        neighbours = crowd or any(other.sending or other.about_to for key, other in usages.items() if key != account.pk)
        room = room_of(account, usage, workers=workers, others_at_work=neighbours)
        if room > 0:
            places.append(Place(account=account, room=room, had=usage.last_minute + usage.about_to))
    return places


def _best(places: Iterable[Place], task: Waiting) -> Place | None:
    spec = ALL_MODELS[task.model]
    fit = [
        place
        for place in places
        if place.room > 0
        and place.account.offers(spec)
        and serves(place.account, task.only)
        and (not task.is_bound or task.account == place.account.pk)
    ]
    return min(fit, key=attrgetter("rank"), default=None)


def _in_turn(places: list[Place], busy: Counter[int], found: set[UUID], now: datetime) -> Iterator[Waiting]:
    """Waiting tasks in the order in which they are to start; no more than there is room for. One query for each owner who has a turn."""
    room = min(sum(place.room for place in places), MOST_WAITING - len(found))
    waiting = _waiting(places, now).exclude(pk__in=found) if found else _waiting(places, now)
    owners = waiting.order_by().values("owner").annotate(count=Count("pk"), first=Min("created_at"))
    turns = turns_of([Queue(busy[row["owner"]], row["first"], row["owner"], row["count"]) for row in owners], room)
    rows = {
        owner: iter(
            waiting.filter(owner=owner)
            .order_by("-priority", "created_at", "pk")
            .values_list("pk", "model", "is_bound", "account", "only")[:count]
        )
        for owner, count in Counter(turns).items()
    }
    for owner in turns:
        row = next(rows[owner], None)
        if row is not None:
            yield Waiting(owner, *row)


def _waiting(places: list[Place], now: datetime) -> QuerySet[GenerationTask]:
    """Return the due tasks that one of these accounts may start."""
    offers = [(place.account, place.account.models_offered()) for place in places]
    anyones = Q()
    for only in PLACES:
        fit = [(account, names) for account, names in offers if serves(account, only)]
        if fit:
            anyones |= Q(is_bound=False, only=only, model__in=sorted(set().union(*(names for _account, names in fit))))
        for account, names in fit:
            anyones |= Q(is_bound=True, account=account, only=only, model__in=names)
    return GenerationTask.objects.filter(anyones, status=Status.QUEUED, due_at__lte=now)


def turns_taken(now: datetime, *, vendor: str | None = None) -> Counter[tuple[str, int]]:
    """Return what each owner has at each vendor, or at this one, or about to go there, on whichever of its accounts."""
    there = GenerationTask.objects.filter(Q(status__in=AT_VENDOR) | about_to_start(now), account__isnull=False).order_by()
    if vendor is not None:
        there = there.filter(account__vendor=vendor)
    rows = there.values_list("account__vendor", "owner").annotate(count=Count("pk"))
    return Counter({(slug, owner): count for slug, owner, count in rows})
