"""Chooses the endpoint to send to next. Each has a lane with a lease, so that a slow or dead one does not delay others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from database import clock
from events import outbox
from jobs import queue
from webhooks.catalog import CONSUMER
from webhooks.kinds import offered_kinds
from webhooks.models import Delivery, Endpoint, State

__all__ = ["LEASE", "Lane", "claim", "deliver_soon", "is_due", "renew"]

LEASE = timedelta(seconds=12)
"""The lanes of a dead process are free after this time. A process that waits for an answer renews its leases."""
MOST_AT_ONCE = 4
MOST_IN_A_MESSAGE = 100
"""Events in one message to people."""


@dataclass(kw_only=True)
class Lane:
    """An endpoint that this process may send to until `until`, and what is due there."""

    endpoint: Endpoint
    deliveries: list[Delivery]
    until: datetime


def claim(most: int, *, now: datetime) -> list[Lane]:
    """Take free lanes of endpoints with due deliveries, for at most `most` requests: first endpoints that do not fail, and of them the one
    that was sent to longest ago.

    A failing endpoint gets one request, the probe. Another gets up to four, until half of `most` is used.
    """
    lanes, used = [], 0
    first = (F("failing_since").asc(nulls_first=True), F("lease_until").asc(nulls_first=True))
    for endpoint in _with_work(now).select_related("owner").order_by(*first)[:most]:
        until = now + LEASE
        if not Endpoint.objects.filter(_free(now), pk=endpoint.pk, enabled=True).update(lease_until=until):
            continue  # another process was faster
        has_room = not endpoint.failures and used + MOST_AT_ONCE <= most // 2
        at_once = MOST_IN_A_MESSAGE if endpoint.is_for_people else MOST_AT_ONCE if has_room else 1
        deliveries = list(_due(now).filter(endpoint=endpoint).order_by("due_at", "id")[:at_once])
        for delivery in deliveries:
            delivery.endpoint = endpoint
        endpoint.lease_until = until
        lanes.append(Lane(endpoint=endpoint, deliveries=deliveries, until=until))
        used += 1 if endpoint.is_for_people else len(deliveries)
        if used >= most:
            break
    return lanes


def renew(lanes: Collection[Lane], now: datetime) -> None:
    """Renew the leases of these lanes. A lane that another process has taken stays with that process."""
    until = now + LEASE
    held = Endpoint.objects.filter(pk__in=[lane.endpoint.pk for lane in lanes], lease_until__in={lane.until for lane in lanes})
    held.update(lease_until=until)
    for lane in lanes:
        lane.until = until


def is_due(now: datetime) -> bool:
    """Return whether an endpoint that may be sent to has a due delivery."""
    return _with_work(now).exists()


def deliver_soon() -> None:
    """Enqueue the delivery job if an event or a delivery is due, and no such job waits for a worker."""
    if (outbox.is_due(CONSUMER) or is_due(clock.now())) and not queue.is_waiting(queue.DELIVER):
        queue.enqueue(queue.DELIVER, "deliver")


def _free(now: datetime) -> Q:
    return (Q(lease_until=None) | Q(lease_until__lte=now)) & (Q(resting_until=None) | Q(resting_until__lte=now))


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.PENDING, due_at__lte=now)


def _with_work(now: datetime) -> QuerySet[Endpoint]:
    receiving = Endpoint.objects.filter(_free(now), enabled=True, owner__is_active=True, kind__in=offered_kinds())
    return receiving.filter(Exists(_due(now).filter(endpoint=OuterRef("pk"))))
