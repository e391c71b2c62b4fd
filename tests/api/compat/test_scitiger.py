"""SciTiger's video service: the README's own requests, its result, and what it says about parameters that a model does not have.

tests/seeds/scitiger.md is the part of the README that calls the service, unchanged. `tests/witnesses/portal/scitiger.py` runs its commands.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from api.compat.fit import fit
from api.compat.scitiger.translate import FIELDS, VENDORS, asked_of, slots_of
from generation.lifecycle import Status
from generation.models import GenerationTask, ModelAlias
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.seeds.curls import bodies_in
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video, moved

README = Path(__file__).parents[2] / "seeds" / "scitiger.md"
CREATE = "/compat/scitiger/api/v1/tasks/"
BODY = {"model": "", "parameters": {"prompt": "a red fox", "duration": "5", "size": "720*1280", "obj_or_bg": ["obj"]}}
READS = {
    "wanx2.1-t2v-turbo": ({"negative_prompt": "模糊, 扭曲, 低质量", "duration_s": 5, "resolution": "720P"}, {}, {}),
    "wanx2.1-t2v-plus": ({"negative_prompt": "模糊, 低质量", "duration_s": 5, "resolution": "720P", "prompt_extend": True}, {}, {}),
    "wanx2.1-i2v-turbo": ({"duration_s": 5, "resolution": "720P"}, {"first_frame": 1}, {}),
    "wanx2.1-kf2v-plus": ({"resolution": "720P"}, {"first_frame": 1, "last_frame": 1}, {"ignored": ["obj_or_bg"]}),
    "cogvideox-2": ({"mode": "quality", "resolution": "1080x1920", "fps": 30}, {}, {}),
    "cogvideox-2 with images": ({"mode": "quality", "resolution": "1080x1920", "fps": 30}, {"first_frame": 1}, {}),
    "viduq1-text": (
        {"style": "anime", "duration_s": 5, "resolution": "1920x1080", "aspect_ratio": "9:16", "motion": "auto"},
        {},
        {"changed": {"size": "1920x1080 9:16"}},
    ),
    "vidu2-image with images": (
        {"duration_s": 4, "resolution": "1280x720", "motion": "auto"},
        {"first_frame": 1},
        {"changed": {"size": "1280x720"}},
    ),
    "vidu2-start-end with images": (
        {"duration_s": 4, "resolution": "1280x720", "motion": "medium", "with_audio": True},
        {"first_frame": 1, "last_frame": 1},
        {"changed": {"size": "1280x720"}},
    ),
    "vidu2-reference with images": (
        {"duration_s": 4, "resolution": "1280x720", "aspect_ratio": "16:9", "motion": "auto", "with_audio": True},
        {"references": 2},
        {"changed": {"size": "1280x720 16:9"}},
    ),
}
"""By model: the options that the README's request becomes, the images in each slot, and what the answer reports."""


@pytest.fixture
def world(any_model):
    """Orders go to a model whose account sends nothing."""


def test_every_request_of_the_readme_finds_its_model_and_nothing_of_it_is_refused():
    read = {}
    for body in bodies_in(README):
        wanted = asked_of(body)
        spec = ALL_MODELS[f"{wanted.vendor}/{wanted.model}"]
        images = {slot: len(pairs) for slot, pairs in slots_of(wanted, spec).items()}
        fitted = fit(spec, wanted.options, images)
        spec.params(**{**spec.needed_params, **fitted.params}).check_inputs(images)
        name = f"{wanted.model} with images" if "image_url" in body["parameters"] else wanted.model
        read[name] = (dict(fitted.params), images, fitted.report(FIELDS))

    assert read == READS


@in_one_test(
    ("model", "parameters", "slots"),
    [
        ("jimeng/seedance-2.0", {"image_url": ["a", "b"]}, {"first_frame": ["a"], "last_frame": ["b"]}),
        ("jimeng/seedance-2.0", {"source_image": "a"}, {"first_frame": ["a"]}),
        ("jimeng/seedance-2.0", {"img_url": "a", "last_frame_url": "b"}, {"first_frame": ["a"], "last_frame": ["b"]}),
        ("zhipu/vidu2-reference", {"image_url": "a"}, {"references": ["a"]}),
        ("zhipu/vidu2-reference", {"image_url": ["a", "", None, "b", "c"]}, {"references": ["a", "b", "c"]}),
        ("zhipu/viduq1-text", {"image_url": []}, {}),
    ],
)
def test_images_go_where_the_model_takes_them(model, parameters, slots):
    wanted = asked_of({"model": model, "parameters": parameters})

    assert {slot: [image for _name, image in pairs] for slot, pairs in slots_of(wanted, ALL_MODELS[model]).items()} == slots


def test_an_order_is_answered_at_once_with_what_was_changed_or_ignored(world, program):
    odd = {"request_id": "r-1", "user_id": 7, "colour": {"hue": [1, 2]}, "seed": -1, "duration": 7}
    reply = program.post(CREATE, {**BODY, "parameters": BODY["parameters"] | odd})
    task = GenerationTask.objects.get()

    assert (reply.status_code, task.model, task.prompt.text) == (200, MODEL, "a red fox")
    assert (task.params["duration_s"], task.params["aspect_ratio"]) == (5, "9:16")
    results = {
        "task_id": str(task.pk),
        "status": "pending",
        "changed": {"duration": 5, "size": "9:16"},
        "ignored": ["obj_or_bg", "request_id", "user_id", "colour"],
    }
    assert reply.json() == {"success": True, "message": "任务已创建", "results": results}


def test_a_body_asks_for_a_vendors_model_by_its_name(world, program):
    ModelAlias.objects.create(name="wanx-old", model=MODEL)
    aliased = program.post(CREATE, {**BODY, "model": "WANX-old", "provider": "aliyun"})
    unknown = program.post(CREATE, {**BODY, "model": "wanx0.9", "provider": "aliyun"})

    assert aliased.status_code == 200
    assert GenerationTask.objects.get().model == MODEL
    assert (unknown.status_code, "wanx0.9" in unknown.json()["message"]) == (422, True)
    assert "zhipu" in VENDORS.values()


@in_one_test(
    ("body", "place"),
    [
        ({"parameters": []}, "parameters"),
        ({"parameters": {"prompt": 1}}, "parameters.prompt"),
        ({"parameters": {"prompt": "a", "image_url": {"url": "x"}}}, "parameters.image_url"),
        ({"parameters": {"prompt": "a", "image_url": ["data:x"] * 17}}, "parameters.image_url"),
        ({"parameters": {"prompt": "a"}, "is_async": "later"}, "is_async"),
        ({"parameters": {"prompt": "a"}, "provider": 1}, "provider"),
        ({"parameters": {"prompt": "a", "img_url": "no image"}}, "parameters.img_url"),
    ],
)
def test_the_message_of_a_refusal_names_the_field(world, program, body, place):
    reply = program.post(CREATE, body)

    assert reply.status_code == 422
    assert f"{place}: " in reply.json()["message"]
    assert not GenerationTask.objects.exists()


def test_tokens_come_as_the_service_takes_them(world, program):
    replies = [Client().get(f"{CREATE}{GenerationTask().pk}/status", headers=headers) for headers in ({}, {"authorization": "ApiKey no"})]
    known = Client().post(CREATE, json.dumps(BODY), "application/json", headers={"authorization": f"ApiKey {program.token}"})

    assert [reply.status_code for reply in replies] == [401, 401]
    assert replies[0].json() == {"success": False, "message": "Missing authentication credentials"}
    assert known.status_code == 200


def test_the_result_has_the_fields_of_the_readme(program, user, settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    timezone.get_default_timezone.cache_clear()
    shown = json.loads(re.findall(r"```json\n(.*?)\n```", README.read_text("utf-8"), re.DOTALL)[0])
    task = make_task(user, status=Status.SUCCEEDED, model="dashscope/wanx2.1-t2v-turbo", prompt="宇航员", actual_prompt="宇航员，高清")
    video = moved(make_video(user, task=task), datetime(2026, 6, 16, 12, 8, 58, tzinfo=UTC))
    reply = program.get(f"{CREATE}{task.pk}/result").json()
    result, name = reply["results"]["result"], f"aliyun_20260616_200858_0_{video.pk.hex[-8:]}"
    url = result["videos"][0].pop("url")

    assert _shape_of(reply) == {path for path in _shape_of(shown) if not path.endswith(".url")}
    assert reply["message"] == shown["message"]
    assert result == {
        "id": task.submission_id,
        "model": "wanx2.1-t2v-turbo",
        "created": "2026-06-16 20:08:58",
        "videos": [{"index": 0, "local_path": f"data/videos/{name}.mp4", "duration": 5}],
        "prompt": "宇航员",
        "actual_prompt": "宇航员，高清",
        "resolution": "720P",
        "usage": {"video_count": 1, "video_duration": 5, "video_ratio": "standard"},
    }
    played = Client().get(urlsplit(url).path, urlsplit(url).query and {"name": urlsplit(url).query.partition("=")[2]})
    assert (played.status_code, played["Content-Type"]) == (200, "video/mp4")
    assert played["Content-Disposition"] == f'inline; filename="{name}.mp4"'
    played.close()
    timezone.get_default_timezone.cache_clear()


def test_a_task_is_followed_from_pending_to_its_end(world, program, user):
    made = program.post(CREATE, BODY).json()["results"]["task_id"]
    address = f"{CREATE}{made}"
    pending, whole = program.get(f"{address}/status").json()["results"], program.get(f"{address}/").json()["results"]

    assert pending == {"task_id": made, "status": "pending", "created_at": pending["created_at"], "updated_at": pending["updated_at"]}
    assert datetime.strptime(pending["created_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).year >= 2026
    assert {name: whole[name] for name in ("model", "provider", "result", "error")} == {
        "model": MODEL.partition("/")[2],
        "provider": "kling",
        "result": None,
        "error": None,
    }
    assert program.post(f"{address}/cancel").json() == {"success": True, "message": "任务已取消", "results": {"task_id": made}}
    assert program.post(f"{address}/cancel").json()["success"] is False
    ended = program.get(f"{address}/result").json()["results"]
    assert (ended["status"], ended["result"], bool(ended["error"])) == ("cancelled", None, True)

    failed = make_task(user, status=Status.FAILED, error_code="content_rejected", error_message="no foxes")
    shown = program.get(f"{CREATE}{failed.pk}/result").json()["results"]
    assert (shown["status"], "no foxes" in shown["error"]) == ("failed", True)
    gone = make_video(user)
    gone.deleted_at = timezone.now()
    gone.save()
    assert program.get(f"{CREATE}{gone.task_id}/status").json()["results"]["status"] == "failed"


def test_a_request_that_waits_is_one_order_if_it_is_repeated(world, program):
    waits = [program.post(CREATE, BODY | {"is_async": False}).json()["results"] for _time in range(2)]
    others = [program.post(CREATE, BODY).json()["results"]["task_id"] for _time in range(2)]

    assert waits[0]["task_id"] == waits[1]["task_id"]
    assert waits[0] == {**waits[0], "status": "pending", "result": None, "error": None, "ignored": ["obj_or_bg"]}
    assert len({waits[0]["task_id"], *others}) == 3


def _shape_of(value, place=""):
    """Return the paths of all fields within."""
    inner = value.items() if isinstance(value, dict) else [("", one) for one in value] if isinstance(value, list) else ()
    return {f"{place}.{name}" for name, _one in inner} | {path for name, one in inner for path in _shape_of(one, f"{place}.{name}")}
