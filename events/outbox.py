"""The outbox: rooms write events in the transaction of the change, and consumers take them, each at its own pace.

A consumer is a name in `settings.EVENT_CONSUMERS`. Writing adds a delivery for each consumer that wants the event's type, and a delivery
is pending until it is done. A position in the time-ordered ids would be smaller, but skips an event whose transaction commits after that
of a later id.

Delivery is at least once: a consumer that dies is given the event again, so it repeats what it does under the event's id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from database import clock
from database.batches import first_id
from events.models import Event, EventDelivery

__all__ = ["LeaseLost", "done", "is_due", "later", "old_events", "take", "unwanted_deliveries", "write"]

LEASE = timedelta(minutes=1)


class LeaseLost(Exception):
    """The delivery was done or taken by another process after its lease ended."""


def write(type: str, *, subject: UUID, at: datetime, owner_id: int | None = None, facts: Mapping[str, Any]) -> None:  # noqa: A002
    """Add an event, in the caller's transaction."""
    assert connection.in_atomic_block, "an event is written together with the change that it reports"
    event = Event.objects.create(type=type, subject_id=subject, owner_id=owner_id, facts=facts, at=at)
    wanting = [name for name, beginnings in settings.EVENT_CONSUMERS.items() if type.startswith(tuple(beginnings))]
    if wanting:
        EventDelivery.objects.bulk_create([EventDelivery(event=event, consumer=name, due_at=at) for name in wanting])


def take(consumer: str, *, limit: int = 100, lease: timedelta = LEASE) -> list[EventDelivery]:
    """Lease the consumer's due deliveries, with their events. `attempts` counts how often each was taken, this time included.

    A delivery that is neither done nor delayed when the lease ends is due again.
    """
    now = clock.now()
    with transaction.atomic():
        due = EventDelivery.objects.filter(consumer=consumer, due_at__lte=now).order_by("due_at", "id")
        taken = list(due.select_related("event").select_for_update(skip_locked=True, of=("self",))[:limit])
        EventDelivery.objects.filter(pk__in=[one.pk for one in taken]).update(due_at=now + lease, attempts=F("attempts") + 1)
    for one in taken:
        one.attempts += 1
    return taken


def done(deliveries: Iterable[EventDelivery]) -> None:
    """Finish these deliveries in one statement. Raise `LeaseLost` when another process has one of them, so that the consumer's transaction
    rolls back.
    """
    taken: dict[int, list[UUID]] = defaultdict(list)
    for one in deliveries:
        taken[one.attempts].append(one.pk)
    held = Q()
    for attempts, pks in taken.items():
        held |= Q(attempts=attempts, pk__in=pks)
    wanted = sum(map(len, taken.values()))
    count = EventDelivery.objects.filter(held).delete()[0] if wanted else 0
    if count != wanted:
        raise LeaseLost(f"{wanted - count} of {wanted} deliveries were taken again")


def is_due(consumer: str) -> bool:
    """Return whether there is something to take."""
    return EventDelivery.objects.filter(consumer=consumer, due_at__lte=clock.now()).exists()


def later(delivery: EventDelivery, delay: timedelta) -> None:
    """Deliver it again after `delay`. Do nothing when another process has it."""
    EventDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(due_at=clock.now() + delay)


def unwanted_deliveries(before: datetime) -> QuerySet[EventDelivery]:
    """Return the deliveries of events before this time to consumers that do not exist any more."""
    return EventDelivery.objects.filter(pk__lt=first_id(before)).exclude(consumer__in=settings.EVENT_CONSUMERS)


def old_events(before: datetime) -> QuerySet[Event]:
    """Return the events before this time that no consumer waits for."""
    return Event.objects.filter(pk__lt=first_id(before), deliveries=None)
