"""The vendor's id is stored before anything else, and its task may not have it yet: the process that stored it may have died."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from generation.actions.look_again import look_again
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask
from generation.submitting.reconcile import reconcile
from generation.submitting.submit import submit
from generation.submitting.unstartable import PATIENCE
from generation.tick import tick
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, create_task, make_task

pytestmark = pytest.mark.postgresql

ID, KLING = "843250000000000000", "kling/kling-v2-5-turbo"


@pytest.fixture
def account(make_account, simulator):
    return make_account("kling", "official-key", simulator.base("kling"))


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def with_stored_id(user, account, **facts) -> GenerationTask:
    """The outcome of its first attempt was unknown, then found or answered late; its process died after it stored the id."""
    task = make_task(user, account=account, is_bound=True, attempt_count=1, **facts)
    attempt_of(task, account, dispatch=Dispatch.ACCEPTED, submission_id=ID, finished_at=timezone.now())
    return task


def goes_on(task, simulator) -> bool:
    row = fresh(task)
    return (row.status, row.submission_id, simulator.ledger()["count"]) == (Status.RUNNING, ID, 0)


def test_an_id_of_an_earlier_attempt_counts_when_the_last_was_refused(user, account, simulator):
    task = with_stored_id(user, account, status=Status.SUBMITTING)
    attempt_of(task, account, dispatch=Dispatch.REJECTED, error_code="invalid_params", finished_at=timezone.now())

    reconcile(task.pk, task.fence)

    assert goes_on(task, simulator)


def test_a_task_whose_render_has_a_stored_id_is_not_sent_again(user, account, simulator):
    task = with_stored_id(user, account)

    submit(task.pk, task.fence)

    assert goes_on(task, simulator)
    assert task.attempts.count() == 1


def test_nor_is_it_free_for_another_account(user, account, make_account, simulator):
    make_account("kling", "official-key", simulator.base("kling"), label="another")
    task = with_stored_id(user, account, updated_at=timezone.now() - PATIENCE)
    ProviderAccount.objects.filter(pk=account.pk).update(enabled=False)

    tick()

    assert goes_on(task, simulator)
    assert fresh(task).account == account


def test_a_refusal_that_meets_a_stored_id_fails_nothing(user, account, simulator):
    """Stored while the second sending waited for its permit, by a process that died then."""
    task = make_task(user, account=account, is_bound=True, attempt_count=1)
    first = attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now() - timedelta(hours=1))
    simulator.faults("kling", "bad-param")
    simulator.faults("kling", "poll-5xx", 9)
    submit(task.pk, task.fence)
    first.dispatch, first.submission_id = Dispatch.ACCEPTED, ID
    first.save()

    reconcile(task.pk, task.fence)

    assert goes_on(task, simulator)


def test_a_callback_about_a_review_follows_it(user, account, simulator):
    task = with_stored_id(user, account, status=Status.NEEDS_REVIEW)

    look_again(task.pk)

    assert goes_on(task, simulator)


def test_an_id_that_another_task_follows_stops_no_sending(user, account, simulator):
    """A person looked at it and had it sent once more."""
    make_task(user, status=Status.RUNNING, account=account, submission_id=ID)
    task = with_stored_id(user, account)

    submit(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).submission_id != ID, simulator.ledger()["count"]) == (Status.RUNNING, True, 1)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_costs_no_id(user, driver):
    task, away = create_task(owner=user, model=KLING, prompt="a boat", params={}), []

    def go_away_once(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "generation_attempt" in sql and not away:
            away.append(sql)
            raise OperationalError("the server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(go_away_once):
        settled = driver.finish(task)

    assert (bool(away), settled.status, settled.attempt_count) == (True, Status.SUCCEEDED, 1)
    assert driver.simulator.ledger()["count"] == 1
