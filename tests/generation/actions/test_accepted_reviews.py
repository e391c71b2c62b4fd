"""What the vendor accepted fails only if the vendor says so. Everything else goes to a review, and can come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from access.callers import Caller
from generation.actions import decide, recover
from generation.actions.look_again import look_again
from generation.errors import Conflict
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from generation.scheduling.enqueue import LOOK_AGAIN_EVERY
from generation.tick import tick
from jobs import queue
from providers.models import ProviderAccount
from tests.task_rows import create_task, make_task
from web.health_checks import CheckFailed, check_reviews

KLING = "kling/kling-v2-5-turbo"
ZHIPU = "zhipu/cogvideox-3"


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


@pytest.fixture
def overdue(user, driver) -> GenerationTask:
    """Rendering at the vendor when our deadline passes."""
    return past_deadline(driver, create_task(owner=user, model=KLING, prompt="a boat", params={}))


def past_deadline(driver, task) -> GenerationTask:
    task = driver.until(task, Status.RUNNING)
    GenerationTask.objects.filter(pk=task.pk).update(deadline_at=task.created_at)
    driver.step()
    return fresh(task)


def an_hour_later(driver) -> list[str]:
    GenerationTask.objects.filter(status=Status.NEEDS_REVIEW).update(lease_until=None, updated_at=timezone.now() - LOOK_AGAIN_EVERY)
    tick()
    return driver.run_jobs()


def test_a_late_success_is_saved_by_itself(overdue, driver):
    assert (overdue.status, overdue.error_code) == (Status.NEEDS_REVIEW, "deadline")
    driver.simulator.advance(60)

    an_hour_later(driver)

    assert driver.finish(overdue).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


def test_the_vendor_is_asked_once_an_hour(overdue, driver):
    tick()
    assert "look_again" not in driver.run_jobs()
    assert "look_again" in an_hour_later(driver)
    assert fresh(overdue).status == Status.NEEDS_REVIEW

    tick()

    assert "look_again" not in driver.run_jobs()


def test_a_failure_that_the_vendor_reports_ends_the_review(user, staff, driver):
    tasks = [create_task(owner=user, model=KLING, prompt=f"boat {n} #fault:fail-internal", params={}) for n in range(2)]
    for task in tasks:
        driver.until(task, Status.RUNNING)
        fresh(task).to_review("deadline", "too late")
    driver.simulator.advance(60)

    look_again(tasks[0].pk)
    recover.ask_again(fresh(tasks[1]), by=Caller(user=staff))

    assert [(fresh(task).status, fresh(task).error_code) for task in tasks] == [(Status.FAILED, "generation_failed")] * 2


def test_asking_again_follows_what_still_renders(overdue, staff, driver):
    recover.ask_again(overdue, by=Caller(user=staff))

    assert fresh(overdue).status == Status.RUNNING
    assert driver.finish(overdue, ingest=False).status == Status.INGESTING


def test_submitting_again_is_a_new_task_and_the_first_render_can_still_be_recovered(overdue, staff, user, driver):
    again = decide.submit_again(overdue, by=Caller(user=staff), knows_cost=True)

    assert (again.pk == overdue.pk, again.retry_of, again.owner) == (False, overdue, user)
    assert (fresh(overdue).status, fresh(overdue).error_code) == (Status.FAILED, "abandoned")
    driver.simulator.advance(60)
    recover.ask_again(fresh(overdue), by=Caller(user=staff))
    assert driver.finish(overdue).status == driver.finish(again).status == Status.SUCCEEDED
    assert Video.objects.count() == 2


def test_an_address_that_our_policy_blocks_goes_to_a_person_and_comes_back_in_one_click(user, staff, driver, settings):
    """An account that is no sandbox may not fetch from this machine, until the administrator allows it."""
    task = driver.until(create_task(owner=user, model=KLING, prompt="a boat", params={}), Status.RUNNING)
    ProviderAccount.objects.update(sandbox=False)
    task = driver.finish(task)

    assert task.status == Status.NEEDS_REVIEW
    assert task.error_code in {"blocked_address", "plain_http"}
    assert "OUTBOUND_ALLOW_CIDRS" in str(task.error_message)
    with pytest.raises(CheckFailed, match="OUTBOUND_ALLOW_CIDRS"):
        check_reviews()

    settings.OUTBOUND_ALLOW_CIDRS = ("127.0.0.0/8",)
    recover.ask_again(task, by=Caller(user=staff))

    assert driver.finish(task).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


def test_a_video_above_our_limit_goes_to_a_person_and_comes_back_in_one_click(user, staff, driver, settings):
    usual, settings.MAX_VIDEO_BYTES = settings.MAX_VIDEO_BYTES, 100
    task = driver.finish(create_task(owner=user, model=KLING, prompt="a boat", params={}))

    assert (task.status, task.error_code) == (Status.NEEDS_REVIEW, "too_large")
    assert "PORTAL_MAX_VIDEO_MB" in str(task.error_message)
    with pytest.raises(CheckFailed, match="PORTAL_MAX_VIDEO_MB"):
        check_reviews()

    settings.MAX_VIDEO_BYTES = usual
    recover.ask_again(task, by=Caller(user=staff))

    assert driver.finish(task).status == Status.SUCCEEDED


def test_only_a_keeping_time_that_is_over_ends_what_cannot_be_fetched(user, driver):
    task = driver.until(create_task(owner=user, model=KLING, prompt="a boat #fault:media-404", params={}), Status.INGESTING)
    long_ago = timezone.now() - task.spec.result_life - timedelta(days=2)
    GenerationTask.objects.filter(pk=task.pk).update(rendered_at=long_ago)

    task = driver.finish(task)

    assert (task.status, task.error_code) == (Status.FAILED, "result_gone")


@pytest.mark.parametrize("wrong", ["True", "no such id"])
def test_a_denied_id_is_looked_up_by_our_reference_and_the_render_followed(wrong, user, driver):
    task = driver.until(create_task(owner=user, model=KLING, prompt="a boat", params={}), Status.RUNNING)
    GenerationTask.objects.filter(pk=task.pk).update(submission_id=wrong, vendor_state="", failures=11)
    task.attempts.update(submission_id=wrong)

    driver.step()

    assert fresh(task).submission_id == driver.simulator.ledger()["entries"][0]["task_id"]
    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_a_denied_id_goes_to_a_person_where_the_vendor_cannot_be_asked(user, driver):
    task = driver.until(create_task(owner=user, model=ZHIPU, prompt="a boat", params={}), Status.RUNNING)
    GenerationTask.objects.filter(pk=task.pk).update(submission_id="True", vendor_state="", failures=11)

    task = driver.finish(task)

    assert (task.status, task.error_code) == (Status.NEEDS_REVIEW, "submission_gone")


def test_an_id_that_is_known_is_not_written_over(overdue, user, staff, driver):
    """It names a paid render, and the person may have copied the neighbour's."""
    other = driver.until(create_task(owner=user, model=KLING, prompt="another", params={}), Status.RUNNING)
    GenerationTask.objects.filter(pk=other.pk).update(submission_id="", status="failed", due_at=None, finished_at=other.created_at)

    with pytest.raises(Conflict) as refusal:
        decide.adopt(overdue, other.submission_id, by=Caller(user=staff))

    assert refusal.value.code == "id_known"
    assert {fresh(overdue).submission_id, overdue.attempts.get().submission_id} == {overdue.submission_id}


def test_reviews_after_a_vendors_bad_night_leave_most_processes_to_submits(user, sandbox_accounts):
    """Each look may take as long as a vendor that does not answer, and submits wait behind it in one queue."""
    an_hour_ago = timezone.now() - LOOK_AGAIN_EVERY
    account = next(account for account in sandbox_accounts if account.vendor == "kling")
    facts = {"account": account, "error_code": "deadline", "updated_at": an_hour_ago}
    for number in range(40):
        make_task(user, status=Status.NEEDS_REVIEW, model=KLING, submission_id=f"late-{number}", **facts)

    for _ in range(4):
        tick()

    assert OrmQ.objects.count() == queue.workers_of(queue.SUBMIT)
