"""A failed task whose render was paid: the vendor is asked again, and what came late is recovered. Nothing is ever bought here."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from access.callers import Caller
from generation.actions import decide, recover
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, Video
from generation.polling.outcome import observe
from providers.core.messages import say
from providers.core.types import Snapshot, State
from tests.task_rows import create_task, make_task

KLING = "kling/kling-v2-5-turbo"
WAN = "dashscope/wanx2.1-t2v-turbo"


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


def timed_out(user, driver, model=WAN, prompt="a boat"):
    """Rendering at the vendor when our deadline passed."""
    task = driver.until(create_task(owner=user, model=model, prompt=prompt, params={}), Status.RUNNING)
    task.give_up("deadline", "Still not finished at the vendor when our deadline passed.")
    return fresh(task)


def unchanged(task):
    row = fresh(task)
    return (row.status, row.error_code, row.finished_at, row.events.count()) == (
        task.status,
        task.error_code,
        task.finished_at,
        task.events.count(),
    )


def test_a_late_success_becomes_a_video(user, staff, driver):
    task = timed_out(user, driver, KLING)
    driver.simulator.advance(60)

    recover.ask_again(task, by=Caller(user=staff))

    row = fresh(task)
    assert (row.status, row.error_code, row.finished_at) == (Status.INGESTING, "", None)
    assert row.events.last().note == say("asked_again_done", name="admin")
    assert driver.finish(row).status == Status.SUCCEEDED
    assert Video.objects.filter(task=task).count() == 1
    assert driver.simulator.ledger()["count"] == 1


def test_what_still_renders_is_followed_again_with_a_new_deadline(user, staff, driver):
    task = timed_out(user, driver)
    GenerationTask.objects.filter(pk=task.pk).update(deadline_at=timezone.now() - timedelta(days=1), cancel_requested_at=timezone.now())

    recover.ask_again(fresh(task), by=Caller(user=staff))

    row = fresh(task)
    assert (row.status, row.error_code, row.cancel_requested_at, row.accepted_at) == (Status.RUNNING, "", None, task.accepted_at)
    assert row.deadline_at > timezone.now() + row.spec.deadline - timedelta(minutes=1)
    assert driver.finish(row, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [("fail-internal", "render_failed"), ("expire", "submission_gone"), ("poll-5xx", "vendor_away"), ("poll-badjson", "vendor_away")],
)
def test_a_render_that_the_vendor_does_not_have_stays_failed_with_its_words(fault, code, user, staff, driver):
    task = timed_out(user, driver, prompt=f"a boat #fault:{fault}:9")
    driver.simulator.advance(60)

    with pytest.raises(Conflict) as refusal:
        recover.ask_again(task, by=Caller(user=staff))

    assert refusal.value.code == code
    assert unchanged(task)


def test_a_vendor_that_is_down_changes_nothing(user, staff, driver):
    task = timed_out(user, driver)
    task.account.base_url = "http://127.0.0.1:9"
    task.account.save()

    with pytest.raises(Conflict) as refusal:
        recover.ask_again(fresh(task), by=Caller(user=staff))

    assert refusal.value.code == "vendor_away"
    assert unchanged(task)


def test_credentials_that_cannot_be_opened_change_nothing(user, staff, driver, settings):
    task = timed_out(user, driver)
    settings.CREDENTIAL_KEYS = ["8Zc0sMSGhv0c1RHUHZ0kCxuqzVnDG9RBnDo8YgZ0Lno="]

    with pytest.raises(Conflict) as refusal:
        recover.ask_again(task, by=Caller(user=staff))

    assert refusal.value.code == "vendor_away"


def test_it_does_not_matter_why_the_task_failed(user, staff, driver):
    task = timed_out(user, driver)
    failed = {name: getattr(task, name) for name in ("status", "due_at", "finished_at", "deadline_at")}
    driver.simulator.advance(60)

    for code in ("deadline", "submission_gone", "result_gone", "bad_media", "cancelled_by_vendor", "generation_failed"):
        GenerationTask.objects.filter(pk=task.pk).update(**failed, error_code=code)
        recover.ask_again(fresh(task), by=Caller(user=staff))

        assert (fresh(task).status, fresh(task).error_code) == (Status.INGESTING, "")


def test_a_file_that_had_expired_is_fetched_from_its_new_address(user, staff, driver):
    task = driver.until(create_task(owner=user, model=KLING, prompt="a boat #fault:media-404:9", params={}), Status.INGESTING)
    task.give_up("result_gone", "404")
    driver.simulator.control("settings", {})
    type(task.prompt).objects.filter(pk=task.prompt_id).update(text="a boat")

    recover.ask_again(fresh(task), by=Caller(user=staff))

    assert driver.finish(task, steps=40).status == Status.SUCCEEDED


def test_the_account_that_submitted_is_asked_also_when_it_is_disabled(user, staff, driver):
    task = timed_out(user, driver)
    task.account.enabled = False
    task.account.save()
    driver.simulator.advance(60)

    recover.ask_again(fresh(task), by=Caller(user=staff))

    assert fresh(task).status == Status.INGESTING


def test_a_task_that_was_given_up_is_recovered_by_the_id_that_its_attempt_knows(user, staff, driver):
    task = timed_out(user, driver)
    Attempt.objects.filter(task=task).update(dispatch=Dispatch.ACCEPTED, submission_id=task.submission_id)
    GenerationTask.objects.filter(pk=task.pk).update(submission_id="", account=None, error_code="abandoned")
    driver.simulator.advance(60)

    recover.ask_again(fresh(task), by=Caller(user=staff))

    row = driver.finish(task)
    assert (row.status, row.submission_id, row.account) == (Status.SUCCEEDED, task.submission_id, task.account)


def test_without_a_vendor_id_there_is_nothing_to_ask_about(user, staff, driver):
    task = driver.finish(create_task(owner=user, model=KLING, prompt="a boat #fault:refuse", params={}))

    with pytest.raises(Conflict) as refusal:
        recover.ask_again(task, by=Caller(user=staff))

    assert refusal.value.code == "no_vendor_id"
    assert not recover.can_ask_again(task, Caller(user=staff))


def test_only_failed_tasks_are_asked_about_and_only_by_who_may_decide(user, staff, driver):
    failed = timed_out(user, driver)
    done = make_task(user, model=KLING, status=Status.SUCCEEDED)

    with pytest.raises(NotAllowed):
        recover.ask_again(failed, by=Caller(user=user))
    with pytest.raises(Conflict) as refusal:
        recover.ask_again(done, by=Caller(user=staff))

    assert refusal.value.code == "not_failed"
    assert unchanged(failed)
    assert [recover.can_ask_again(failed, Caller(user=who)) for who in (staff, user)] == [True, False]


def test_a_second_press_finds_the_task_alive(user, staff, driver):
    task = timed_out(user, driver)
    second = fresh(task)
    recover.ask_again(task, by=Caller(user=staff))

    with pytest.raises(Conflict) as refusal:
        recover.ask_again(second, by=Caller(user=staff))

    assert refusal.value.code == "already_settled"
    assert fresh(task).events.filter(from_status="failed").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_two_who_ask_at_once_recover_it_once(user, staff, driver):
    task = timed_out(user, driver)
    driver.simulator.advance(60)
    results, together = [], threading.Barrier(2)

    def ask():
        row = fresh(task)
        together.wait()
        try:
            recover.ask_again(row, by=Caller(user=staff))
            results.append("goes on")
        except Conflict as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["already_settled", "goes on"]
    assert fresh(task).events.filter(from_status="failed").count() == 1
    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_an_answer_to_a_poll_from_before_the_end_does_not_end_it_again(user, staff, driver):
    before = driver.until(create_task(owner=user, model=WAN, prompt="a boat", params={}), Status.RUNNING)
    GenerationTask.objects.filter(pk=before.pk).update(deadline_at=timezone.now() - timedelta(days=1))
    asked = fresh(before)
    fresh(before).give_up("deadline", "too late")
    recover.ask_again(fresh(before), by=Caller(user=staff))

    observe(asked, Snapshot(state=State.RUNNING, vendor_state="RUNNING"))

    assert fresh(before).status == Status.RUNNING


def test_many_are_asked_about_side_by_side(user, staff, driver):
    done, gone = timed_out(user, driver, KLING), timed_out(user, driver, WAN, "a boat #fault:expire:9")
    live = create_task(owner=user, model=KLING, prompt="a boat", params={})
    driver.simulator.advance(60)

    outcome = recover.ask_again_many([done, gone, fresh(live)], by=Caller(user=staff))

    assert {task.pk: error and error.code for task, error in outcome.items()} == {
        done.pk: None,
        gone.pk: "submission_gone",
        live.pk: "not_failed",
    }
    assert driver.finish(done, ingest=False).status == Status.INGESTING
    assert unchanged(gone)


def test_too_many_at_one_time_are_refused_before_anybody_is_asked(user, staff, driver):
    task = timed_out(user, driver)

    with pytest.raises(InvalidRequest, match="At most 100"):
        recover.ask_again_many([task] * (recover.MOST_AT_ONCE + 1), by=Caller(user=staff))

    assert unchanged(task)


def test_a_review_is_not_asked_about_but_decided(user, staff, driver):
    task = driver.finish(create_task(owner=user, model=WAN, prompt="a boat #fault:reset-after-accept", params={}))

    with pytest.raises(Conflict) as refusal:
        recover.ask_again(task, by=Caller(user=staff))

    assert refusal.value.code == "no_vendor_id"
    decide.give_up(task, by=Caller(user=staff))
    assert not recover.can_ask_again(fresh(task), Caller(user=staff))
