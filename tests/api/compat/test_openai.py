"""OpenAI's videos at /v1/: create, look, list, fetch, delete, remix, and the models."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from access.limits import Limits
from access.tokens import issue
from api.compat.openai.translate import task_id_of, video_id
from generation.lifecycle import Status
from generation.models import Asset, GenerationTask, ModelAlias
from tests.api.compat.conftest import Program
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

CREATE = "/v1/videos"
BODY = {"model": MODEL, "prompt": "a red fox", "seconds": "5", "size": "1280x720"}


@pytest.fixture(autouse=True)
def one_model(any_model: None) -> None:
    """Orders go to a model whose account sends nothing."""


def form(program: Program, path: str, fields: dict[str, Any], **headers: str) -> Any:
    return program.post(path, encode_multipart(BOUNDARY, fields), MULTIPART_CONTENT, **headers)


def upload(size: tuple[int, int] = (640, 640)) -> SimpleUploadedFile:
    return SimpleUploadedFile("ref.png", picture(size).read(), "application/octet-stream")


def end(task: GenerationTask, status: Status, **facts: Any) -> None:
    GenerationTask.objects.filter(pk=task.pk).update(status=status, due_at=None, finished_at=timezone.now(), **facts)


def finished(user: Any, **facts: Any) -> GenerationTask:
    task = make_task(user, status=Status.SUCCEEDED, **facts)
    make_video(user, task=task)
    return task


def test_a_form_and_json_make_the_same_order(program: Program) -> None:
    replies = [form(program, CREATE, BODY), program.post(CREATE, BODY), program.post(f"{CREATE}/", {**BODY, "seconds": 5})]
    assert [reply.status_code for reply in replies] == [200] * 3
    for reply in replies:
        task = GenerationTask.objects.get(pk=task_id_of(reply.json()["id"]))
        assert (task.model, task.prompt.text, task.params["duration_s"], task.params["aspect_ratio"]) == (MODEL, "a red fox", 5, "16:9")
    created = replies[0].json()
    assert created == {
        "id": created["id"],
        "object": "video",
        "created_at": created["created_at"],
        "completed_at": None,
        "expires_at": None,
        "status": "queued",
        "model": MODEL,
        "progress": 0,
        "prompt": "a red fox",
        "seconds": "5",
        "size": created["size"],
        "error": None,
        "remixed_from_video_id": None,
    }
    assert isinstance(created["created_at"], int)


def test_a_reference_is_a_file_an_object_or_a_data_url(program: Program) -> None:
    import base64

    model = "kling/kling-v2-6"
    data = "data:image/png;base64," + base64.b64encode(picture((640, 640)).read()).decode()
    fields = [
        {"input_reference": upload()},
        {"input_reference[image_url]": data},
        {"image_reference": f'{{"image_url": "{data}"}}'},
    ]
    replies = [form(program, CREATE, {"model": model, "prompt": "it moves", **one}) for one in fields]
    replies.append(program.post(CREATE, {"model": model, "prompt": "it moves", "input_reference": {"image_url": data}}))
    assert [reply.status_code for reply in replies] == [200] * 4, [reply.content for reply in replies]
    assert [list(task.images()) for task in GenerationTask.objects.all()] == [["first_frame"]] * 4
    assert Asset.objects.count() == 1


@in_one_test(
    ("body", "status", "param", "code"),
    [
        ({"seconds": "7"}, 400, "seconds", "invalid_value"),
        ({"size": "1x9999"}, 400, "size", "invalid_value"),
        ({"prompt": ""}, 400, "prompt", "invalid_request"),
        ({"prompt": ["a"]}, 400, "prompt", "invalid_value"),
        ({"model": "nobody-has-it"}, 404, "model", "model_not_found"),
        ({"model": 5}, 400, "model", "invalid_value"),
        ({"nonsense": 1}, 400, "nonsense", "unknown_parameter"),
        ({"n": 3}, 400, "n", "invalid_value"),
        ({"input_reference": "no image"}, 400, "input_reference", None),
        ({"input_reference": {"file_id": "file-1"}}, 400, "input_reference", "invalid_value"),
    ],
)
def test_a_wrong_field_is_named(program: Program, body: dict[str, Any], status: int, param: str, code: str | None) -> None:
    reply = program.post(CREATE, BODY | body)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (status, param), error
    assert code is None or error["code"] == code
    assert not GenerationTask.objects.exists()


def test_behind_an_alias_the_nearest_is_made(program: Program) -> None:
    ModelAlias.objects.create(name="sora-2", model=MODEL)
    made = form(program, CREATE, {"model": "sora-2", "prompt": "a cat", "seconds": "12", "size": "1792x1024", "seed": "7"}).json()
    assert (made["model"], made["seconds"], made["status"]) == (MODEL, "10", "queued")
    assert made["not_applied"].keys() >= {"seconds"}
    assert GenerationTask.objects.get().params["aspect_ratio"] == "16:9"


def test_hints_that_a_model_lacks_are_reported_and_refuse_nothing(program: Program) -> None:
    made = program.post(CREATE, BODY | {"num_inference_steps": 30, "guidance_scale": 5.5, "fps": 24})
    assert made.status_code == 200
    assert made.json()["not_applied"].keys() == {"num_inference_steps", "guidance_scale", "fps"}


@in_one_test(
    ("status", "word"),
    [
        (Status.QUEUED, "queued"),
        (Status.SUBMITTING, "queued"),
        (Status.RUNNING, "in_progress"),
        (Status.INGESTING, "in_progress"),
        (Status.NEEDS_REVIEW, "in_progress"),
        (Status.FAILED, "failed"),
        (Status.CANCELLED, "failed"),
    ],
)
def test_states_have_openais_names(program: Program, user: Any, status: Status, word: str) -> None:
    task = make_task(user, status=status, progress=100, error_code="content_rejected" if status is Status.FAILED else "")
    reply = program.get(f"{CREATE}/{video_id(task.pk)}")
    shown = reply.json()
    assert (shown["status"], shown["progress"] < 100) == (word, True)
    assert reply["openai-poll-after-ms"].isdecimal()
    assert (shown["error"] is not None) == (word == "failed")
    if word == "failed":
        assert shown["error"]["code"] == ("cancelled" if status is Status.CANCELLED else "moderation_blocked")
        assert shown["error"]["message"]


def test_a_finished_video_has_its_facts_and_its_file(program: Program, user: Any) -> None:
    task = finished(user)
    shown = program.get(f"{CREATE}/{task.pk}").json()
    video = task.videos.get()
    assert (shown["status"], shown["progress"], shown["error"]) == ("completed", 100, None)
    assert (shown["size"], shown["seconds"]) == (f"{video.width_px}x{video.height_px}", str(max(round(video.duration_s), 1)))
    assert shown["completed_at"] >= shown["created_at"] - 1


def test_variants_that_are_not_there_are_refused(program: Program, user: Any) -> None:
    running, done = make_task(user, status=Status.RUNNING), finished(user)
    replies = [
        program.get(f"{CREATE}/{running.pk}/content"),
        program.get(f"{CREATE}/{done.pk}/content?variant=spritesheet"),
        program.get(f"{CREATE}/{done.pk}/content?variant=other"),
    ]
    assert [(reply.status_code, reply.json()["error"]["code"]) for reply in replies] == [
        (404, "video_not_ready"),
        (404, "unsupported"),
        (400, "invalid_value"),
    ]


def test_a_list_pages_by_its_last_id_and_leaves_out_deleted_videos(program: Program, user: Any, other_user: Any) -> None:
    tasks = [make_task(user) for _ in range(4)]
    done = finished(user)
    make_task(other_user)
    ids = [video_id(task.pk) for task in [*tasks, done]]
    first = program.get(f"{CREATE}?limit=2").json()
    assert ([one["id"] for one in first["data"]], first["has_more"], first["last_id"]) == (ids[:2:-1], True, ids[3])
    rest = program.get(f"{CREATE}?after={first['last_id']}").json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (ids[2::-1], False)
    up = program.get(f"{CREATE}?order=asc&limit=3&after={ids[0]}").json()
    assert [one["id"] for one in up["data"]] == ids[1:4]
    assert program.ask("DELETE", f"{CREATE}/{ids[4]}").json() == {"id": ids[4], "object": "video.deleted", "deleted": True}
    assert ids[4] not in [one["id"] for one in program.get(CREATE).json()["data"]]
    assert done.videos.get().deleted_at
    assert program.get(f"{CREATE}/{ids[4]}").status_code == 404
    empty = program.get(f"{CREATE}?after={ids[0]}&limit=1").json()
    assert (empty["data"], empty["first_id"], empty["last_id"], empty["has_more"]) == ([], None, None, False)


@in_one_test("query", ["limit=0", "limit=101", "limit=x", "after=nobody"])
def test_a_wrong_page_is_refused_by_its_field(program: Program, query: str) -> None:
    reply = program.get(f"{CREATE}?{query}")
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, query.partition("=")[0])


def test_what_is_being_made_is_not_deleted_and_a_failure_is_taken_note_of(program: Program, user: Any) -> None:
    running, failed = make_task(user, status=Status.RUNNING), make_task(user, status=Status.FAILED, error_code="refused")
    refused = program.ask("DELETE", f"{CREATE}/{running.pk}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "video_not_ended")
    assert program.ask("DELETE", f"{CREATE}/{failed.pk}", b"", "application/json").json()["deleted"] is True
    failed.refresh_from_db()
    assert failed.dismissed_at


def test_a_remix_is_the_same_in_other_words(program: Program, user: Any) -> None:
    task = finished(user)
    made = program.post(f"{CREATE}/{video_id(task.pk)}/remix", {"prompt": "at night"}).json()
    assert (made["prompt"], made["remixed_from_video_id"], made["model"]) == ("at night", video_id(task.pk), task.model)
    again = GenerationTask.objects.get(pk=task_id_of(made["id"]))
    assert again.params == task.params
    assert program.get(f"{CREATE}/{made['id']}").json()["remixed_from_video_id"] == video_id(task.pk)
    refusals = [
        program.post(f"{CREATE}/{make_task(user).pk}/remix", {"prompt": "at night"}),
        program.post(f"{CREATE}/{task.pk}/remix", {"prompt": "at night", "seconds": "5"}),
        program.post(f"{CREATE}/{task.pk}/remix", {}),
    ]
    assert [reply.status_code for reply in refusals] == [400] * 3


def test_edits_extensions_and_characters_are_unsupported(program: Program) -> None:
    clip = {"prompt": "more", "video": SimpleUploadedFile("a.mp4", b"x", "video/mp4")}
    replies = [form(program, f"{CREATE}/{verb}", clip) for verb in ("edits", "extensions", "characters")]
    assert [(reply.status_code, reply.json()["error"]["code"]) for reply in replies] == [(404, "unsupported")] * 3


def test_models_are_what_may_be_ordered_and_the_aliases(program: Program, user: Any) -> None:
    ModelAlias.objects.create(name="sora-2", model=MODEL)
    listed = program.get("/v1/models").json()
    ids = [one["id"] for one in listed["data"]]
    assert listed["object"] == "list"
    assert {"sora-2", MODEL} <= set(ids)
    assert program.get(f"/v1/models/{MODEL}").json() == next(one for one in listed["data"] if one["id"] == MODEL)
    assert program.get("/v1/models/nobody-has-it").json()["error"]["code"] == "model_not_found"
    limited = Program(issue(user, "limited", limits=Limits(models_allowed=("vidu/viduq2",)))[1])
    assert limited.get("/v1/models").json()["data"] == []


def test_the_older_pair_answers_with_the_fields_that_are_documented_and_those_that_are_sent(program: Program, user: Any) -> None:
    body = {
        "model": MODEL,
        "prompt": "a fox",
        "duration": 5.0,
        "width": 1280,
        "height": 720,
        "n": 1,
        "response_format": "url",
        "metadata": {"x": 1},
    }
    made = program.post("/v1/video/generations", body).json()
    assert (made["task_id"], made["status"]) == (made["id"], "queued")
    waiting = program.get(f"/v1/video/generations/{made['task_id']}").json()
    assert (waiting["status"], waiting["url"], waiting["error"], waiting["data"]["status"]) == ("queued", "", None, "QUEUED")
    done = program.get(f"/v1/video/generations/{finished(user).pk}").json()
    assert (done["status"], done["data"]["status"], done["format"]) == ("succeeded", "SUCCESS", "mp4")
    assert done["url"] == done["data"]["result_url"]
    assert urlsplit(done["url"]).path.startswith("/v/")
    assert done["metadata"].keys() == {"duration", "fps", "width", "height", "seed"}
    failed = make_task(user, status=Status.FAILED, error_code="content_rejected")
    lost = program.get(f"/v1/video/generations/{failed.pk}").json()
    assert (lost["status"], lost["data"]["status"], lost["error"]["code"]) == ("failed", "FAILURE", 500)


def test_a_video_is_not_made_without_a_token() -> None:
    reply = Client().post(CREATE, BODY)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "missing_api_key")
