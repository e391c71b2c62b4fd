"""What vendors and networks do wrong, and that it costs neither a video nor a second payment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from generation.ingest.ingest import MOST_BAD_FILES
from generation.lifecycle import Status
from generation.messages import FAILURES
from generation.models import Dispatch, GenerationTask, Video
from generation.ordering.create import create
from generation.ordering.order import Order
from providers.models import ProviderAccount
from tests.task_rows import create_task

WITH_LOOK_UP = "kling/kling-v2-5-turbo"
WITHOUT_LOOK_UP = "dashscope/wanx2.1-t2v-turbo"
LOST_ANSWERS = ("502-after", "reset-after-accept", "html-200", "empty-body", "bad-json")


def order(user, model, fault):
    """A task that the clock starts in its next round."""
    return create(Order(owner=user, model=model, prompt=f"a boat #fault:{fault}", params={})).task


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


def paid(driver) -> list[int]:
    """How many renders were paid of each prompt."""
    return list(driver.simulator.ledger()["by_prompt"].values())


def finished(user, driver, model, faults, *, ingest=True):
    """Tasks that go on side by side, one with each fault, at their end."""
    ProviderAccount.objects.update(max_in_flight=20)
    tasks = {fault: order(user, model, fault) for fault in faults}
    return {fault: driver.finish(task, ingest=ingest) for fault, task in tasks.items()}


@pytest.mark.parametrize(
    ("model", "codes"),
    [
        (WITH_LOOK_UP, {"refuse": "content_rejected", "bad-param": "invalid_params", "fail-content": "content_rejected"}),
        (WITHOUT_LOOK_UP, {"refuse": "content_rejected", "fail-internal": "generation_failed"}),
        (WITH_LOOK_UP, {"auth": "auth_failed"}),
        (WITHOUT_LOOK_UP, {"quota": "out_of_credit"}),
    ],
)
def test_the_task_fails_with_a_code_and_the_vendors_words_when_the_vendor_says_no(model, codes, user, driver):
    tasks = finished(user, driver, model, codes)

    assert {fault: (task.status, task.error_code) for fault, task in tasks.items()} == {
        fault: (Status.FAILED, code) for fault, code in codes.items()
    }
    assert all(task.error_message for task in tasks.values())
    assert set(codes.values()) <= set(FAILURES)
    assert not Video.objects.exists()


def test_the_task_goes_on_when_trouble_passes_and_when_the_vendors_word_is_unknown(user, driver):
    faults = (
        *("rate-limit", "poll-429", "poll-5xx", "poll-html", "poll-empty", "poll-badjson", "poll-reset"),
        "poll-unknown-state",
    )
    tasks = finished(user, driver, WITHOUT_LOOK_UP, faults, ingest=False)

    assert {fault: task.status for fault, task in tasks.items()} == dict.fromkeys(faults, Status.INGESTING)
    assert paid(driver) == [1] * len(faults)


def test_an_accepted_submit_without_an_answer_is_found_again_where_the_vendor_can(user, driver):
    tasks = finished(user, driver, WITH_LOOK_UP, LOST_ANSWERS, ingest=False)

    assert {fault: (task.status, task.attempt_count) for fault, task in tasks.items()} == dict.fromkeys(LOST_ANSWERS, (Status.INGESTING, 1))
    assert paid(driver) == [1] * len(LOST_ANSWERS)


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ("volcvisual/jimeng_t2v_v30", "poll-busy-code:4"),
        ("jimeng/jimeng-video-2.0", "poll-mget-refused:1000"),
        ("jimeng/jimeng-video-2.0", "poll-mget-lacks:1000"),
        ("minimax/MiniMax-H3", "poll-list-refused:1000"),
        ("minimax/MiniMax-H3", "poll-list-unfiltered:1000"),
    ],
)
def test_a_vendor_that_answers_one_question_oddly_costs_no_render(model, fault, user, driver):
    task = driver.finish(order(user, model, fault), ingest=False)

    assert (task.status, driver.simulator.ledger()["count"]) == (Status.INGESTING, 1)


def test_an_accepted_submit_without_an_answer_waits_for_a_person_where_the_vendor_cannot(user, driver):
    tasks = finished(user, driver, WITHOUT_LOOK_UP, LOST_ANSWERS)

    assert {fault: (task.status, task.error_code, task.attempts.get().dispatch) for fault, task in tasks.items()} == dict.fromkeys(
        LOST_ANSWERS, (Status.NEEDS_REVIEW, "uncertain", Dispatch.UNKNOWN)
    )
    assert paid(driver) == [1] * len(LOST_ANSWERS)


def test_a_submit_that_was_not_accepted_is_sent_again_after_two_denials(user, driver):
    task = driver.finish(order(user, WITH_LOOK_UP, "5xx-before:1"), ingest=False)

    assert task.status == Status.INGESTING
    assert task.attempt_count == 2
    assert len({attempt.reference for attempt in task.attempts.all()}) == 1
    assert driver.simulator.ledger()["count"] == 1


def test_a_damaged_delivery_never_succeeds(user, driver):
    tasks = finished(user, driver, WITH_LOOK_UP, ("media-short", "media-hole"), ingest=False)
    GenerationTask.objects.update(failures=MOST_BAD_FILES - 2)

    driver.step()
    assert {fault: fresh(task).status for fault, task in tasks.items()} == dict.fromkeys(tasks, Status.INGESTING)
    driver.step()

    assert {(fresh(task).status, fresh(task).error_code) for task in tasks.values()} == {(Status.NEEDS_REVIEW, "bad_media")}
    assert not Video.objects.exists()


def test_a_file_that_the_vendor_says_it_has_is_asked_for_a_day_long(user, driver):
    faults = ("media-404", "media-html", "media-expired", "media-empty")
    tasks = finished(user, driver, WITH_LOOK_UP, faults, ingest=False)
    GenerationTask.objects.update(failures=MOST_BAD_FILES)
    for _ in range(2):
        driver.step()
    for task in tasks.values():
        task.refresh_from_db()
        assert task.status == Status.INGESTING
        assert task.failures > MOST_BAD_FILES

    GenerationTask.objects.update(rendered_at=task.rendered_at - timedelta(hours=25))
    driver.step()

    assert {(task.status, task.error_code) for task in GenerationTask.objects.all()} == {(Status.NEEDS_REVIEW, "file_denied")}
    assert not Video.objects.exists()


def test_a_download_that_always_breaks_off_is_tried_again_and_never_published(user, driver):
    task = driver.until(order(user, WITH_LOOK_UP, "media-cut"), Status.INGESTING)
    driver.step()
    task.refresh_from_db()

    assert (task.status, str(task.error_message)) == (Status.INGESTING, "The download broke off")
    assert not Video.objects.exists()


@pytest.mark.slow
def test_a_delivery_that_was_damaged_at_first_is_fetched_again(user, driver):
    faults = ("media-cut:2", "media-short:1", "media-hole:1", "media-html:1", "media-404:2", "media-empty:1")
    tasks = finished(user, driver, WITH_LOOK_UP, faults)

    assert {fault: task.status for fault, task in tasks.items()} == dict.fromkeys(faults, Status.SUCCEEDED)


@pytest.mark.slow
def test_an_odd_but_whole_delivery_succeeds(user, driver):
    driver.simulator.settings(drip_s=2.0)
    tasks = finished(user, driver, WITH_LOOK_UP, ("media-no-range", "media-not-faststart", "media-slow:1", "media-mislabelled"))

    assert {task.status for task in tasks.values()} == {Status.SUCCEEDED}


def test_a_vanished_submission_goes_to_a_person_after_repeated_denials(user, driver):
    task = driver.finish(order(user, WITHOUT_LOOK_UP, "expire"))

    assert (task.status, task.error_code) == (Status.NEEDS_REVIEW, "submission_gone")


def test_what_never_finishes_goes_to_a_person_at_the_deadline(user, driver):
    task = driver.until(order(user, WITH_LOOK_UP, "never"), Status.RUNNING)
    type(task).objects.filter(pk=task.pk).update(deadline_at=task.created_at)

    task = driver.finish(task)

    assert (task.status, task.error_code) == (Status.NEEDS_REVIEW, "deadline")


def test_a_gateways_own_file_is_fetched_with_the_key_by_whatever_name_it_calls_itself(user, driver):
    ProviderAccount.objects.filter(vendor="openai-videos").update(base_url=f"{driver.simulator.base('newapi')}/v1")
    params = {"model_name": "kling-v1-6", "duration_s": 5}
    task = create_task(owner=user, model="openai-videos/gateway-model", prompt="a boat #fault:localhost-address", params=params)

    assert driver.finish(task).status == Status.SUCCEEDED
