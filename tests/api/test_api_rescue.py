"""Asking the vendor again and deciding reviews by the API, with administrators' tokens alone; what tasks say while submits are stopped."""

from __future__ import annotations

import pytest

from access.callers import Caller
from generation.lifecycle import Status
from generation.scheduling.stop_switch import stop_submits
from tests.task_rows import create_task, make_task

MODEL = "kling/kling-v2-5-turbo"


@pytest.fixture
def failed(user, driver):
    """Fail a task by its deadline; the vendor has finished since."""
    task = driver.until(create_task(owner=user, model=MODEL, prompt="a boat", params={}), Status.RUNNING)
    task.give_up("deadline", "too late")
    driver.simulator.advance(60)
    return task


@pytest.fixture
def in_review(user, make_account):
    return make_task(user, status="needs_review", account=make_account("kling", "official-key", "http://127.0.0.1:9"))


def code_of(reply):
    return reply.status_code, reply.json()["error"]["code"]


def test_asking_again_makes_the_task_live_again(admin_api, failed, driver):
    reply = admin_api.post(f"/tasks/{failed.pk}/ask-again")

    body = reply.json()
    assert reply.status_code == 200
    assert (body["status"], body["error"], body["finished_at"]) == ("ingesting", None, None)
    assert code_of(admin_api.post(f"/tasks/{failed.pk}/ask-again")) == (409, "not_failed")
    assert driver.finish(failed).status == Status.SUCCEEDED


def test_asking_again_takes_a_wait_and_answers_a_task_that_lives(admin_api, failed):
    reply = admin_api.post(f"/tasks/{failed.pk}/ask-again", prefer="wait=1")

    assert (reply.status_code, reply["Preference-Applied"], reply.json()["status"]) == (200, "wait=1", "ingesting")


WAYS = [
    ("ask-again", None),
    ("adopt", {"vendor_id": "x"}),
    ("submit-again", {"knows_cost": True}),
    ("give-up", None),
    ("cost", {"amount": "1"}),
]


@pytest.mark.parametrize(("way", "body"), WAYS)
def test_owners_who_are_not_administrators_are_refused(api, other_api, in_review, way, body):
    assert code_of(api.post(f"/tasks/{in_review.pk}/{way}", body)) == (403, "not_allowed")
    assert code_of(other_api.post(f"/tasks/{in_review.pk}/{way}", body)) == (404, "not_found")
    in_review.refresh_from_db()
    assert in_review.status == "needs_review"


def test_a_review_is_decided_by_the_api(admin_api, in_review):
    assert code_of(admin_api.post(f"/tasks/{in_review.pk}/adopt", {"vendor_id": "x"})) == (422, "not_confirmed")
    assert code_of(admin_api.post(f"/tasks/{in_review.pk}/submit-again", {})) == (422, "cost_not_acknowledged")
    assert code_of(admin_api.post(f"/tasks/{in_review.pk}/ask-again")) == (409, "no_vendor_id")

    reply = admin_api.post(f"/tasks/{in_review.pk}/submit-again", {"knows_cost": True})

    assert (reply.status_code, reply.json()["status"]) == (200, "queued")
    assert code_of(admin_api.post(f"/tasks/{in_review.pk}/give-up")) == (409, "not_in_review")


def test_giving_up_by_the_api_leaves_nothing_to_ask_about(admin_api, in_review):
    assert admin_api.post(f"/tasks/{in_review.pk}/give-up").json()["error"]["code"] == "abandoned"
    assert code_of(admin_api.post(f"/tasks/{in_review.pk}/ask-again")) == (409, "no_vendor_id")


def test_while_submits_are_stopped_tasks_are_taken_and_say_why_they_wait(api, staff, idle_account):
    stop_submits(by=Caller(user=staff), reason="the bill")

    made = api.post("/tasks", {"model": MODEL, "prompt": "a boat"})

    assert (made.status_code, made.json()["waits_because"]) == (202, "New renders wait: the bill")
    assert api.get("/tasks").json()["items"][0]["waits_because"] == "New renders wait: the bill"


def test_who_waits_for_a_task_sees_it_end_although_it_had_failed_before(admin_api, failed, driver):
    admin_api.post(f"/tasks/{failed.pk}/ask-again")

    driver.finish(failed)

    body = admin_api.get(f"/tasks/{failed.pk}").json()
    assert (body["status"], body["vendor_task_id"]) == ("succeeded", failed.submission_id)
    assert failed.submission_id
