"""Processes compare times by the database's clock, whatever their own clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from database import clock
from generation.models import GenerationTask
from generation.scheduling.leases import lease_one
from jobs import queue
from tests.task_rows import make_task

TEN_MINUTES = timedelta(minutes=10)

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite is one machine with one clock"),
]


@pytest.fixture(params=[TEN_MINUTES, -TEN_MINUTES])
def skew(request, db) -> Iterator[timedelta]:
    """How far this process's clock is behind the server's: the server's time is later by this."""
    seconds = request.param.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        words = f"SELECT pg_catalog.clock_timestamp() + interval '{seconds} seconds'"
        cursor.execute(f"CREATE FUNCTION elsewhere.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ {words} $$")
        cursor.execute("SET search_path = public, elsewhere, pg_catalog")
    clock._Offset.measured_at = float("-inf")
    yield request.param
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA elsewhere CASCADE")
        cursor.execute("RESET search_path")
    clock._Offset.measured_at = float("-inf")
    clock.now()


def test_a_process_whose_clock_is_off_takes_the_databases_time(skew):
    assert abs(clock.now() - timezone.now() - skew) < timedelta(seconds=1)


def test_leases_and_messages_are_of_the_databases_time(skew, user):
    task = make_task(user)

    with transaction.atomic():
        lease_one(task, now=clock.now(), instance="a", lasting=timedelta(minutes=1))
    queue.enqueue(queue.SUBMIT, "beat")

    there = timezone.now() + skew
    assert abs(GenerationTask.objects.get().lease_until - there - timedelta(minutes=1)) < timedelta(seconds=5)
    assert abs(OrmQ.objects.get().lock - there) < timedelta(seconds=5)
    task.refresh_from_db()
    task.reschedule(timedelta(0))
    assert abs(GenerationTask.objects.get().due_at - there) < timedelta(seconds=5)


def test_it_costs_no_query(django_assert_num_queries):
    clock._Offset.measured_at = float("-inf")

    with django_assert_num_queries(0):
        clock.now()


def test_inside_a_failed_transaction_the_last_measure_holds(skew):
    clock.now()
    with transaction.atomic():
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        clock._Offset.measured_at = float("-inf")

        assert abs(clock.now() - timezone.now() - skew) < timedelta(seconds=1)
        transaction.set_rollback(True)
