"""From prompt to video through the real engine, against the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from generation import store
from generation.lifecycle import Status
from generation.models import Dispatch, Prompt, TaskEvent, Video
from generation.ordering.assets import store_asset
from providers.vendors import ALL_MODELS
from tests.generation.media.videos import record_of
from tests.pictures import picture
from tests.task_rows import create_task


def one_of_each(models: list[str]) -> list[str]:
    """The first of each vendor. That every model has its way to a file is shown by the vendors' contract, and by `make demo`."""
    return list({model.partition("/")[0]: model for model in reversed(models)}.values())


WITH_OUR_KEY = "openai-videos/sora-2"
"""Its file is given only to those who show the account's key."""
TEXT_MODELS = one_of_each([name for name, spec in ALL_MODELS.items() if not spec.needed_slots])
IMAGE_MODELS = one_of_each([name for name, spec in ALL_MODELS.items() if spec.needed_slots])


@pytest.mark.parametrize("model", TEXT_MODELS)
def test_a_prompt_becomes_a_render(model, user, driver):
    params = ALL_MODELS[model].needed_params
    task = driver.finish(create_task(owner=user, model=model, prompt="a fox runs across snow 雪", params=params), ingest=False)

    assert task.status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize("model", ["kling/kling-v2-5-turbo", WITH_OUR_KEY])
def test_a_render_becomes_a_stored_video(model, user, driver):
    params = ALL_MODELS[model].needed_params
    task = driver.finish(create_task(owner=user, model=model, prompt="a fox runs across snow 雪", params=params))

    assert task.status == Status.SUCCEEDED
    video = Video.objects.get(task=task)
    assert video.owner == user
    assert store.size(video.file) == video.size_bytes
    assert sum(store.size(key) for key in video.keys) == video.stored_bytes
    assert all(store.size(key) > 0 for key in video.keys)
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize("model", IMAGE_MODELS)
def test_an_image_becomes_a_render(model, user, driver):
    frame = store_asset(owner=user, file=picture())
    spec = ALL_MODELS[model]
    inputs = {slot.name: [frame] * max(slot.min_count, 1) for slot in spec.slots if slot.name in spec.needed_slots}

    task = driver.finish(create_task(owner=user, model=model, prompt="it moves", params={}, inputs=inputs), ingest=False)

    assert task.status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_every_step_leaves_its_event_and_its_time(user, driver):
    task = driver.finish(create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat", params={}))

    moves = list(TaskEvent.objects.filter(task=task).order_by("id").values_list("to_status", flat=True))
    assert moves == ["queued", "submitting", "running", "ingesting", "succeeded"]
    assert task.created_at <= task.submitted_at <= task.accepted_at <= task.rendered_at <= task.finished_at
    attempt = task.attempts.get()
    assert attempt.dispatch == Dispatch.ACCEPTED
    assert attempt.submission_id == task.submission_id
    assert attempt.request["json"]["external_task_id"] == task.reference


def test_the_file_says_how_it_was_made(user, driver):
    task = driver.finish(create_task(owner=user, model="dashscope/wanx2.1-t2v-turbo", prompt="水墨远山", params={"seed": 7}))

    record = record_of(Path(default_storage.path(Video.objects.get(task=task).file)))

    assert record["prompt"] == "水墨远山"
    assert record["model"] == "dashscope/wanx2.1-t2v-turbo"
    assert record["params"]["seed"] == 7


def test_the_prompt_is_kept_as_typed(user, driver):
    task = create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a lighthouse", params={"negative_prompt": "text"}, source="api")

    prompt = Prompt.objects.get(pk=task.prompt_id)

    assert (prompt.text, prompt.negative_text, prompt.source) == ("a lighthouse", "text", "api")
