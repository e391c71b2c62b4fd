"""One switch stops every paid submit, at once and wherever it is; what waits goes on when it is turned back."""

from __future__ import annotations

import threading

import pytest
from django.db import close_old_connections, connection, transaction

from access.callers import Caller
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask, PaidSubmits
from generation.models.switch import Stop
from generation.scheduling.stop_switch import current_stop, resume_submits, stop_submits
from generation.submitting.build_request import generation_request
from generation.submitting.submit import _commit_intent, submit
from generation.tick import tick
from tests.task_rows import create_task

pytestmark = pytest.mark.postgresql

WAN = "dashscope/wanx2.1-t2v-turbo"


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


def make(user):
    return fresh(create_task(owner=user, model=WAN, prompt="a boat", params={}))


def test_the_switch_says_who_since_when_and_why(staff):
    assert current_stop() is None

    row = stop_submits(by=Caller(user=staff), reason="the bill")

    assert current_stop() == Stop(since=row.at, by="admin", reason="the bill")
    resume_submits(by=Caller(user=staff))
    assert current_stop() is None
    assert PaidSubmits.objects.count() == 1


def test_stopping_needs_a_reason(staff):
    with pytest.raises(InvalidRequest) as refusal:
        stop_submits(by=Caller(user=staff), reason=" ")

    assert set(refusal.value.fields) == {"reason"}
    assert current_stop() is None


def test_the_environment_stops_whatever_the_switch_says(staff, settings):
    settings.STOP_PAID_SUBMITS = True
    resume_submits(by=Caller(user=staff))

    assert current_stop() == Stop(by_environment=True)


def test_while_stopped_tasks_are_queued_and_nothing_is_sent_until_it_is_turned_back(user, staff, driver):
    stop_submits(by=Caller(user=staff), reason="the bill")
    task = make(user)
    driver.step()
    assert (fresh(task).status, driver.simulator.ledger()["count"]) == (Status.QUEUED, 0)

    resume_submits(by=Caller(user=staff))

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_what_the_vendor_has_is_followed_while_stopped(user, staff, driver):
    task = driver.until(make(user), Status.RUNNING)

    stop_submits(by=Caller(user=staff), reason="the bill")

    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_a_stop_after_the_lease_holds(user, staff, driver):
    task = make(user)
    assert task.fence > 0
    stop_submits(by=Caller(user=staff), reason="the bill")

    submit(task.pk, task.fence)

    assert fresh(task).status == Status.QUEUED
    assert driver.simulator.ledger()["count"] == 0


def test_a_stop_just_before_the_intent_takes_the_intent_back(user, staff, driver):
    task = make(user)
    turned = []

    def stop_at_the_intent(execute, sql, params, many, context):
        if sql.startswith("INSERT") and "generation_attempt" in sql and not turned:
            turned.append(True)
            stop_submits(by=Caller(user=staff), reason="the bill")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(stop_at_the_intent):
        submit(task.pk, task.fence)

    row = fresh(task)
    assert turned
    assert (row.status, row.attempt_count, row.attempts.count(), row.account) == (Status.QUEUED, 0, 0, None)
    assert driver.simulator.ledger()["count"] == 0


def test_what_was_held_up_between_its_intent_and_a_stop_is_not_sent(user, staff, driver):
    task, looks = make(user), []

    def stop_before_the_last_look(execute, sql, params, many, context):
        if sql.startswith("SELECT") and "generation_paidsubmits" in sql and fresh(task).status == Status.SUBMITTING:
            looks.append(sql)
            if len(looks) == 2:  # the first is that of the intent
                stop_submits(by=Caller(user=staff), reason="the bill")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(stop_before_the_last_look):
        submit(task.pk, task.fence)

    row = fresh(task)
    assert (row.status, row.attempts.get().dispatch) == (Status.QUEUED, Dispatch.REJECTED)
    assert driver.simulator.ledger()["count"] == 0
    resume_submits(by=Caller(user=staff))
    assert driver.finish(row, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_a_reason_may_hold_what_no_database_takes(staff):
    assert stop_submits(by=Caller(user=staff), reason="the\x00 bill").reason == "the bill"


def test_a_task_that_is_bound_to_its_account_stays_so_while_stopped(user, staff, driver):
    task = make(user)
    GenerationTask.objects.filter(pk=task.pk).update(is_bound=True)
    stop_submits(by=Caller(user=staff), reason="the bill")

    submit(task.pk, task.fence)
    resume_submits(by=Caller(user=staff))

    assert fresh(task).account_id == task.account_id
    assert driver.finish(task, ingest=False).status == Status.INGESTING


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_turning_the_switch_waits_for_an_intent_that_is_being_committed(user, staff, driver):
    task, turned = make(user), threading.Event()
    PaidSubmits.objects.get_or_create(pk=PaidSubmits.THE_ROW)

    def turn():
        stop_submits(by=Caller(user=staff), reason="the bill")
        turned.set()
        close_old_connections()
        connection.close()

    thread = threading.Thread(target=turn)
    with transaction.atomic():
        _commit_intent(task, generation_request(task))
        thread.start()
        assert not turned.wait(0.5)
    thread.join()

    assert turned.is_set()
    assert fresh(task).status == Status.SUBMITTING


def test_the_clock_starts_nothing_while_stopped(user, staff, driver):
    stop_submits(by=Caller(user=staff), reason="the bill")
    make(user)

    assert tick() == 0
