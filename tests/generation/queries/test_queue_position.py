"""Each waiting task's place in line is that in which the accounts of its vendor take it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.queries.queue_position import pool_state, read_pool_state
from generation.queries.tasks import changed_tasks
from generation.scheduling.fair_share import lease_queued
from providers.models import ProviderAccount
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql

KLING, WAN = "kling/kling-v2-5-turbo", "dashscope/wanx2.1-t2v-turbo"


@pytest.fixture
def account(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9", max_in_flight=10)


def places_of(*tasks):
    places = read_pool_state().places(tasks)
    return [places.get(task.pk) for task in tasks]


def test_owners_take_turns_within_a_vendor_and_not_across_them(user, other_user, sandbox_accounts):
    """Waiting at one vendor does not put an owner back at another."""
    elsewhere = [make_task(user, model=WAN) for _ in range(3)]
    first = make_task(user, model=KLING)
    mine = make_task(user, model="kling/kling-v1-6")
    theirs = make_task(other_user, model=KLING)

    assert places_of(*elsewhere) == [1, 2, 3]
    assert places_of(first, theirs, mine) == [1, 2, 3]


def test_what_an_owner_has_at_the_vendor_counts_as_turns_taken(user, other_user, account):
    make_task(user, model=KLING, status=Status.RUNNING, account=account)
    mine, theirs = make_task(user, model=KLING), make_task(other_user, model=KLING)

    assert places_of(theirs, mine) == [1, 2]


def test_what_waits_for_its_next_try_has_no_place(user, account):
    later, due = make_task(user, model=KLING, due_at=timezone.now() + timedelta(minutes=1)), make_task(user, model=KLING)

    assert places_of(later, due) == [None, 1]


def test_the_places_are_the_order_in_which_the_scheduler_starts_them(db, account, make_account):
    """Random owners with random tasks waiting and rendering, started one at a time, while another account of the vendor cools down."""
    cooling = make_account("kling", "official-key", "http://127.0.0.1:9", label="cooling")
    ProviderAccount.objects.update(max_in_flight=1_000, submits_per_minute=1_000, submits_per_second=None)
    chance, people = random.Random(7), [User.objects.create_user(f"person {number}") for number in range(5)]
    for _ in range(40):
        status = chance.choice([Status.QUEUED, Status.QUEUED, Status.QUEUED, Status.RUNNING])
        where = chance.choice([account, cooling]) if status is Status.RUNNING else None
        make_task(chance.choice(people), model=KLING, status=status, account=where)
    cooling.cool_down_for(600, "too many requests")
    waiting = GenerationTask.objects.filter(status=Status.QUEUED)

    while waiting.filter(lease_until=None).exists():
        unleased = waiting.filter(lease_until=None)
        places = read_pool_state().places(unleased)
        at_the_head = min(unleased, key=lambda task: places[task.pk])
        started = lease_one_more(account)
        assert started == at_the_head.pk


def lease_one_more(account):
    at_work = GenerationTask.objects.filter(account=account).count()
    ProviderAccount.objects.update(max_in_flight=at_work + 1)
    account.refresh_from_db()
    [lease] = lease_queued([account], now=timezone.now(), instance="here:1")
    return lease.task_id


def test_the_state_is_read_once_for_all_who_ask_within_its_time(user, account, settings, django_assert_num_queries):
    settings.POOL_STATE_KEPT_S = 60.0
    make_task(user, model=KLING)
    first = pool_state()

    with django_assert_num_queries(0):
        assert pool_state() is first


def test_the_rows_of_a_live_update_give_their_owner_the_same_places_without_a_query(
    user, other_user, sandbox_accounts, django_assert_num_queries
):
    chance, batch = random.Random(7), timezone.now() - timedelta(minutes=1)
    for _ in range(60):
        make_task(chance.choice([user, other_user]), model=chance.choice([KLING, WAN]), created_at=chance.choice([batch, timezone.now()]))
    make_task(user, model=KLING, due_at=timezone.now() + timedelta(minutes=1))
    pool, rows = read_pool_state(), changed_tasks(Caller(user=user), None, all_waiting=True)

    with django_assert_num_queries(0):
        places = pool.places(rows, all_of=user.pk)

    assert places == pool.places(GenerationTask.objects.filter(owner=user))
    assert len(places) == len(rows) - 1
