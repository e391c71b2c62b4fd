"""Replicate's predictions: what `input` becomes, states, waiting, files, lists and refusals. The package itself: tests/witnesses/portal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from api.compat.replicate.translate import version_id
from api.compat.urls import callback_shapes
from generation.lifecycle import Status
from generation.models import GenerationTask, ModelAlias
from providers.models import ProviderAccount
from tests.api.compat.conftest import Program, aged
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

BASE = "/compat/replicate/v1"
PREDICTIONS = f"{BASE}/predictions"
INPUT = {"prompt": "a red fox", "duration": 5, "aspect_ratio": "9:16"}


@pytest.fixture(autouse=True)
def one_model(any_model: None) -> None:
    """Orders go to a model whose account sends nothing."""


def test_a_model_is_named_by_address_version_deployment_or_alias(program: Program) -> None:
    ModelAlias.objects.create(name="wan-video/wan-fast", model=MODEL)
    ModelAlias.objects.create(name="5c7d5dc6dd8bf75c1acaa8565735e798", model=MODEL)
    named = [
        f"{BASE}/models/{MODEL}/predictions",
        f"{BASE}/deployments/{MODEL}/predictions",
        f"{BASE}/models/wan-video/wan-fast/predictions",
    ]
    versions = [MODEL, version_id(MODEL), f"{MODEL}:{version_id(MODEL)}", "5c7d5dc6dd8bf75c1acaa8565735e798", ""]
    replies = [program.post(one, {"input": INPUT}) for one in named]
    replies += [program.post(PREDICTIONS, {"version": one, "input": INPUT}) for one in versions]

    assert [reply.status_code for reply in replies] == [201] * 8, [reply.content for reply in replies]
    task = GenerationTask.objects.latest("id")
    assert (task.model, task.prompt.text, task.params["duration_s"], task.params["aspect_ratio"]) == (MODEL, "a red fox", 5, "9:16")
    made = replies[-1].json()
    address = f"http://testserver{PREDICTIONS}/{task.pk.hex}"
    assert (made["id"], made["model"], made["version"], made["status"]) == (task.pk.hex, MODEL, version_id(MODEL), "starting")
    assert made["urls"] == {"get": address, "cancel": f"{address}/cancel", "web": f"http://testserver/tasks/{task.pk}"}
    assert (made["output"], made["error"], made["logs"], made["completed_at"]) == (None, None, "", None)


def test_what_a_model_does_otherwise_is_in_the_logs(program: Program) -> None:
    made = program.post(PREDICTIONS, {"version": MODEL, "input": {**INPUT, "duration": 7, "go_fast": True}}).json()

    assert [line.partition(":")[0] for line in made["logs"].splitlines()] == ["duration", "go_fast"]


@in_one_test(
    ("body", "field"),
    [
        ({"input": {}}, "input.prompt"),
        ({"input": ["a"]}, "input"),
        ({"input": {"prompt": 5}}, "input.prompt"),
        ({"input": {"prompt": "a", "duration": 5, "seconds": 5}}, "input.seconds"),
        ({"input": {"prompt": "a", "image": "no image"}}, "input.image"),
        ({"input": {"prompt": "a", "image": [{}] * 33}}, "input"),
        ({"version": 5}, "version"),
        ({"webhook": "ftp://x.example"}, "webhook"),
        ({"webhook": "https://x.example", "webhook_events_filter": ["start"]}, "webhook_events_filter"),
    ],
)
def test_a_wrong_field_is_named(program: Program, body: dict[str, Any], field: str) -> None:
    reply = program.post(PREDICTIONS, {"version": MODEL, "input": INPUT} | body)

    assert (reply.status_code, reply.json()["title"]) == (422, "Input validation failed"), reply.json()
    assert [one["field"] for one in reply.json()["invalid_fields"]] == [field]
    assert not GenerationTask.objects.exists()


@in_one_test(
    ("status", "word"),
    [
        (Status.QUEUED, "starting"),
        (Status.RUNNING, "processing"),
        (Status.INGESTING, "processing"),
        (Status.NEEDS_REVIEW, "processing"),
        (Status.FAILED, "failed"),
        (Status.CANCELLED, "canceled"),
    ],
)
def test_states_have_replicates_names(program: Program, user: Any, status: Status, word: str) -> None:
    task = make_task(user, status=status, error_code="content_rejected" if status is Status.FAILED else "")
    shown = program.get(f"{PREDICTIONS}/{task.pk}").json()

    assert (shown["status"], shown["output"], bool(shown["error"])) == (word, None, word == "failed")


def test_a_repeated_create_never_says_processing(program: Program) -> None:
    body, key = {"version": MODEL, "input": INPUT}, {"idempotency_key": "one"}
    first = program.post(PREDICTIONS, body, **key).json()
    GenerationTask.objects.update(status=Status.RUNNING, submission_id="x", account=ProviderAccount.objects.first())
    again = program.post(PREDICTIONS, body, **key, prefer="wait").json()
    GenerationTask.objects.update(status=Status.CANCELLED, due_at=None, finished_at=timezone.now())

    assert (again["id"], again["status"]) == (first["id"], "starting")
    assert program.post(PREDICTIONS, body, **key, prefer="wait=5").json()["status"] == "canceled"


def test_a_retry_of_the_package_is_the_same_order(program: Program) -> None:
    body = {"version": MODEL, "input": INPUT}
    ids = [program.post(PREDICTIONS, body, x_stainless_retry_count=count).json()["id"] for count in ("0", "1", "0")]

    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)


def test_what_the_package_for_node_sends_again_is_the_same_order(program: Program) -> None:
    body, package = {"version": MODEL, "input": INPUT}, {"user_agent": "replicate-javascript/1.4.0"}
    first = program.post(PREDICTIONS, body, **package).json()["id"]
    aged(seconds=2)

    assert program.post(PREDICTIONS, body, **package).json()["id"] == first
    assert program.post(PREDICTIONS, body).json()["id"] != first


def test_a_finished_video_is_at_an_address_that_does_not_redirect(program: Program, user: Any) -> None:
    task = make_task(user, status=Status.SUCCEEDED)
    video = make_video(user, task=task)
    shown = program.get(f"{PREDICTIONS}/{task.pk.hex}/").json()

    assert (shown["status"], shown["data_removed"], urlsplit(shown["output"]).query) == ("succeeded", False, "direct=1")
    assert urlsplit(shown["output"]).path.startswith("/v/")
    video.deleted_at = timezone.now()
    video.save()
    shown = program.get(f"{PREDICTIONS}/{task.pk.hex}").json()
    assert (shown["status"], shown["output"], shown["data_removed"]) == ("succeeded", None, True)


def test_what_waits_is_cancelled_and_what_has_ended_stays(program: Program) -> None:
    made = program.post(PREDICTIONS, {"version": MODEL, "input": INPUT}).json()
    replies = [program.post(urlsplit(made["urls"]["cancel"]).path) for _time in range(2)]

    assert [(reply.status_code, reply.json()["status"]) for reply in replies] == [(200, "canceled")] * 2


def test_a_list_pages_by_whole_addresses(program: Program, user: Any, other_user: Any) -> None:
    tasks = [make_task(user) for _number in range(101)]
    make_task(other_user)
    first = program.get(PREDICTIONS).json()
    rest = program.get("?".join(urlsplit(first["next"])[2:4])).json()

    assert [one["id"] for one in first["results"] + rest["results"]] == [task.pk.hex for task in reversed(tasks)]
    assert (len(first["results"]), rest["next"], first["previous"]) == (100, None, None)
    assert program.get(f"{PREDICTIONS}?cursor=x").status_code == 422


def test_an_uploaded_file_is_an_image_of_input(program: Program, other_program: Program) -> None:
    content = SimpleUploadedFile("frame.png", picture((640, 640)).read(), "application/octet-stream")
    made = program.post(f"{BASE}/files", encode_multipart(BOUNDARY, {"content": content}), MULTIPART_CONTENT)
    file, order = made.json(), f"{BASE}/models/kling/kling-v2-6/predictions"
    body = {"input": {"prompt": "it moves", "start_image": file["urls"]["get"]}}

    assert made.status_code == 201
    assert program.get(urlsplit(file["urls"]["get"]).path).json() == file
    assert program.get(f"{BASE}/files").json()["results"] == [file]
    assert (program.post(order, body).status_code, other_program.post(order, body).status_code) == (201, 404)
    assert [list(task.images()) for task in GenerationTask.objects.all()] == [["first_frame"]]
    nothing = program.post(f"{BASE}/files", encode_multipart(BOUNDARY, {"other": "x"}), MULTIPART_CONTENT)
    assert (nothing.status_code, nothing.json()["invalid_fields"][0]["field"]) == (422, "content")


def test_models_say_what_input_may_have(program: Program, user: Any) -> None:
    names = [f"{one['owner']}/{one['name']}" for one in program.get(f"{BASE}/models").json()["results"]]
    model = program.get(f"{BASE}/models/{MODEL}").json()
    version = model["latest_version"]

    assert MODEL in names
    assert {"prompt", "duration_s"} <= set(version["openapi_schema"]["components"]["schemas"]["Input"]["properties"])
    assert program.get(f"{BASE}/models/{MODEL}/versions").json()["results"] == [version]
    assert program.get(f"{BASE}/models/{MODEL}/versions/{version['id']}").json() == version
    unknown = program.post(f"{BASE}/models/nobody/has-it/predictions", {"input": INPUT})
    assert (unknown.status_code, unknown.json()["status"], MODEL in unknown.json()["detail"]) == (404, 404, True)
    assert program.get(f"{BASE}/account").json()["username"] == user.username


def test_a_webhook_gets_the_prediction_without_its_prompt(program: Program) -> None:
    webhook = {"webhook": "https://shop.example/done", "webhook_events_filter": ["completed"]}
    program.post(PREDICTIONS, {"version": MODEL, "input": INPUT, **webhook})
    task = GenerationTask.objects.get()
    shape = callback_shapes()[task.callback_shape]
    body = shape.body(task, "failed", timezone.now(), [])

    assert (task.callback_url, "task.running" in shape.types) == (webhook["webhook"], False)
    assert (body["id"], body["status"], body["output"], "a red fox" in str(body)) == (task.pk.hex, "failed", None, False)
