"""Vercel's AI gateway at /compat/ai-gateway/: start, status, and the answer that waits."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask, ModelAlias
from tests.api.compat.conftest import Program, aged
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

AT = "/compat/ai-gateway/video-model"
BODY = {"prompt": "a red fox", "n": 1, "duration": 5, "resolution": "1280x720", "providerOptions": {}}
FILE = {"type": "file", "mediaType": "image/png", "data": base64.b64encode(picture((640, 640)).read()).decode()}


@pytest.fixture(autouse=True)
def one_model(any_model: None) -> None:
    """Orders go to a model whose account sends nothing."""


def post(program: Program, path: str = "/start", model: str = MODEL, body: Any = BODY, **headers: str) -> Any:
    return program.post(AT + path, body, ai_model_id=model, **headers)


def test_a_start_is_asked_about_by_its_operation(program: Program, user: Any) -> None:
    replies = [post(program, idempotency_key="aisdk_vid_1").json() for _ in range(2)]
    task = GenerationTask.objects.get()
    assert replies == [{"operation": {"id": str(task.pk)}, "warnings": []}] * 2
    assert (task.model, task.params["duration_s"]) == (MODEL, 5)
    done = make_task(user, status=Status.SUCCEEDED)
    make_video(user, task=done)
    failed = make_task(user, status=Status.FAILED, error_code="refused")
    cancelled = make_task(user, status=Status.CANCELLED)
    shown = [program.post(f"{AT}/status", {"operation": {"id": str(one.pk)}}).json() for one in (task, done, failed, cancelled)]
    assert [one["status"] for one in shown] == ["pending", "completed", "error", "cancelled"]
    assert (shown[1]["videos"][0].keys(), bool(shown[2]["error"])) == ({"type", "url", "mediaType"}, True)
    assert [program.post(f"{AT}/status", {"operation": other}).status_code for other in (None, "x", {"id": 5})] == [404] * 3


def test_images_fill_the_slots(program: Program) -> None:
    frames = [{"image": FILE, "frameType": kind} for kind in ("first_frame", "last_frame")]
    bodies = [{"image": FILE}, {"image": FILE, "frameImages": frames[:1]}, {"inputReferences": [FILE]}]
    assert [post(program, body=BODY | body).status_code for body in bodies] == [200] * 3
    assert [list(task.images()) for task in GenerationTask.objects.all()] == [["first_frame"]] * 3


@in_one_test(
    ("body", "model", "status", "kind"),
    [
        ({"duration": 7}, MODEL, 400, "invalid_request_error"),
        ({"n": 2}, MODEL, 400, "invalid_request_error"),
        ({"image": "x"}, MODEL, 400, "invalid_request_error"),
        ({"inputReferences": [{"type": "url", "url": "https://nowhere.invalid/a.png"}] * 33}, MODEL, 400, "invalid_request_error"),
        ({}, "nobody-has-it", 404, "model_not_found"),
    ],
)
def test_what_cannot_be_made_is_refused(program: Program, body: dict[str, Any], model: str, status: int, kind: str) -> None:
    reply = post(program, model=model, body=BODY | body)
    assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
    assert not GenerationTask.objects.exists()


def test_behind_an_alias_the_nearest_is_made_with_a_warning(program: Program) -> None:
    ModelAlias.objects.create(name="google/veo-old", model=MODEL)
    made = post(program, model="google/veo-old", body=BODY | {"duration": 8}).json()
    assert [one["feature"] for one in made["warnings"]] == ["duration"]


def test_an_answer_that_waited_too_long_is_asked_for_again(program: Program) -> None:
    late = post(program, "")
    assert (late.status_code, late.json()["error"]["type"]) == (504, "internal_server_error")
    task = GenerationTask.objects.get()
    aged(minutes=3)
    assert post(program, "").status_code == 504
    assert GenerationTask.objects.count() == 1
    facts = {"submission_id": "vendor-1", "submitted_at": timezone.now(), "due_at": None, "finished_at": timezone.now()}
    GenerationTask.objects.update(status=Status.SUCCEEDED, **facts)
    aged(seconds=3)
    make_video(task.owner, task=task)
    reply = post(program, "")
    event = json.loads(reply.content.decode().removeprefix("data: "))
    assert (reply["Content-Type"], event["type"], len(event["videos"]), event["warnings"]) == ("text/event-stream", "result", 1, [])
    assert post(program, "", model="kling/kling-v2-6", body=BODY).status_code in {400, 504}
