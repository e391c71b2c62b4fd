"""Two connections commit thousands of events in another order than they were written, while a consumer reads: none is missed."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from threading import Event as Signal
from threading import Thread
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from events import outbox
from events.models import Event, EventDelivery

EVENTS = 10_000
IN_ONE = 20
"""Events of one transaction."""
LONGEST_HOLD_S = 0.04

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_no_event_is_missed_whenever_its_transaction_commits(settings):
    settings.EVENT_CONSUMERS = {"reader": ("task.",)}
    read: list[UUID] = []
    over = Signal()
    writers = [Thread(target=write_and_hold, args=(EVENTS // 2, seed)) for seed in (1, 2)]
    reader = Thread(target=consume, args=(read, over))
    for thread in (reader, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    over.set()
    reader.join()

    assert len(read) == len(set(read)) == EVENTS == Event.objects.count()
    assert set(read) == set(Event.objects.values_list("pk", flat=True))
    assert not EventDelivery.objects.exists()
    overtaken = sum(later < earlier for earlier, later in pairwise(read))
    assert overtaken > 100, "many were read after one with a larger id, or nothing was tried"


def write_and_hold(count: int, seed: int) -> None:
    luck = random.Random(seed)
    try:
        for _ in range(count // IN_ONE):
            with transaction.atomic():
                for _ in range(IN_ONE):
                    outbox.write("task.ended", subject=uuid7(), at=timezone.now(), facts={})
                time.sleep(luck.uniform(0, LONGEST_HOLD_S))
    finally:
        connection.close()


def consume(read: list[UUID], over: Signal) -> None:
    try:
        while True:
            was_over = over.is_set()
            taken = outbox.take("reader", limit=50)
            with transaction.atomic():
                outbox.done(taken)
            read += [one.event_id for one in taken]
            if not taken and was_over:
                return
    finally:
        connection.close()
