"""The moment between the paid request and the stored answer: deaths, stops, and vendors that cannot be asked."""

from __future__ import annotations

import pytest

from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from generation.submitting.build_request import generation_request
from generation.submitting.reconcile import reconcile
from generation.submitting.submit import _commit_intent, submit
from providers.models import ProviderAccount
from tests.task_rows import create_task

WAN = "dashscope/wanx2.1-t2v-turbo"
KLING = "kling/kling-v2-5-turbo"


@pytest.fixture
def leased(user, driver):
    """A queued task that the clock has just leased; its job has not run."""
    task = create_task(owner=user, model=WAN, prompt="a boat", params={})
    return GenerationTask.objects.get(pk=task.pk)


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


@pytest.mark.postgresql
def test_an_id_that_was_stored_is_used_when_the_process_died_before_it_moved_the_task(leased, driver):
    attempt = _commit_intent(leased, generation_request(leased))
    driver.simulator.ledger()
    Attempt.objects.filter(pk=attempt.pk).update(dispatch=Dispatch.ACCEPTED, submission_id="stored-id", submission_kind="")
    task = fresh(leased)

    reconcile(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).submission_id) == (Status.RUNNING, "stored-id")


@pytest.mark.postgresql
def test_a_death_before_sending_is_sent_again_where_the_vendor_denies_it_twice(user, driver):
    task = fresh(create_task(owner=user, model=KLING, prompt="a boat", params={}))
    _commit_intent(task, generation_request(task))

    settled = driver.finish(task)

    assert (settled.status, settled.attempt_count) == (Status.SUCCEEDED, 2)
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.postgresql
def test_the_stop_holds_after_the_lease(leased, driver, settings):
    settings.STOP_PAID_SUBMITS = True

    submit(leased.pk, leased.fence)

    assert fresh(leased).status == Status.QUEUED
    assert driver.simulator.ledger()["count"] == 0


def test_an_account_that_was_disabled_after_the_lease_sends_nothing(leased, driver):
    ProviderAccount.objects.update(enabled=False)

    submit(leased.pk, leased.fence)

    assert (fresh(leased).status, fresh(leased).account) == (Status.QUEUED, None)
    assert driver.simulator.ledger()["count"] == 0


@pytest.mark.postgresql
def test_a_job_that_comes_twice_sends_once(leased, driver):
    fence = leased.fence

    submit(leased.pk, fence)
    submit(leased.pk, fence)

    assert driver.simulator.ledger()["count"] == 1
    assert fresh(leased).attempt_count == 1


def test_credentials_that_cannot_be_opened_send_nothing_and_cool_the_account(leased, driver, settings):
    settings.CREDENTIAL_KEYS = ["8Zc0sMSGhv0c1RHUHZ0kCxuqzVnDG9RBnDo8YgZ0Lno="]

    submit(leased.pk, leased.fence)

    account = ProviderAccount.objects.get(pk=leased.account_id)
    assert fresh(leased).status == Status.QUEUED
    assert "CREDENTIAL_KEYS" in account.last_error
    assert account.cooldown_until is not None
    assert driver.simulator.ledger()["count"] == 0


def test_a_gateway_that_cannot_say_is_asked_three_times_and_then_a_person(user, driver):
    ProviderAccount.objects.exclude(surface="gateway").update(enabled=False)
    task = create_task(owner=user, model=KLING, prompt="a boat #fault:reset-after-accept", params={})
    driver.simulator.control("settings", {"task_ttl_s": 0.001})
    driver.run_jobs()

    for starts in (1, 2):
        driver.step()
        assert (fresh(task).status, fresh(task).starts) == (Status.SUBMITTING, starts)
    driver.step()

    assert fresh(task).status == Status.NEEDS_REVIEW
