"""/tasks: what is made, what is answered, what is refused; and that a refusal leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from delivery.waiting import THREADS, asked_wait_s
from generation.models import GenerationTask
from tests.cases import in_one_test

MODEL = "kling/kling-v2-6"
FOX = {"model": MODEL, "prompt": "a red fox"}

pytestmark = pytest.mark.usefixtures("idle_account")


def test_task_is_queued_and_answered_with_its_address(api, user):
    reply = api.post("/tasks", {**FOX, "params": {"mode": "pro"}, "external_id": "shop-7", "metadata": {"shelf": 3}})

    task = GenerationTask.objects.get()
    body = reply.json()
    assert reply.status_code == 202
    assert reply["Location"] == f"/api/v1/tasks/{task.pk}"
    assert (task.owner, task.token.label, task.prompt.source) == (user, "tests", "api")
    assert body["id"] == str(task.pk)
    assert (body["status"], body["model"], body["prompt"]) == ("queued", MODEL, "a red fox")
    assert body["params"] == task.params
    assert body["params"]["mode"] == "pro"
    assert (body["external_id"], body["metadata"], body["inputs"]) == ("shop-7", {"shelf": 3}, {})
    assert (body["error"], body["videos"], body["retry_of"], body["finished_at"]) == (None, [], None, None)
    assert body["vendor_task_id"] == ""
    assert body["created_at"].endswith("Z")


@pytest.mark.parametrize("shape", [lambda i: i, lambda i: [i], lambda i: {"asset": i}, lambda i: [{"asset": i}]])
def test_input_is_taken_in_every_shape(api, user, make_asset, shape):
    asset = make_asset(user)

    reply = api.post("/tasks", {**FOX, "inputs": {"first_frame": shape(str(asset.pk))}})

    assert reply.status_code == 202
    assert reply.json()["inputs"] == {"first_frame": [str(asset.pk)]}


REFUSALS = [
    ({"prompt": "x"}, "invalid_request", ["model"]),
    ({**FOX, "model": "kling/none"}, "unknown_model", ["model"]),
    ({**FOX, "model": 7}, "invalid_request", ["model"]),
    ({**FOX, "model": "dashscope/wanx2.1-t2v-turbo"}, "no_account", ["model"]),
    ({**FOX, "model": "kling/kling-v2-1"}, "model_retired", ["model"]),
    ({**FOX, "prompt": " "}, "invalid_request", ["prompt"]),
    ({**FOX, "prompt": "x" * 2_501}, "invalid_request", ["prompt"]),
    ({**FOX, "params": {"speed": 1}}, "invalid_request", ["params.speed"]),
    ({**FOX, "params": {"duration_s": 7, "mode": "max"}}, "invalid_request", ["params.duration_s", "params.mode"]),
    ({**FOX, "inputs": {"first_frame": str(uuid4())}}, "invalid_request", ["inputs.first_frame"]),
    ({**FOX, "inputs": {"first_frame": "cat.png"}}, "invalid_request", ["inputs.first_frame.0"]),
    ({**FOX, "metadata": {"a": "x" * 16_400}}, "invalid_request", ["metadata"]),
    ({**FOX, "external_id": "x" * 201}, "invalid_request", ["external_id"]),
    ({**FOX, "content_id": "x" * 201}, "invalid_request", ["content_id"]),
    ({**FOX, "content_id": "two\u2028lines"}, "invalid_request", ["content_id"]),
    ({**FOX, "content_id": "two\nlines", "callback_url": "ftp://shop.example/done"}, "invalid_request", ["callback_url", "content_id"]),
    *(
        ({**FOX, "callback_url": url}, "invalid_request", ["callback_url"])
        for url in (
            *("shop.example", "https://", "http://a:b/", "https://a b/", "https://u:p@shop.example/", "https://shop.example/#x"),
            *("http://shop.example/", "https://169.254.169.254/", "https://0xA9FEA9FE/"),
        )
    ),
    ({**FOX, "colour": "red"}, "invalid_request", ["colour"]),
    ([], "invalid_request", ["body"]),
]


def test_content_id_is_in_any_script_with_any_space(api):
    name = "华为\u3000手机\u00a07 👨\u200d👩"

    assert api.post("/tasks", {**FOX, "content_id": name}).json()["content_id"] == name


@in_one_test(("body", "code", "fields"), REFUSALS)
def test_bad_request_names_its_fields_and_stores_nothing(api, body, code, fields):
    reply = api.post("/tasks", body)

    error = reply.json()["error"]
    assert (reply.status_code, error["code"], sorted(error["fields"])) == (422, code, fields)
    assert not GenerationTask.objects.exists()


def test_retired_model_is_available_where_a_gateway_still_has_it(api, make_account):
    make_account("kling", "gateway", "http://127.0.0.1:9")

    assert api.post("/tasks", {**FOX, "model": "kling/kling-v1-6"}).status_code == 202


def test_rules_of_the_catalogs_are_explained_in_the_callers_language(api):
    order = {**FOX, "params": {"with_audio": True}}

    english, chinese = (api.post("/tasks", order, accept_language=language).json()["error"]["fields"] for language in ("en", "zh-hans"))

    assert english == {"params.with_audio": "sound needs the mode pro"}
    assert chinese == {"params.with_audio": "声音需要专业模式"}


def test_image_that_the_model_does_not_take_is_refused(api, user, make_asset):
    small = make_asset(user, size=(120, 120))

    reply = api.post("/tasks", {**FOX, "inputs": {"first_frame": str(small.pk)}})

    assert reply.status_code == 422
    assert list(reply.json()["error"]["fields"]) == ["inputs.first_frame"]
    assert not GenerationTask.objects.exists()


def test_asset_of_someone_else_does_not_exist(api, other_user, make_asset):
    theirs = make_asset(other_user)

    reply = api.post("/tasks", {**FOX, "inputs": {"first_frame": str(theirs.pk)}})

    assert reply.json()["error"]["fields"] == {"inputs.first_frame": "There is no such asset."}


def test_same_key_and_body_answers_the_first_task(api):
    first = api.post("/tasks", FOX, idempotency_key="k-1")

    again = api.post("/tasks", FOX, idempotency_key="k-1")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert GenerationTask.objects.count() == 1


def test_same_key_with_another_body_is_refused(api):
    api.post("/tasks", FOX, idempotency_key="k-1")

    reply = api.post("/tasks", {**FOX, "prompt": "a wolf"}, idempotency_key="k-1")

    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert GenerationTask.objects.count() == 1


def test_keys_belong_to_their_owner(api, other_api):
    first = api.post("/tasks", FOX, idempotency_key="k-1").json()

    second = other_api.post("/tasks", FOX, idempotency_key="k-1").json()

    assert first["id"] != second["id"]


def test_key_that_is_too_long_is_refused(api):
    reply = api.post("/tasks", FOX, idempotency_key="k" * 256)

    assert reply.status_code == 422
    assert list(reply.json()["error"]["fields"]) == ["Idempotency-Key"]


def test_external_id_is_unique_among_ones_own(api):
    api.post("/tasks", {**FOX, "external_id": "a"})

    reply = api.post("/tasks", {**FOX, "external_id": "a"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "external_id_taken")


def test_wait_ends_with_its_time(api):
    reply = api.post("/tasks", FOX, prefer="respond-async, wait=1")

    assert (reply.status_code, reply["Preference-Applied"], reply.json()["status"]) == (202, "wait=1", "queued")


def test_wait_is_answered_at_once_when_enough_threads_wait_already(api):
    held = [THREADS.acquire(blocking=False) for _ in range(settings.WEB_THREADS // 4)]

    try:
        reply = api.post("/tasks", FOX, prefer="wait=30")
    finally:
        for _ in held:
            THREADS.release()

    assert all(held)
    assert reply.status_code == 202
    assert "Preference-Applied" not in reply


@in_one_test(("header", "seconds"), [("wait=5", 5), ("wait=600", 60), ("", 0), ("wait=-1", 0), ("await=5", 0), ("a, wait=7; b", 7)])
def test_prefer_header_is_read(header, seconds):
    assert asked_wait_s(header) == seconds


def test_list_pages_newest_first(api, django_assert_max_num_queries):
    ids = [api.post("/tasks", FOX).json()["id"] for _ in range(3)][::-1]

    with django_assert_max_num_queries(6):
        first = api.get("/tasks?limit=2").json()
    second = api.get(f"/tasks?limit=2&cursor={first['next_cursor']}").json()

    assert [task["id"] for task in first["items"]] == ids[:2]
    assert [task["id"] for task in second["items"]] == ids[2:]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=queued", 2),
        ("status=failed", 0),
        ("model=kling-v2-6", 1),
        ("model=kling/kling-v3", 1),
        ("external_id=b", 1),
        ("content_id=article 7", 2),
        ("content_id=article 7&model=kling-v2-6", 1),
        ("content_id=article", 0),
        ("model=x", 0),
    ],
)
def test_list_is_filtered(api, query, count):
    api.post("/tasks", {**FOX, "content_id": "article 7"})
    api.post("/tasks", {**FOX, "content_id": "article 7", "model": "kling/kling-v3", "external_id": "b"})

    assert len(api.get(f"/tasks?{query}").json()["items"]) == count


@in_one_test(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=7", "cursor"), ("status=done", "status"), ("model=%00", "model")],
)
def test_list_refuses_what_it_cannot_use(api, query, field):
    reply = api.get(f"/tasks?{query}")

    assert reply.status_code == 422
    assert list(reply.json()["error"]["fields"]) == [field]


def test_cancel_stops_a_waiting_task(api):
    task = api.post("/tasks", FOX).json()

    reply = api.post(f"/tasks/{task['id']}/cancel")

    assert (reply.status_code, reply.json()["status"]) == (200, "cancelled")
    assert reply.json()["finished_at"] is not None


def test_cancel_of_an_ended_task_says_so(api):
    task = api.post("/tasks", FOX).json()
    api.post(f"/tasks/{task['id']}/cancel")

    reply = api.post(f"/tasks/{task['id']}/cancel")

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "already_ended")


def test_retry_makes_a_new_task_like_the_old(api):
    old = api.post("/tasks", {**FOX, "params": {"mode": "pro"}}).json()
    api.post(f"/tasks/{old['id']}/cancel")

    reply = api.post(f"/tasks/{old['id']}/retry")

    new = reply.json()
    assert reply.status_code == 202
    assert reply["Location"] == f"/api/v1/tasks/{new['id']}"
    assert (new["retry_of"], new["prompt"], new["params"]) == (old["id"], old["prompt"], old["params"])


def test_content_id_and_callback_address_are_kept_given_back_and_repeated(api, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["10.0.0.0/8"]
    names = {"content_id": "article 7", "callback_url": "http://cms:8080/done?id=7"}
    body = api.post("/tasks", {**FOX, **names}).json()
    api.post(f"/tasks/{body['id']}/cancel")
    settings.OUTBOUND_ALLOW_CIDRS = []  # a retry repeats what was accepted before

    again = api.post(f"/tasks/{body['id']}/retry").json()

    assert [{name: task[name] for name in names} for task in (body, again)] == [names, names]


def test_key_is_refused_for_another_content_id(api):
    api.post("/tasks", {**FOX, "content_id": "article 7"}, idempotency_key="k-1")

    reply = api.post("/tasks", {**FOX, "content_id": "article 8"}, idempotency_key="k-1")

    assert reply.json()["error"]["code"] == "idempotency_key_reused"


def test_retry_of_a_live_task_is_refused(api):
    task = api.post("/tasks", FOX).json()

    reply = api.post(f"/tasks/{task['id']}/retry")

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "still_going_on")
    assert GenerationTask.objects.count() == 1


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "/cancel"), ("post", "/retry")])
def test_task_of_someone_else_does_not_exist(api, other_api, method, path):
    task = api.post("/tasks", FOX).json()

    reply = getattr(other_api, method)(f"/tasks/{task['id']}{path}")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
    assert GenerationTask.objects.get().status == "queued"
    assert other_api.get("/tasks").json()["items"] == []


def test_failure_says_what_happened_with_the_vendors_words(api):
    task_id = api.post("/tasks", FOX).json()["id"]
    now = timezone.now()
    GenerationTask.objects.filter(pk=task_id).update(
        status="failed",
        due_at=None,
        finished_at=now + timedelta(seconds=1),
        error_code="content_rejected",
        error_message="risk",
        vendor_code="1301",
    )

    assert api.get(f"/tasks/{task_id}").json()["error"] == {
        "code": "content_rejected",
        "message": "The vendor's safety check rejected your request.",
        "advice": "Change the prompt or the image, then retry.",
        "vendor_code": "1301",
        "vendor_message": "risk",
    }


def test_task_in_review_warns_of_paying_twice(api):
    task_id = api.post("/tasks", FOX).json()["id"]
    GenerationTask.objects.filter(pk=task_id).update(
        status="needs_review", due_at=None, error_code="uncertain", error_message="read timeout"
    )

    error = api.get(f"/tasks/{task_id}").json()["error"]

    assert (error["code"], error["message"]) == ("uncertain", "No answer from the vendor. The request may have been accepted and charged.")
