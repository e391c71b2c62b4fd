"""The outbox: an event is given to each consumer that wants it until that consumer is done, whenever its transaction commits."""

from __future__ import annotations

from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import outbox
from events.models import Event, EventDelivery

pytestmark = pytest.mark.postgresql

SERVER = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")


@pytest.fixture(autouse=True)
def consumers(settings, db):
    settings.EVENT_CONSUMERS = {"hooks": ("task.", "batch."), "notices": ("account.",)}


@transaction.atomic
def write(what: str = "task.succeeded", **facts: object) -> None:
    outbox.write(what, subject=uuid4(), at=timezone.now(), facts=facts)


def types(consumer: str = "hooks", **words: object) -> list[str]:
    return [delivery.event.type for delivery in outbox.take(consumer, **words)]


def test_event_without_a_consumer_costs_one_insert(settings):
    settings.EVENT_CONSUMERS = {}

    with transaction.atomic(), CaptureQueriesContext(connection) as statements:
        outbox.write("task.succeeded", subject=uuid4(), at=timezone.now(), owner_id=1, facts={})

    assert [one["sql"].split()[0] for one in statements] == ["INSERT"]
    assert types() == []


def test_event_is_given_to_the_consumers_that_want_its_type():
    write("task.failed", error_code="refused")
    write("account.cooldown")

    (delivery,) = outbox.take("hooks")
    assert (delivery.event.type, delivery.event.facts) == ("task.failed", {"error_code": "refused"})
    assert types("notices") == ["account.cooldown"]


def test_event_of_a_change_that_was_rolled_back_is_not_given():
    with transaction.atomic():
        write()
        transaction.set_rollback(True)

    assert (types(), Event.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_event_outside_a_transaction_is_refused():
    with pytest.raises(AssertionError):
        outbox.write("task.failed", subject=uuid4(), at=timezone.now(), facts={})

    assert Event.objects.count() == 0


def test_taken_delivery_is_not_taken_again_before_its_lease_ends():
    write()
    (first,) = outbox.take("hooks", lease=timedelta(minutes=1))

    assert types() == []
    EventDelivery.objects.update(due_at=timezone.now())  # the minute is over
    (second,) = outbox.take("hooks")
    assert (first.attempts, second.attempts, second.event_id) == (1, 2, first.event_id)


def test_done_delivery_is_not_given_again_and_others_are():
    write("task.succeeded")
    write("task.failed")
    (first,) = outbox.take("hooks", limit=1)

    outbox.done([first])

    assert first.event.type == "task.succeeded"
    assert types() == ["task.failed"]


def test_process_whose_lease_was_lost_cannot_finish_and_its_writes_roll_back():
    write()
    (slow,) = outbox.take("hooks", lease=timedelta(0))
    (quick,) = outbox.take("hooks", lease=timedelta(0))

    def finish(delivery: EventDelivery) -> None:
        with transaction.atomic():
            write("task.sent-by-the-slow-one")
            outbox.done([delivery])

    with pytest.raises(outbox.LeaseLost):
        finish(slow)

    assert not Event.objects.filter(type="task.sent-by-the-slow-one").exists()
    outbox.done([quick])
    with pytest.raises(outbox.LeaseLost):
        outbox.done([quick])


def test_delivery_that_is_put_off_comes_back_later_and_only_its_holder_puts_it_off():
    write()
    (slow,) = outbox.take("hooks", lease=timedelta(0))
    (quick,) = outbox.take("hooks", lease=timedelta(0))

    outbox.later(slow, timedelta(hours=1))
    assert EventDelivery.objects.get().due_at < timezone.now() + timedelta(minutes=1)
    outbox.later(quick, timedelta(hours=1))
    assert types() == []
    assert EventDelivery.objects.get().due_at > timezone.now() + timedelta(minutes=59)


@SERVER
@pytest.mark.django_db(transaction=True)
def test_event_that_commits_after_a_later_one_was_done_is_given_all_the_same():
    written, commit = Signal(), Signal()

    def write_and_wait() -> None:
        with transaction.atomic():
            write("task.late")
            written.set()
            commit.wait(10)
        connection.close()

    slow = Thread(target=write_and_wait)
    slow.start()
    assert written.wait(10)
    write("task.early")
    (early,) = outbox.take("hooks")
    outbox.done([early])
    commit.set()
    slow.join()

    (late,) = outbox.take("hooks")
    assert (early.event.type, late.event.type) == ("task.early", "task.late")
    assert late.event_id < early.event_id


@SERVER
@pytest.mark.django_db(transaction=True)
def test_two_takers_at_once_get_different_deliveries_and_neither_waits():
    write("task.one")
    write("task.two")
    taken, release = Signal(), Signal()
    theirs: list[str] = []

    def take_and_hold() -> None:
        with transaction.atomic():
            theirs.extend(types(limit=1))
            taken.set()
            release.wait(10)
        connection.close()

    other = Thread(target=take_and_hold)
    other.start()
    assert taken.wait(10)
    ours = types()
    release.set()
    other.join()

    assert (theirs, ours) == (["task.one"], ["task.two"])


def test_many_are_finished_together_or_not_at_all():
    for _ in range(3):
        write()
    taken = outbox.take("hooks", lease=timedelta(0))
    (again,) = outbox.take("hooks", limit=1, lease=timedelta(0))

    with pytest.raises(outbox.LeaseLost), transaction.atomic():
        outbox.done(taken)
    assert EventDelivery.objects.count() == 3

    with CaptureQueriesContext(connection) as statements:
        outbox.done([again, *(one for one in taken if one.pk != again.pk)])
    assert (len(statements), EventDelivery.objects.count()) == (1, 0)
    outbox.done([])
    assert not outbox.is_due("hooks")
