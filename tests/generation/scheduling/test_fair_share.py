"""Accounts of a vendor as one pool: who is next, on which account, and what that costs with a long queue."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from generation.models import GenerationTask, Prompt
from generation.scheduling.fair_share import lease_queued
from generation.tick import tick
from providers.models import ProviderAccount
from tests.task_rows import MODEL, attempt_of, make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def pool(make_account):
    """Makes an account of Kling: `pool("a", weight=3)`."""

    def make(label, **fields):
        facts = {"max_in_flight": 100, "submits_per_minute": 1000} | fields
        return make_account("kling", "official-key", "http://127.0.0.1:9", label=label, **facts)

    return make


def lease(*accounts, now=None):
    with transaction.atomic():
        return lease_queued(accounts, now=now or timezone.now(), instance="me")


def shares() -> Counter[str]:
    return Counter(GenerationTask.objects.filter(account__isnull=False).values_list("account__label", flat=True))


def test_work_is_shared_by_weight(pool, user):
    accounts = [pool("a", weight=3), pool("b", weight=1)]
    for _ in range(20):
        make_task(user)

    lease(*accounts)

    assert shares() == {"a": 15, "b": 5}


def test_weights_hold_for_tasks_that_come_one_by_one(pool, user):
    accounts = [pool("a", weight=2), pool("b", weight=1)]
    for _ in range(9):
        make_task(user)
        [one] = lease(*accounts)
        task = GenerationTask.objects.get(pk=one.task_id)
        attempt_of(task, task.account, finished_at=timezone.now())
        GenerationTask.objects.filter(pk=task.pk).update(status="failed", due_at=None, lease_until=None, finished_at=timezone.now())

    assert shares() == {"a": 6, "b": 3}


def test_a_better_priority_is_filled_first(pool, user):
    accounts = [pool("spare", priority=20, weight=9), pool("first", priority=1, max_in_flight=2)]
    for _ in range(5):
        make_task(user)

    lease(*accounts)

    assert shares() == {"first": 2, "spare": 3}


def test_a_task_goes_only_to_an_account_that_offers_its_model(pool, user):
    accounts = [pool("a", weight=100, models_allowed=["kling-v3"]), pool("b")]
    make_task(user)

    lease(*accounts)

    assert shares() == {"b": 1}


def test_a_bound_task_goes_only_to_its_account_and_takes_no_turn_elsewhere(pool, user, other_user):
    mine, other = pool("mine", max_in_flight=1), pool("other")
    make_task(user, is_bound=True, account=other, created_at=timezone.now() - timedelta(hours=1))
    free = make_task(other_user)

    [one] = lease(mine)

    assert one.task_id == free.pk


def test_nor_does_one_whose_account_no_longer_takes_its_model(pool, user, other_user):
    mine, other = pool("mine", models_allowed=["kling-v3"]), pool("other", max_in_flight=1)
    make_task(user, is_bound=True, account=mine, created_at=timezone.now() - timedelta(hours=1))
    free = make_task(other_user)

    [one] = lease(mine, other)

    assert one.task_id == free.pk


def test_no_more_is_leased_than_may_start_within_a_second(pool, user):
    account = pool("a", submits_per_second=5)
    for _ in range(9):
        make_task(user)

    assert len(lease(account)) == 5
    assert lease(account) == []


def test_what_an_owner_has_at_the_vendor_counts_as_turns(pool, user, other_user):
    account = pool("a", max_in_flight=5)
    for number in range(3):
        make_task(user, status="running", account=account, submission_id=f"v{number}")
    mine, theirs = [make_task(user) for _ in range(3)], [make_task(other_user) for _ in range(3)]

    taken = [one.task_id for one in lease(account)]

    assert set(taken) == {theirs[0].pk, theirs[1].pk}
    assert mine[0].pk not in taken


def test_a_full_account_costs_a_clock_little(pool, user, django_assert_max_num_queries):
    account = pool("a", max_in_flight=1)
    make_task(user), make_task(user)

    assert len(lease(account)) == 1
    with django_assert_max_num_queries(9):
        assert lease(account) == []


def test_leasing_among_a_thousand_asks_little(pool, user, other_user, django_assert_max_num_queries):
    account, now = pool("a", max_in_flight=4), timezone.now()
    prompt = Prompt.objects.create(owner=user, text="a boat")
    GenerationTask.objects.bulk_create(
        GenerationTask(owner=user, prompt=prompt, model=MODEL, due_at=now, created_at=now, updated_at=now) for _ in range(1000)
    )
    last = make_task(other_user)

    with django_assert_max_num_queries(24):
        leases = lease(account)

    assert len(leases) == 4
    assert last.pk in {one.task_id for one in leases}


@pytest.mark.django_db(transaction=True)
def test_clocks_that_race_never_lease_more_than_the_slots(pool, user):
    account = pool("a", max_in_flight=6)
    for _ in range(30):
        make_task(user)
    start = threading.Barrier(4)
    leases = []

    def race(number):
        start.wait()
        for _ in range(3):
            with transaction.atomic():
                leases.extend(lease_queued([account], now=timezone.now(), instance=f"clock{number}"))
        connection.close()

    threads = [threading.Thread(target=race, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.task_id for one in leases}) == len(leases) == 6


def test_the_clock_uses_every_account_of_the_pool(pool, user):
    pool("a"), pool("b"), pool("off", enabled=False)
    for _ in range(4):
        make_task(user)

    assert tick() == 4
    assert shares() == {"a": 2, "b": 2}
    assert ProviderAccount.objects.get(label="off").leases == 0


def test_tasks_that_wait_for_a_full_account_do_not_block_those_of_another(pool, user):
    narrow = pool("narrow", models_allowed=[MODEL.removeprefix("kling/")], submits_per_second=1)
    wide = pool("wide", models_allowed=["kling-v2-6"])
    for _ in range(150):
        make_task(user)
    others = [make_task(user, model="kling/kling-v2-6") for _ in range(3)]

    lease(narrow, wide)

    assert shares() == {"narrow": 1, "wide": len(others)}


def test_a_bound_task_whose_account_no_longer_offers_its_model_blocks_no_other(pool, user):
    own, other = pool("own", models_allowed=["kling-v2-6"]), pool("other")
    make_task(user, is_bound=True, account=own)
    free = make_task(user)

    lease(own, other)

    free.refresh_from_db()
    assert free.account == other
