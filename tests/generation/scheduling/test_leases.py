"""Leases, slots, rates and turns: who may work on which row."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from generation.errors import LostRace
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.create import create
from generation.ordering.order import Order
from generation.polling.schedule import take_due_polls
from generation.scheduling.fair_share import lease_queued
from generation.scheduling.leases import lease_due, lease_one
from generation.tick import tick
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def account(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9", max_in_flight=3, submits_per_minute=100)


def lease(account, now=None):
    with transaction.atomic():
        return lease_queued([account], now=now or timezone.now(), instance="me")


def test_leasing_takes_no_more_than_the_free_slots(account, user):
    for _ in range(5):
        make_task(user)

    assert len(lease(account)) == 3
    assert lease(account) == []


def test_slots_are_held_until_the_vendor_is_done(account, user):
    for status in ("submitting", "running", "ingesting"):
        make_task(user, status=status, account=account)
    make_task(user), make_task(user)

    assert len(lease(account)) == 1


def test_a_dead_workers_lease_frees_its_slot_after_the_lease(account, user):
    make_task(user), make_task(user), make_task(user)
    first = lease(account)

    later = lease(account, timezone.now() + timedelta(seconds=91))

    assert {one.task_id for one in later} == {one.task_id for one in first}
    assert all(one.fence == 2 for one in later)


def test_leasing_takes_no_more_than_the_rate(account, user):
    ProviderAccount.objects.filter(pk=account.pk).update(submits_per_minute=2, max_in_flight=50)
    account.refresh_from_db()
    attempt_of(make_task(user, status="failed"), account, dispatch="rejected")
    make_task(user), make_task(user)

    assert len(lease(account)) == 1
    assert lease(account) == []


def test_owners_take_turns(account, user, other_user):
    mine = [make_task(user) for _ in range(4)]
    theirs = make_task(other_user)

    taken = {one.task_id for one in lease(account)}

    assert taken == {mine[0].pk, theirs.pk, mine[1].pk}


def test_a_model_that_the_account_may_not_use_is_left(account, user):
    ProviderAccount.objects.filter(pk=account.pk).update(models_allowed=["kling-v3"])
    account.refresh_from_db()
    make_task(user)

    assert lease(account) == []


def test_a_row_is_leased_once(account, user):
    task = make_task(user, status="ingesting", account=account, submission_id="v")
    now = timezone.now()

    first = lease_one(task, now=now, instance="a", lasting=timedelta(minutes=1))
    second = lease_one(GenerationTask.objects.get(pk=task.pk), now=now, instance="b", lasting=timedelta(minutes=1))

    assert (first.fence, second) == (1, None)


def test_lease_due_takes_only_what_is_due(account, user):
    make_task(user, status="ingesting", account=account, submission_id="v1")
    make_task(user, status="ingesting", account=account, submission_id="v2", due_at=timezone.now() + timedelta(minutes=1))

    with transaction.atomic():
        leases = lease_due(Status.INGESTING, now=timezone.now(), instance="a", lasting=timedelta(minutes=1))

    assert len(leases) == 1


def test_leasing_a_poll_schedules_the_next_one(account, user):
    task = make_task(user, status="running", account=account, submission_id="v")
    now = timezone.now()

    leased = take_due_polls(account, now=now, every=lambda _: timedelta(seconds=10), limit=10)

    assert [one.id for one in leased] == [task.pk]
    task.refresh_from_db()
    assert timedelta(seconds=9) <= task.due_at - now <= timedelta(seconds=11)
    assert take_due_polls(account, now=now, every=lambda _: timedelta(seconds=10), limit=10) == []


def test_a_write_under_an_old_fence_changes_nothing(account, user):
    task = make_task(user)
    stale = GenerationTask.objects.get(pk=task.pk)
    lease(account)

    with pytest.raises(LostRace):
        stale.move(Status.FAILED, error_code="x")

    assert GenerationTask.objects.get(pk=task.pk).status == Status.QUEUED


def test_one_poll_job_per_account_at_a_time(account, user):
    make_task(user, status="running", account=account, submission_id="v1")

    assert tick() == 1
    assert tick() == 0


def test_a_resting_account_starts_nothing(account, user):
    make_task(user)
    account.cool_down_for(60, "429")

    assert tick() == 0


def test_stopping_paid_submits_starts_nothing(account, user, settings):
    settings.STOP_PAID_SUBMITS = True
    make_task(user)

    assert tick() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer and gives up by itself")
def test_an_account_that_somebody_holds_for_long_keeps_no_task_from_being_stored(account, user):
    """A process that is paused inside a transaction keeps the account's lock."""
    held, done = Event(), Event()
    holder = Thread(target=_hold, args=(account, held, done))
    holder.start()
    held.wait(10)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        task = create(Order(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat")).task
    finally:
        done.set()
        holder.join()
        connection.close()

    assert GenerationTask.objects.get(pk=task.pk).status == Status.QUEUED


def _hold(account: ProviderAccount, held: Event, done: Event) -> None:
    with transaction.atomic():
        account.lock_for_leasing()
        held.set()
        done.wait(10)
    connection.close()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="settings of the server")
def test_the_server_ends_what_is_paused_inside_a_transaction(db):
    with connection.cursor() as cursor:
        limits = {name: cursor.execute(f"SHOW {name}").fetchone()[0] for name in ("idle_in_transaction_session_timeout", "lock_timeout")}

    assert limits == {"idle_in_transaction_session_timeout": "20s", "lock_timeout": "10s"}
