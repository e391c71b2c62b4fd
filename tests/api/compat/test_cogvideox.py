"""The service of a self-hosted CogVideoX: what its scripts and shops read of its answers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import make_video

CREATE = "/compat/cogvideox/api/v1/generate"
STATUS = "/compat/cogvideox/api/v1/status/{}"
BODY = {"prompt": "a red fox", "num_frames": 16, "width": 512, "height": 512, "num_inference_steps": 20}


@pytest.fixture(autouse=True)
def one_model(any_model):
    """Orders go to a model whose account sends nothing."""


def test_the_first_answer_has_what_scripts_and_what_shops_read(program):
    reply = program.post(CREATE, {"prompt": "a red fox", "content_id": "sku-7", "metadata": {"price": 9}})
    task = GenerationTask.objects.get()
    shown = reply.json()

    assert reply.status_code == 200
    assert urlsplit(shown.pop("video_url")).path.startswith("/v/")
    assert shown == {
        "success": True,
        "task_id": str(task.pk),
        "status": "pending",
        "status_url": f"http://testserver{STATUS.format(task.pk)}",
        "content_id": "sku-7",
        "metadata": {"price": 9},
    }
    assert (task.content_id, task.metadata) == ("sku-7", {"price": 9})


def test_what_another_model_does_otherwise_is_reported(program):
    shown = program.post(CREATE, BODY | {"content_id": 7, "fps": "", "anything": 1}).json()

    assert shown["changed"] == {"num_frames": "duration_s 5", "width": "1:1", "height": "1:1"}
    assert shown["ignored"] == ["num_inference_steps"]
    assert GenerationTask.objects.get().content_id == "7"


@in_one_test(
    ("body", "named"),
    [
        ({}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"prompt": "a", "num_frames": "many"}, "num_frames"),
        ({"prompt": "a", "width": [512]}, "width"),
        ({"prompt": "a", "content_id": {"a": 1}}, "content_id"),
        ({"prompt": "a", "content_id": "x" * 201}, "content_id"),
        ({"prompt": "a", "metadata": "text"}, "metadata"),
        ({"prompt": "a", "metadata": {"a": "x" * 17_000}}, "metadata"),
        ({"prompt": "a", "model": "no-such"}, "no-such"),
    ],
)
def test_a_refusal_names_the_field_where_shops_look_for_it(program, body, named):
    reply = program.post(CREATE, body)

    assert reply.status_code == 422
    assert (reply.json()["success"], named in reply.json()["error"]) == (False, True)


def test_a_status_has_an_error_only_if_it_failed(program, user):
    running = program.get(STATUS.format(make_task(user, status=Status.RUNNING).pk)).json()
    in_review = program.get(STATUS.format(make_task(user, status=Status.NEEDS_REVIEW).pk)).json()
    failed = program.get(STATUS.format(make_task(user, status=Status.FAILED, error_message="CUDA out of memory").pk)).json()
    done = make_task(user, status=Status.SUCCEEDED)
    video = make_video(user, task=done)
    completed = program.get(STATUS.format(done.pk)).json()

    for shown in (running, in_review):
        assert (shown["status"], "error" in shown, "video_url" in shown) == ("processing", False, False)
    assert (failed["status"], "memory" in failed["error"]) == ("failed", True)
    assert (completed["status"], "error" in completed) == ("completed", False)
    assert urlsplit(completed["video_url"]).path.endswith("/video.mp4")
    video.deleted_at = timezone.now()
    video.save()
    assert program.get(STATUS.format(done.pk)).json()["status"] == "failed"


def test_a_repeat_is_the_same_order_with_the_same_address_and_metadata_makes_another(program):
    first, again = program.post(CREATE, BODY).json(), program.post(CREATE, BODY).json()
    other = program.post(CREATE, BODY | {"metadata": {"variation": 2}}).json()

    assert first == again
    assert other["task_id"] != first["task_id"]


def test_the_repeat_of_an_order_that_failed_is_no_success(program):
    program.post(CREATE, BODY, idempotency_key="sku-7")
    GenerationTask.objects.update(status=Status.FAILED, error_code="refused", due_at=None, finished_at=timezone.now())
    shown = program.post(CREATE, BODY, idempotency_key="sku-7").json()

    assert (shown["success"], shown["status"], bool(shown["error"]), "video_url" in shown) == (False, "failed", True, False)
