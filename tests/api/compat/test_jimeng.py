"""The service that Dify flows call: its fields, its answers, and a video that plays in a bare `<video src>`."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask, ModelAlias
from generation.models.prompt import Prompt
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

CREATE = "/jimeng/generate_video/"
BODY = {"prompt": "a red fox", "aspect_ratio": "9:16", "duration_ms": 5000, "fps": 24}


@pytest.fixture(autouse=True)
def one_model(any_model):
    """Orders go to a model whose account sends nothing."""


def the_task() -> GenerationTask:
    return GenerationTask.objects.latest("id")


def end(status: str, **facts) -> GenerationTask:
    GenerationTask.objects.update(status=status, due_at=None, finished_at=timezone.now(), **facts)
    return the_task()


def test_a_body_becomes_an_order_of_the_nearest_options(program):
    reply = program.post(CREATE, BODY)
    task = the_task()

    assert reply.status_code == 202
    assert reply.json() == {
        "task_id": str(task.pk),
        "status": "queued",
        "status_url": f"http://testserver/jimeng/tasks/{task.pk}",
    }
    assert (task.model, task.prompt.text, task.prompt.source) == (MODEL, "a red fox", Prompt.Source.API)
    assert (task.params["duration_s"], task.params["aspect_ratio"]) == (5, "9:16")
    assert program.post(CREATE.rstrip("/"), {"prompt": "with its own ratio"}).status_code == 202


@in_one_test(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"prompt": "a", "duration_ms": "long"}, "duration_ms"),
        ({"prompt": "a", "fps": [24]}, "fps"),
        ({"prompt": "a", "aspect_ratio": 1}, "aspect_ratio"),
        ({"prompt": "a", "model": "no-such"}, "model"),
    ],
)
def test_a_wrong_field_is_named_as_fastapi_names_it(program, body, field):
    reply = program.post(CREATE, body)

    assert reply.status_code == 422
    assert [one["loc"] for one in reply.json()["detail"]] == [["body", field]]


def test_the_words_about_tokens_are_those_of_the_service(program):
    replies = [Client().post(CREATE, headers=headers) for headers in ({}, {"authorization": "Digest x"}, {"authorization": "Bearer x"})]

    assert [(reply.status_code, reply.json()["detail"]) for reply in replies] == [
        (401, "Missing Authorization Header"),
        (401, "Invalid Authorization Scheme"),
        (403, "Invalid or Expired Token"),
    ]


def test_a_repeat_is_the_same_order_until_that_has_failed_or_is_old(program):
    first = program.post(CREATE, BODY).json()["task_id"]
    again = program.post(CREATE, json.dumps(BODY, indent=1).encode()).json()["task_id"]
    other = program.post(CREATE, BODY | {"prompt": "a blue fox"}).json()["task_id"]
    GenerationTask.objects.filter(pk=other).delete()
    assert (again, other == first) == (first, False)

    failed = program.post(CREATE, BODY).json()["task_id"]
    assert failed == first
    end(Status.FAILED, error_code="refused")
    second = program.post(CREATE, BODY).json()["task_id"]
    assert second != first
    GenerationTask.objects.update(created_at=timezone.now() - timedelta(minutes=21))
    assert program.post(CREATE, BODY).json()["task_id"] not in {first, second}


def test_a_node_with_retries_buys_one_video_however_long_that_takes(program):
    def ordered() -> str:
        return program.post(f"{CREATE}?strict=1", BODY).json()["detail"].rpartition("/")[2]

    def age(**facts) -> None:
        GenerationTask.objects.update(created_at=timezone.now() - timedelta(minutes=10), **facts)

    first = ordered()
    age()
    assert ordered() == first
    age(status=Status.SUCCEEDED, due_at=None, submission_id="vendor-1", submitted_at=timezone.now(), finished_at=timezone.now())
    make_video(the_task().owner, task=the_task())
    assert program.post(CREATE, BODY).json()["task_id"] == first  # it ended between two tries
    age(finished_at=timezone.now() - timedelta(minutes=1))
    assert ordered() != first


def test_strict_answers_504_where_the_video_is_not_ready(program):
    reply = program.post(f"{CREATE}?strict=1", BODY)

    assert reply.status_code == 504
    assert f"/jimeng/tasks/{the_task().pk}" in reply.json()["detail"]


def test_a_failed_render_is_500_with_its_reason(program):
    made = program.post(CREATE, BODY).json()
    end(Status.FAILED, error_code="content_rejected", error_message="no foxes")
    task = program.get(urlsplit(made["status_url"]).path).json()

    assert (task["status"], "no foxes" in task["detail"]) == ("failed", True)
    key = {"idempotency_key": "k"}
    program.post(CREATE, BODY, **key)
    end(Status.CANCELLED)
    reply = program.post(CREATE, BODY, **key)
    assert (reply.status_code, list(reply.json())) == (500, ["detail"])


def test_a_finished_video_plays_without_a_token(program, user):
    task = make_task(user, status=Status.SUCCEEDED)
    video = make_video(user, task=task)
    reply = program.get(f"/jimeng/tasks/{task.pk}/").json()

    assert reply["status"] == "completed"
    path = urlsplit(reply["video_url"]).path
    assert path.startswith("/v/")
    assert path.endswith("/video.mp4")
    video.deleted_at = timezone.now()
    video.save()
    assert program.get(f"/jimeng/tasks/{task.pk}").json()["status"] == "failed"


def test_the_alias_of_the_dialect_is_what_it_orders(program):
    ModelAlias.objects.filter(name="jimeng").update(model="kling/kling-v2-6")
    program.post(CREATE, BODY)
    assert the_task().model == "kling/kling-v2-6"


def test_a_repeat_is_the_same_order_though_the_alias_means_another_model_by_now(program):
    first = program.post(CREATE, BODY).json()["task_id"]
    ModelAlias.objects.filter(name="jimeng").update(model="kling/kling-v2-6")

    assert program.post(CREATE, BODY).json()["task_id"] == first


def test_the_document_for_tools_refuses_in_json(client):
    reply = client.post("/api/v1/openapi-tools.json")

    assert (reply.status_code, reply.json()["error"]["code"], reply["Allow"]) == (405, "method_not_allowed", "GET, HEAD")
