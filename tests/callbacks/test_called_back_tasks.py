"""From submit to video with callbacks on the way: what is lost is polled for, what has an unknown outcome is looked up."""

from __future__ import annotations

import socket

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from providers.accounts.callback_urls import callback_url
from providers.models import ProviderAccount
from tests.callbacks.called_rows import MODELS, call
from tests.task_rows import create_task

KLING = MODELS["kling"]


def fresh(task):
    return GenerationTask.objects.select_related("account").get(pk=task.pk)


def dead_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def order(user, driver):
    """A task of this model, and only accounts that call back."""
    ProviderAccount.objects.filter(surface="gateway").delete()

    def make(model, prompt="a boat"):
        return create_task(owner=user, model=model, prompt=prompt, params={})

    return make


@pytest.mark.parametrize("model", MODELS.values())
def test_lost_callbacks_are_polled_for(order, driver, settings, model):
    settings.PUBLIC_URL = dead_address()

    task = driver.finish(order(model), ingest=False)

    sent = driver.simulator.ledger()["entries"][0]["body"]["callback_url"]
    assert task.status == Status.INGESTING
    assert sent == callback_url(task.account)
    assert sent.startswith(settings.PUBLIC_URL)


def test_the_secret_part_is_in_no_evidence(order, driver, settings, client, staff):
    settings.PUBLIC_URL = dead_address()
    task = driver.finish(order(KLING), ingest=False)
    key = callback_url(task.account).rpartition("/")[2]

    client.force_login(staff)
    page = client.get(f"/admin/generation/generationtask/{task.pk}/change/").content.decode()

    stored = [str(row) for row in Attempt.objects.values("request", "reply", "error_message")]
    assert "/callbacks/kling/" in stored[0]
    assert key not in "".join(stored)
    assert key not in page
    assert key not in client.get(f"/tasks/{task.pk}/").content.decode()


def say(task, vendor_id="830000000000000001"):
    """The vendor calls and says that it has this task."""
    body = {"task_id": vendor_id, "task_status": "submitted", "task_info": {"external_task_id": task.reference}}
    assert call(task.account, body).status_code == 200


@pytest.mark.postgresql
def test_a_lost_answer_is_found_at_once_when_the_vendor_calls(order, driver):
    driver.simulator.faults("kling", "reset-after-accept")
    task = order(KLING)
    driver.run_jobs()
    waiting = fresh(task)
    assert (waiting.status, waiting.due_at > timezone.now()) == (Status.SUBMITTING, True)

    say(waiting)
    assert fresh(task).due_at <= timezone.now()

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def in_review(task, driver):
    """Accepted, the answer lost, and in review before the vendor could be asked."""
    driver.simulator.faults("kling", "reset-after-accept")
    driver.run_jobs()
    task = fresh(task)
    task.move(Status.NEEDS_REVIEW, note="for the test")
    return fresh(task)


@pytest.mark.postgresql
def test_a_task_in_review_is_adopted_when_the_vendor_called_and_confirms(order, driver):
    task = in_review(order(KLING), driver)

    say(task, "a-lie")
    assert driver.run_jobs() == ["look_again"]

    found = fresh(task)
    assert found.status == Status.RUNNING
    assert found.submission_id == driver.simulator.ledger()["entries"][0]["task_id"]
    assert found.attempts.get().dispatch == Dispatch.ACCEPTED
    assert driver.finish(found, ingest=False).status == Status.INGESTING


@pytest.mark.parametrize("fault", ["poll-5xx", "poll-429"])
def test_a_task_in_review_stays_when_the_vendor_cannot_be_asked(order, driver, fault):
    task = in_review(order(KLING), driver)
    driver.simulator.faults("kling", fault)

    say(task)
    driver.run_jobs()

    assert fresh(task).status == Status.NEEDS_REVIEW


def test_a_task_in_review_stays_when_the_vendor_denies_it(order, driver):
    task = in_review(order(KLING), driver)
    driver.simulator.reset()

    say(task)
    driver.run_jobs()

    assert fresh(task).status == Status.NEEDS_REVIEW
