"""Kling's classic API: every field, its envelope and codes, tasks by the client's own id, lists, and callbacks in its shape."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from access.callers import Caller
from api.compat.urls import callback_shapes
from events import outbox
from generation.actions.retry import retry_task
from generation.lifecycle import Status
from generation.models import GenerationTask, ModelAlias
from tests.cases import in_one_test
from tests.pictures import as_base64
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video
from tests.webhooks.receiver import Receiver
from webhooks.actions import create
from webhooks.catalog import CALLBACK_TYPES
from webhooks.deliver import Patience, deliver
from webhooks.fan_out import fan_out
from webhooks.models import Delivery, Kind

TEXT, IMAGE = "/kling/v1/videos/text2video", "/kling/v1/videos/image2video"
HASTY = Patience(linger_s=0.0, round_s=0.02, threads=4, request_s=1.0)
SIMPLE = {"type": "simple", "config": {"horizontal": 0, "vertical": 0, "pan": 5, "tilt": 0, "roll": 0, "zoom": 0}}
BODY = {
    "model_name": "kling-v1",
    "prompt": "a red fox",
    "negative_prompt": "",
    "cfg_scale": 0.7,
    "mode": "std",
    "aspect_ratio": "9:16",
    "duration": "10",
    "callback_url": "",
    "external_task_id": "",
}


@pytest.fixture(autouse=True)
def a_gateway(any_model, make_account):
    """An account that still has the models of the seed; nothing is sent."""
    make_account("kling", "gateway", "http://127.0.0.1:9")


def the_task() -> GenerationTask:
    return GenerationTask.objects.latest("id")


def told(status: str, task: GenerationTask, **facts) -> dict:
    """What a task looks like in answers."""
    ms = {name: int(getattr(task, name).timestamp() * 1000) for name in ("created_at", "updated_at")}
    usual = {"task_id": str(task.pk), "task_status": status, "task_status_msg": "", "task_info": {"external_task_id": task.external_id}}
    return usual | ms | facts


def test_every_field_becomes_an_option_and_empty_ones_mean_nothing(program):
    reply = program.post(TEXT, BODY | {"negative_prompt": "rain", "camera_control": SIMPLE}).json()
    task = the_task()

    assert {name: reply[name] for name in ("code", "message", "data")} == {
        "code": 0,
        "message": "SUCCEED",
        "data": told("submitted", task),
    }
    assert (task.model, task.prompt.text, task.external_id, task.callback_url) == ("kling/kling-v1", "a red fox", "", "")
    assert task.params == {
        "duration_s": 10,
        "negative_prompt": "rain",
        "watermark": False,
        "aspect_ratio": "9:16",
        "mode": "std",
        "guidance": 0.7,
        "camera": "simple",
        "camera_axis": "pan",
        "camera_amount": 5,
    }
    program.post(f"{TEXT}/", {"model": "kling-v1-6", "prompt": "a boat", "watermark_info": {"enabled": True}, "duration": 5})
    assert (the_task().model, the_task().params["watermark"]) == ("kling/kling-v1-6", True)


def test_what_a_model_cannot_do_is_reported_and_not_refused(program):
    reply = program.post(TEXT, BODY | {"model_name": "kling-v2-6", "duration": "7", "sound": "on", "camera_control": {"type": "down_back"}})

    assert set(reply.json()["data"]["not_applied"]) == {"cfg_scale", "camera_control", "duration", "sound"}  # sound needs the mode pro
    assert "not_applied" not in program.post(TEXT, BODY | {"sound": "off"}).json()["data"]
    voices = {"sound": "on", "mode": "pro", "voice_list": [{"voice_id": "829824295735410756"}]}
    program.post(TEXT, {"model_name": "kling-v2-6", "prompt": "she says <<<voice_1>>>", **voices})
    assert (the_task().params["voice_ids"], the_task().params["with_audio"]) == (["829824295735410756"], True)


def test_shots_and_elements_of_version_3(program):
    shots = [{"index": 1, "prompt": "a boat", "duration": "3"}, {"index": 2, "prompt": "the sea", "duration": "2"}]
    asked = {"model_name": "kling-v3", "multi_shot": True, "shot_type": "customize", "multi_prompt": shots, "duration": "5"}
    assert program.post(TEXT, asked).json()["code"] == 0
    assert the_task().params["shots"] == [{"duration_s": 3, "prompt": "a boat"}, {"duration_s": 2, "prompt": "the sea"}]
    framed = {"model_name": "kling-v3", "prompt": "<<<element_1>>>", "image": as_base64()}
    assert program.post(IMAGE, framed | {"element_list": [{"element_id": 829836802793406551}]}).json()["code"] == 0
    assert the_task().params["element_ids"] == ["829836802793406551"]


def test_images_go_into_their_slots(program):
    frames = {"model_name": "kling-v2-5-turbo", "image": as_base64(), "image_tail": as_base64(), "mode": "pro", "aspect_ratio": "1:1"}
    assert program.post(IMAGE, frames).json()["code"] == 0
    assert sorted(the_task().inputs_given) == ["first_frame", "last_frame"]
    path = [{"x": 10, "y": 20}, {"x": 30, "y": 40}]
    brushes = {"static_mask": as_base64(), "dynamic_masks": [{"mask": as_base64(), "trajectories": path}]}
    assert program.post(IMAGE, {"model_name": "kling-v1-5", "image": as_base64(), "mode": "pro", **brushes}).json()["code"] == 0
    assert sorted(the_task().inputs_given) == ["dynamic_masks", "first_frame", "static_mask"]
    assert the_task().params["paths"] == ["10,20 30,40"]
    assert program.post(IMAGE, {"prompt": "no image"}).json()["code"] == 1201


@in_one_test(
    ("body", "status", "code", "words"),
    [
        ({"duration": "long"}, 400, 1201, "duration"),
        ({"prompt": ["a"]}, 400, 1201, "prompt"),
        ({"prompt": ""}, 400, 1201, "prompt"),
        ({"camera_control": "down_back"}, 400, 1201, "camera_control"),
        ({"camera_control": {"type": "simple", "config": {"pan": 1, "tilt": 1}}}, 400, 1201, "camera_control"),
        ({"callback_url": "ftp://x.example"}, 400, 1201, "callback_url"),
        ({"external_task_id": "x" * 201}, 400, 1201, "external_task_id"),
        ({"voice_list": ["a"]}, 400, 1201, "voice_list"),
        ({"dynamic_masks": 5}, 400, 1201, "dynamic_masks"),
        ({"dynamic_masks": [{}] * 33}, 400, 1201, "dynamic_masks"),
        ({"model_name": "no-such-model"}, 404, 1203, "no-such-model"),
    ],
)
def test_refusals_have_klings_codes_and_the_clients_field_names(program, body, status, code, words):
    reply = program.post(TEXT, BODY | body)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert words in reply.json()["message"]
    assert reply.json()["request_id"] == reply["X-Request-Id"]
    assert not GenerationTask.objects.exists()


def test_an_external_task_id_is_kept_found_and_used_once(program, other_program):
    made = program.post(TEXT, BODY | {"external_task_id": "job-1"}).json()["data"]
    again = program.post(TEXT, BODY | {"external_task_id": "job-1"})

    assert made["task_info"] == {"external_task_id": "job-1"}
    assert (again.status_code, again.json()["code"]) == (400, 1201)
    assert program.get(f"{TEXT}/job-1").json()["data"]["task_id"] == made["task_id"]
    assert other_program.get(f"{TEXT}/job-1").json()["code"] == 1203
    shaped_like_ours = program.post(TEXT, BODY | {"external_task_id": "0197a1b2-0000-7000-8000-000000000001"}).json()["data"]
    assert program.get(f"{TEXT}/0197a1b2-0000-7000-8000-000000000001").json()["data"] == shaped_like_ours
    assert GenerationTask.objects.count() == 2


def test_a_task_shows_its_videos_or_why_there_are_none(program, user):
    done = make_task(user, status=Status.SUCCEEDED)
    video = make_video(user, task=done)
    reply = program.get(f"{TEXT}/{done.pk}").json()["data"]
    (shown,) = reply.pop("task_result")["videos"]

    assert reply == told("succeed", done)
    assert (shown["id"], shown["duration"]) == (str(video.pk), f"{video.duration_s:g}")
    assert shown["url"].endswith("/video.mp4")
    video.deleted_at = timezone.now()
    video.save()
    assert program.get(f"{TEXT}/{done.pk}").json()["data"]["task_status"] == "failed"
    states = {Status.RUNNING: "processing", Status.NEEDS_REVIEW: "processing", Status.CANCELLED: "failed"}
    replies = {state: program.get(f"{TEXT}/{make_task(user, status=state).pk}?wait=0") for state in states}
    assert {state: reply.json()["data"]["task_status"] for state, reply in replies.items()} == states
    failed = make_task(user, status=Status.FAILED, error_code="content_rejected", error_message="no foxes")
    answer = program.get(f"{TEXT}/{failed.pk}").json()
    assert (answer["code"], answer["data"]["task_status"]) == (0, "failed")
    assert "no foxes" in answer["data"]["task_status_msg"]


def test_lists_have_pages_of_one_kind(program, user, other_user):
    ids = [str(make_task(user).pk) for _number in range(3)]
    make_task(other_user)
    program.post(IMAGE, {"prompt": "it sails", "image": as_base64()})

    def listed(path: str) -> list[str]:
        return [one["task_id"] for one in program.get(path).json()["data"]]

    assert listed(TEXT) == ids[::-1]
    assert listed(f"{TEXT}?pageNum=2&pageSize=2") == ids[:1]
    assert listed(IMAGE) == [str(the_task().pk)]
    wrong = ("pageNum=0", "pageNum=1001", "pageSize=501", "pageSize=x", "pageSize=1.5")
    assert [program.get(f"{TEXT}?{query}").json()["code"] for query in wrong] == [1201] * len(wrong)


def test_a_callback_is_signed_and_has_klings_body(program, user, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with Receiver() as receiver:
        _lane, secret = create(by=Caller(user=user), kind=Kind.CALLBACK, url=receiver.url, types=CALLBACK_TYPES)
        program.post(TEXT, BODY | {"callback_url": f"{receiver.url}/done", "external_task_id": "job-1"})
        task = the_task()
        task.give_up("content_rejected", "the fox said so")
        deliver(patience=HASTY, shapes=callback_shapes())
        (arrival,) = receiver.arrivals

    body = Webhook(secret).verify(arrival.body, arrival.headers)
    assert arrival.path == "/done"
    assert body == json.loads(arrival.body)
    assert body | {"task_status_msg": ""} == told("failed", GenerationTask.objects.get())
    assert "fox" not in body["task_status_msg"]


def test_a_callback_is_told_of_the_start_and_the_end(user):
    facts = {"callback_url": "https://shop.example/a", "callback_shape": "kling", "external_id": "job-1"}
    task = make_task(user, status=Status.SUCCEEDED, **facts)
    video = make_video(user, task=task)
    for kind, said in {"task.running": {"from": "submitting"}, "task.needs_review": {}, "task.succeeded": {}}.items():
        outbox.write(kind, subject=task.pk, owner_id=user.pk, at=timezone.now(), facts=said)
    fan_out(shapes=callback_shapes())
    bodies = [json.loads(one.body) for one in Delivery.objects.order_by("id")]

    assert [(one["task_status"], one["task_info"]["external_task_id"]) for one in bodies] == [("processing", "job-1"), ("succeed", "job-1")]
    assert [one["id"] for one in bodies[1]["task_result"]["videos"]] == [str(video.pk)]
    assert "prompt" not in bodies[1]


def test_who_runs_a_task_again_keeps_the_shape_of_its_callback(user, staff, idle_account):
    task = make_task(user, status=Status.FAILED, callback_url="https://shop.example/a", callback_shape="kling")
    own, others = (retry_task(task, by=Caller(user=one)).task for one in (user, staff))

    assert (own.callback_shape, others.callback_shape) == ("kling", "")


def test_without_a_name_the_alias_of_the_dialect_or_an_old_model_is_used(program):
    program.post(TEXT, {"prompt": "a red fox"})
    assert the_task().model == MODEL
    ModelAlias.objects.all().delete()
    program.post(TEXT, {"prompt": "a red fox"})
    assert the_task().model == "kling/kling-v1"
