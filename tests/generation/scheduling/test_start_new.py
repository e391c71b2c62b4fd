"""A new task starts between two rounds of the clock, and the request that ordered it enqueues nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from access.callers import Caller
from generation.models import GenerationTask
from generation.scheduling.enqueue import start_new
from generation.scheduling.stop_switch import stop_submits
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def account(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9", max_in_flight=1)


def test_a_new_task_gets_its_job_once(user, account):
    task = make_task(user)

    assert (start_new(), start_new()) == (1, 0)
    assert (OrmQ.objects.count(), GenerationTask.objects.get(pk=task.pk).account) == (1, account)


def test_nothing_new_costs_one_query(user, account, django_assert_num_queries):
    make_task(user, due_at=timezone.now() - timedelta(minutes=1))

    with django_assert_num_queries(1):
        assert start_new() == 0


def test_tasks_that_find_no_room_are_tried_once_and_left_to_the_round(user, account, django_assert_num_queries):
    for _ in range(150):
        make_task(user)
    assert start_new() == 1

    with django_assert_num_queries(1):
        assert start_new() == 0
    assert OrmQ.objects.count() == 1


def test_one_more_is_seen_among_many_that_wait(user, account, make_account):
    for _ in range(150):
        make_task(user)
    start_new()
    make_account("dashscope", "beijing", "http://127.0.0.1:9")
    make_task(user, model="dashscope/wanx2.1-t2v-turbo")

    assert start_new() == 1


def test_a_row_that_was_committed_late_is_new_still(user, account):
    """Another process ordered it a second ago, and its transaction took that second."""
    make_task(user)
    start_new()
    GenerationTask.objects.update(status="failed", due_at=None, finished_at=timezone.now(), lease_until=None)
    late = make_task(user)
    GenerationTask.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(seconds=1))

    assert start_new() == 1


def test_nothing_starts_while_paid_submits_are_stopped(user, staff, account):
    stop_submits(by=Caller(user=staff), reason="a test")
    make_task(user)

    assert start_new() == 0
