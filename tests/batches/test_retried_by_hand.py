"""A failed video of a batch that is retried by the batch and by hand is bought once."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connection, transaction

from access.callers import Caller
from access.ledger_models import Reservation
from batches.actions import retry_failed
from batches.models import Batch
from generation.actions.retry import retry_from_page, retry_task
from generation.models import GenerationTask
from generation.ordering.page_keys import new_key, read_key
from tests.batches.test_actions import fail
from tests.batches.test_feeding import accepted, feed_once

pytestmark = pytest.mark.postgresql


def failed_in(batch: Batch) -> GenerationTask:
    task = GenerationTask.objects.get(pk=batch.rows.get(number=1).task_id)
    fail(task.pk)
    task.refresh_from_db()
    return task


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_retry_by_hand_that_is_not_committed_yet_is_seen_by_the_batch(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user, 1))
    failed = failed_in(batch)
    retry_failed(batch, by=by)
    ordered, fed = Event(), Event()

    def by_hand() -> None:
        with transaction.atomic():
            retry_task(failed, by=by)
            ordered.set()
            while not fed.wait(0.01) and not somebody_waits_for_a_lock():
                pass
        connection.close()

    person = Thread(target=by_hand)
    person.start()
    assert ordered.wait(10)
    try:
        feed_once(batch)
    finally:
        fed.set()
        person.join()

    again = GenerationTask.objects.get(retry_of=failed)
    assert (batch.rows.get().task_id, batch.rows.get().state) == (again.pk, "placed")
    assert [row.task_id for row in Reservation.objects.filter(closed_at=None).exclude(task_id=failed.pk)] == [again.pk]


def test_a_page_from_before_the_batch_retried_it_does_not_retry_it_once_more(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user, 1))
    failed = failed_in(batch)
    retry_failed(batch, by=by)
    page = read_key(new_key())  # the id of the batch's retry is older, its task is not
    feed_once(batch)

    placed = retry_from_page(failed, by=by, page=page)
    assert (placed.task.pk, placed.is_new) == (batch.rows.get().task_id, False)
    assert retry_from_page(failed, by=by, page=read_key(new_key())).is_new, "who sees the retry may order one more"
