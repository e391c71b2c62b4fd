"""A decision or a retry that a client sends again under its Idempotency-Key is made once (docs/adr/0014)."""

from __future__ import annotations

import pytest

from api.models import SavedAnswer
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.task_rows import create_task, make_task

pytestmark = pytest.mark.postgresql

KEY = {"idempotency_key": "from a client"}


@pytest.fixture
def in_review(user, idle_account):
    return make_task(user, status=Status.NEEDS_REVIEW, account=idle_account)


def back_in_review(task: GenerationTask) -> None:
    """Send it again, without an answer."""
    row = GenerationTask.objects.get(pk=task.pk)
    row.move(Status.SUBMITTING)
    row.move(Status.NEEDS_REVIEW)


def seen(reply):
    return reply.status_code, reply.get("Idempotent-Replayed"), reply.json()["status"]


def test_submit_again_sent_again_buys_nothing_though_the_task_is_in_review_once_more(admin_api, in_review):
    path, body = f"/tasks/{in_review.pk}/submit-again", {"knows_cost": True}

    assert seen(admin_api.post(path, body, **KEY)) == (200, None, "queued")
    assert seen(admin_api.post(path, body, **KEY)) == (200, "true", "queued")
    back_in_review(in_review)
    SavedAnswer.objects.all().delete()  # the event's own key stays, also when no answer was kept
    assert seen(admin_api.post(path, body, **KEY)) == (200, "true", "needs_review")
    assert seen(admin_api.post(path, body, idempotency_key="another")) == (200, None, "queued")
    assert in_review.events.filter(from_status=Status.NEEDS_REVIEW).count() == 2


def test_a_decision_under_the_key_of_another_is_refused(admin_api, in_review):
    admin_api.post(f"/tasks/{in_review.pk}/submit-again", {"knows_cost": True}, **KEY)
    back_in_review(in_review)

    reply = admin_api.post(f"/tasks/{in_review.pk}/give-up", **KEY)

    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert GenerationTask.objects.get(pk=in_review.pk).status == Status.NEEDS_REVIEW


def test_a_refused_decision_keeps_its_key_free(admin_api, in_review):
    path = f"/tasks/{in_review.pk}/submit-again"

    assert admin_api.post(path, {}, **KEY).status_code == 422
    assert seen(admin_api.post(path, {"knows_cost": True}, **KEY)) == (200, None, "queued")


def test_a_key_is_for_one_request_and_so_for_one_task(admin_api, user, idle_account):
    tasks = [make_task(user, status=Status.NEEDS_REVIEW, account=idle_account) for _ in range(2)]

    replies = [admin_api.post(f"/tasks/{task.pk}/give-up", **KEY) for task in tasks]

    assert [reply.status_code for reply in replies] == [200, 422]


def test_giving_up_sent_again_is_answered_as_before(admin_api, in_review):
    path = f"/tasks/{in_review.pk}/give-up"

    assert [seen(admin_api.post(path, **KEY)) for _ in range(2)] == [(200, None, "failed"), (200, "true", "failed")]


def test_an_overdue_render_sent_again_twice_under_one_key_is_one_new_task(admin_api, user, idle_account):
    overdue = make_task(user, status=Status.NEEDS_REVIEW, account=idle_account, submission_id="v-1")
    path, body = f"/tasks/{overdue.pk}/submit-again", {"knows_cost": True}

    replies = [admin_api.post(path, body, **KEY) for _ in range(2)]

    assert [seen(reply) for reply in replies] == [(200, None, "queued"), (200, "true", "queued")]
    assert {reply.json()["id"] for reply in replies} == {str(overdue.retries.get().pk)}


def test_a_retry_sent_again_is_answered_as_a_repeat(api, user, idle_account):
    failed = make_task(user, status=Status.FAILED)

    replies = [api.post(f"/tasks/{failed.pk}/retry", **KEY) for _ in range(2)]

    assert [seen(reply) for reply in replies] == [(202, None, "queued"), (202, "true", "queued")]
    assert {reply.json()["id"] for reply in replies} == {str(failed.retries.get().pk)}


@pytest.fixture
def overdue(user, driver):
    """Return a function that makes a task in review: its deadline passed, and the vendor has finished since."""

    def make(prompt: str) -> GenerationTask:
        task = driver.until(create_task(owner=user, model="kling/kling-v2-5-turbo", prompt=prompt, params={}), Status.RUNNING)
        task.to_review("deadline", "too late")
        driver.simulator.advance(60)
        return task

    return make


@pytest.mark.parametrize(("prompt", "then"), [("a boat", "ingesting"), ("a boat #fault:fail-internal", "failed")])
def test_asking_again_sent_again_is_answered_as_before(admin_api, overdue, prompt, then):
    path = f"/tasks/{overdue(prompt).pk}/ask-again"

    assert [seen(admin_api.post(path, **KEY)) for _ in range(2)] == [(200, None, then), (200, "true", then)]


def test_adopting_sent_again_is_answered_as_before(admin_api, overdue):
    task = overdue("a boat")
    path, body = f"/tasks/{task.pk}/adopt", {"vendor_id": task.submission_id}

    assert [seen(admin_api.post(path, body, **KEY)) for _ in range(2)] == [(200, None, "running"), (200, "true", "running")]
    assert admin_api.post(path, {"vendor_id": "another"}, **KEY).json()["error"]["code"] == "idempotency_key_reused"
