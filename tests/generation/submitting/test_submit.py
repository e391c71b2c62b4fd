"""The moment between the paid request and the stored answer: deaths, stops, and vendors that cannot be asked."""

from __future__ import annotations

import pytest

from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from generation.submitting.reconcile import reconcile
from generation.submitting.submit import _commit_intent, submit
from providers.models import ProviderAccount
from tests.task_rows import create_task

pytestmark = pytest.mark.postgresql

WAN = "dashscope/wanx2.1-t2v-turbo"
KLING = "kling/kling-v1"


@pytest.fixture
def claimed(user, driver):
    """A queued task that the clock has just claimed; its job has not run."""
    task = create_task(owner=user, model=WAN, prompt="a boat", params={})
    return GenerationTask.objects.get(pk=task.pk)


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


def test_an_id_that_was_stored_is_used_when_the_process_died_before_it_moved_the_task(claimed, driver):
    attempt = _commit_intent(claimed)
    driver.simulator.ledger()
    Attempt.objects.filter(pk=attempt.pk).update(dispatch=Dispatch.ACCEPTED, submission_id="stored-id", submission_kind="")
    task = fresh(claimed)

    reconcile(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).submission_id) == (Status.RUNNING, "stored-id")


def test_a_death_before_sending_is_sent_again_where_the_vendor_denies_it_twice(user, driver):
    task = fresh(create_task(owner=user, model=KLING, prompt="a boat", params={}))
    _commit_intent(task)

    settled = driver.finish(task)

    assert (settled.status, settled.attempt_count) == (Status.SUCCEEDED, 2)
    assert driver.simulator.ledger()["count"] == 1


def test_the_stop_holds_after_the_claim(claimed, driver, settings):
    settings.STOP_PAID_SUBMITS = True

    submit(claimed.pk, claimed.fence)

    assert fresh(claimed).status == Status.QUEUED
    assert driver.simulator.ledger()["count"] == 0


def test_an_account_that_was_disabled_after_the_claim_sends_nothing(claimed, driver):
    ProviderAccount.objects.update(enabled=False)

    submit(claimed.pk, claimed.fence)

    assert (fresh(claimed).status, fresh(claimed).account) == (Status.QUEUED, None)
    assert driver.simulator.ledger()["count"] == 0


def test_a_job_that_comes_twice_sends_once(claimed, driver):
    fence = claimed.fence

    submit(claimed.pk, fence)
    submit(claimed.pk, fence)

    assert driver.simulator.ledger()["count"] == 1
    assert fresh(claimed).attempt_count == 1


def test_credentials_that_cannot_be_opened_send_nothing_and_cool_the_account(claimed, driver, settings):
    settings.CREDENTIAL_KEYS = ["8Zc0sMSGhv0c1RHUHZ0kCxuqzVnDG9RBnDo8YgZ0Lno="]

    submit(claimed.pk, claimed.fence)

    account = ProviderAccount.objects.get(pk=claimed.account_id)
    assert fresh(claimed).status == Status.QUEUED
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
