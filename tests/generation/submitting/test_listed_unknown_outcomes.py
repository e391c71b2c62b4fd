"""Lost answers of vendors that can only list: a person gets what the list has, and no other caller's render is adopted, however alike."""

from __future__ import annotations

import pytest

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.task_rows import codes_of, create_task

MODELS = ["openai-videos/gateway-model", "dashscope/wanx2.1-t2v-turbo"]
HOSTS = {MODELS[0]: "openai", MODELS[1]: "dashscope"}


@pytest.mark.parametrize("model", MODELS)
def test_render_of_the_same_words_is_not_taken_for_ours(user, driver, model):
    """Somebody else with the same key bought the very same a moment ago; ours never arrived."""
    stranger = driver.until(create_task(owner=user, model=model, prompt="a boat", params={}), Status.RUNNING)
    GenerationTask.objects.filter(pk=stranger.pk).update(status=Status.FAILED, due_at=None, finished_at=stranger.updated_at)
    stranger.attempts.update(submission_id="", dispatch="rejected")
    driver.simulator.faults(HOSTS[model], "reset-before")

    task = driver.finish(create_task(owner=user, model=model, prompt="a boat", params={}), steps=60)

    assert (task.status, task.submission_id, task.attempt_count) == (Status.NEEDS_REVIEW, "", 1)
    assert "not_listed" not in codes_of(task.error_message)
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize("model", MODELS)
def test_submit_that_never_arrived_is_reported_as_not_listed(user, driver, model):
    driver.until(create_task(owner=user, model=model, prompt="a boat", params={}), Status.RUNNING)
    driver.simulator.faults(HOSTS[model], "reset-before")

    task = driver.finish(create_task(owner=user, model=model, prompt="a boat", params={}))

    assert (task.status, task.submission_id, task.attempt_count) == (Status.NEEDS_REVIEW, "", 1)
    assert "not_listed" in codes_of(task.error_message)
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize("model", MODELS)
def test_submit_that_was_accepted_is_never_reported_as_not_listed(user, driver, model):
    task = driver.finish(create_task(owner=user, model=model, prompt="a boat #fault:reset-after-accept", params={}), steps=60)

    assert (task.status, task.submission_id, task.attempt_count) == (Status.NEEDS_REVIEW, "", 1)
    assert "not_listed" not in codes_of(task.error_message)
    assert driver.simulator.ledger()["count"] == 1
