"""OpenRouter's videos at /compat/openrouter/v1/: create, look, fetch, and the models."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from api.compat.openrouter.translate import CALLBACK, STATES
from generation.lifecycle import TERMINAL, Status
from generation.models import GenerationTask, ModelAlias
from providers.vendors import ALL_MODELS
from tests.api.compat.conftest import Program, aged
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

CREATE = "/compat/openrouter/v1/videos"
BODY = {"model": MODEL, "prompt": "a red fox", "duration": 5, "size": "1280x720"}
AI = "ai/7.0.173 ai-sdk/provider-utils/5.0.42 runtime/node.js/v20.20.2"
PACKAGE = "ai-sdk/openrouter/3.1.0 ai-sdk/provider-utils/5.0.42 runtime/node.js/v20.20.2"


@pytest.fixture(autouse=True)
def one_model(any_model: None) -> None:
    """Orders go to a model whose account sends nothing."""


def data_url() -> str:
    return "data:image/png;base64," + base64.b64encode(picture((640, 640)).read()).decode()


def frame(kind: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url()}, "frame_type": kind}


def end(status: Status) -> None:
    facts = {"submission_id": "vendor-1", "submitted_at": timezone.now()}
    GenerationTask.objects.update(status=status, due_at=None, finished_at=timezone.now(), **facts)


def test_a_create_answers_202_with_where_to_ask(program: Program) -> None:
    reply = program.post(CREATE, BODY)
    made, task = reply.json(), GenerationTask.objects.get()
    assert reply.status_code == 202
    assert made == {
        "id": str(task.pk),
        "generation_id": str(task.pk),
        "polling_url": f"http://testserver{CREATE}/{task.pk}",
        "status": "pending",
    }
    assert (task.params["duration_s"], task.params["aspect_ratio"]) == (5, "16:9")
    assert program.get(urlsplit(made["polling_url"]).path).json() == made


def test_frames_and_references_fill_the_slots(program: Program) -> None:
    both = program.post(CREATE, BODY | {"frame_images": [frame("first_frame"), frame("last_frame")]})
    lone = program.post(CREATE, BODY | {"input_references": [{"type": "image_url", "image_url": {"url": data_url()}}]})
    assert [reply.status_code for reply in (both, lone)] == [202, 202], both.content
    tasks = GenerationTask.objects.order_by("pk")
    assert [list(task.images()) for task in tasks] == [["first_frame", "last_frame"], ["first_frame"]]


@in_one_test(
    ("body", "status", "field"),
    [
        ({"duration": 7}, 400, "duration"),
        ({"size": "1x9999"}, 400, "size"),
        ({"generate_audio": True}, 400, "generate_audio"),
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": ["a"]}, 400, "prompt"),
        ({"model": "nobody-has-it"}, 404, "model"),
        ({"previous_job_id": "gen-1"}, 400, "previous_job_id"),
        ({"callback_url": 5}, 400, "callback_url"),
        ({"frame_images": "no list"}, 400, "frame_images[0]"),
        ({"frame_images": [frame("middle")]}, 400, "frame_images[0]"),
        ({"frame_images": [frame("first_frame")] * 2}, 400, "frame_images[1]"),
        ({"input_references": [{"type": "video_url"}]}, 400, "input_references[0]"),
        ({"input_references": [{"image_url": "https://nowhere.invalid/a.png"}] * 33}, 400, "input_references[32]"),
        ({"frame_images": [{"type": "image_url", "image_url": {"url": "no image"}}]}, 400, "frame_images[0]"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_ordered(program: Program, body: dict[str, Any], status: int, field: str) -> None:
    reply = program.post(CREATE, BODY | body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (status, status), error
    assert list(error["metadata"]["fields"]) == [field], error
    assert field in error["message"]
    assert not GenerationTask.objects.exists()


def test_behind_an_alias_the_nearest_is_made_and_reported(program: Program) -> None:
    ModelAlias.objects.create(name="google/veo-old", model=MODEL)
    made = program.post(CREATE, BODY | {"model": "google/veo-old", "duration": 8, "seed": 7, "provider": {"order": ["x"]}}).json()
    assert made["not_applied"].keys() == {"duration", "seed", "provider"}
    assert GenerationTask.objects.get().params["duration_s"] == 10


def test_an_option_of_the_model_has_its_own_name_too(program: Program) -> None:
    assert program.post(CREATE, BODY | {"mode": "pro", "negative_prompt": "rain"}).status_code == 202
    params = GenerationTask.objects.get().params
    assert (params["mode"], params["negative_prompt"]) == ("pro", "rain")


def test_only_ended_tasks_have_a_state_that_ends_a_poll() -> None:
    assert STATES.keys() == set(Status)
    assert {status for status, word in STATES.items() if word in {"completed", "failed", "cancelled", "expired"}} == TERMINAL


def test_a_finished_video_plays_without_a_token_and_is_content(program: Program, user: Any) -> None:
    task = make_task(user, status=Status.SUCCEEDED)
    video = make_video(user, task=task)
    shown = program.get(f"{CREATE}/{task.pk}").json()
    assert (shown["status"], len(shown["unsigned_urls"]), shown["usage"]) == ("completed", 1, {"is_byok": False})
    assert [program.get(f"{CREATE}/{task.pk}/content?index={index}").status_code for index in ("1", "-1", "0.5", "x")] == [404] * 4
    files = [Client().get(urlsplit(shown["unsigned_urls"][0]).path), program.get(f"{CREATE}/{task.pk}/content?index=0")]
    assert [(reply.status_code, reply["Content-Type"]) for reply in files] == [(200, "video/mp4")] * 2
    video.deleted_at = timezone.now()
    video.save()
    assert program.get(f"{CREATE}/{task.pk}").json()["status"] == "expired"
    assert program.get(f"{CREATE}/{task.pk}/content").status_code == 404
    for reply in files:
        reply.close()


def test_a_failure_says_why_in_words(program: Program, user: Any) -> None:
    failed, cancelled = (make_task(user, status=one, error_code=code) for one, code in ((Status.FAILED, "refused"), (Status.CANCELLED, "")))
    shown = [program.get(f"{CREATE}/{task.pk}").json() for task in (failed, cancelled)]
    assert [one["status"] for one in shown] == ["failed", "cancelled"]
    assert all(isinstance(one["error"], str) and one["error"] for one in shown)


def test_a_callback_is_openrouters_event(program: Program, user: Any) -> None:
    program.post(CREATE, BODY | {"callback_url": "https://example.com/hook"})
    assert GenerationTask.objects.get().callback_shape == "openrouter"
    task, at = make_task(user, status=Status.FAILED, error_code="refused"), timezone.now()
    video = make_video(user)
    done = CALLBACK.body(task, "succeeded", at, [(video, "https://portal.example/v/1")])
    failed = CALLBACK.body(task, "failed", at, [])
    assert (done["type"], done["data"]["unsigned_urls"]) == ("video.generation.completed", ["https://portal.example/v/1"])
    assert (failed["type"], failed["data"]["id"], bool(failed["data"]["error"])) == ("video.generation.failed", str(task.pk), True)


def test_a_cost_is_shown_in_us_dollars_alone(program: Program, user: Any, settings: Any) -> None:
    task = make_task(user, status=Status.SUCCEEDED, cost_settled=250_000)
    make_video(user, task=task)
    settings.CURRENCY = "USD"
    assert program.get(f"{CREATE}/{task.pk}").json()["usage"]["cost"] == 0.25


def test_models_are_what_may_be_ordered_and_the_aliases(program: Program) -> None:
    ModelAlias.objects.create(name="google/veo-old", model=MODEL)
    rows = {row["id"]: row for row in program.get(f"{CREATE}/models").json()["data"]}
    assert {"google/veo-old", MODEL} <= rows.keys()
    assert rows["google/veo-old"] == rows[MODEL] | {"id": "google/veo-old"}
    assert rows[MODEL]["canonical_slug"] == MODEL
    assert (rows[MODEL]["supported_durations"], rows[MODEL]["supported_aspect_ratios"]) == ([5, 10], ["16:9", "9:16", "1:1"])
    assert rows[MODEL]["supported_frame_images"] == ["first_frame", "last_frame"]
    assert "mode" in rows[MODEL]["allowed_passthrough_parameters"]
    assert set(rows) - {one for one in rows if one in ALL_MODELS} <= set(ModelAlias.objects.values_list("name", flat=True))


def test_what_the_package_orders_again_is_the_same_order(program: Program) -> None:
    def create(**more: Any) -> str:
        return str(program.post(CREATE, BODY | more, user_agent=AI).json()["id"])

    of_several = [create(), create()]  # one call for two videos sends the same request twice at once
    assert len(set(of_several)) == 2
    aged(seconds=2)
    assert create() in of_several
    assert create(prompt="another") not in of_several
    aged(minutes=9)
    assert create() in of_several  # the client has stopped to wait
    end(Status.SUCCEEDED)
    aged(seconds=2)
    assert create() in of_several  # the poll that would have told the end was answered by nobody
    aged(seconds=2)
    assert [program.get(f"{CREATE}/{name}").status_code for name in of_several] == [200, 200]
    assert create() not in of_several
    end(Status.FAILED)
    aged(seconds=2)
    count = GenerationTask.objects.count()
    create()
    assert GenerationTask.objects.count() == count + 1


def test_other_clients_order_with_each_request(program: Program) -> None:
    agents = ("", "curl/8.5", PACKAGE)
    assert len({program.post(CREATE, BODY, user_agent=agent).json()["id"] for agent in agents for _ in range(2)}) == 6
