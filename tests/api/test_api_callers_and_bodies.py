"""Bodies and callers: who gets in, and what is refused before any rule is asked. Every refusal has one shape."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from access.models import ApiToken
from access.tokens import issue
from api.v1.urls import api as portal_api
from generation.models import GenerationTask
from tests.cases import LETTERS, in_one_test

MODEL = "kling/kling-v2-6"

BODIES = [
    (b'{"model": NaN}', 400, "malformed_json"),
    (b'{"metadata": {"a": [Infinity]}}', 400, "malformed_json"),
    (b'{"metadata": {"a": 1e999}}', 400, "malformed_json"),
    (b'{"metadata": {"a": 9223372036854775808}}', 400, "malformed_json"),
    (b'{"metadata": {"a": ' + b"9" * 5_000 + b"}}", 400, "malformed_json"),
    (b'{"prompt": "\\ud800"}', 400, "malformed_json"),
    (b'{"metadata": {"\\udfff": 1}}', 400, "malformed_json"),
    (b'{"prompt": "a\\u0000b"}', 400, "malformed_json"),
    (b'{"prompt": "a", "prompt": "b"}', 400, "malformed_json"),
    (b'{"prompt": "\xff"}', 400, "malformed_json"),
    (b"\xef\xbb\xbf{}", 400, "malformed_json"),
    (b'{"prompt": ', 400, "malformed_json"),
    (b"[" * 100_000, 400, "malformed_json"),
    (b'{"metadata": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", 400, "malformed_json"),
    (b'"' + b"a" * 1024 * 1024 + b'"', 413, "too_large"),
    (b"", 422, "invalid_request"),
    (b"null", 422, "invalid_request"),
]


@in_one_test(("content", "status", "code"), BODIES)
def test_body_that_cannot_be_read_is_refused(api, content, status, code):
    reply = api.raw("/tasks", content)

    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert set(reply.json()["error"]) == {"code", "message", "fields", "request_id"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", ""])
def test_body_of_another_type_is_refused(api, content_type):
    reply = api.raw("/tasks", b'{"model": "x"}', content_type=content_type)

    assert (reply.status_code, reply.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_body_beyond_what_the_site_takes_is_refused(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    reply = api.raw("/tasks", b'{"prompt": "' + b"a" * 200 + b'"}')

    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "too_large")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(LETTERS, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(LETTERS, max_size=8), inner, max_size=4),
    max_leaves=12,
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "model": st.just(MODEL) | st.just("kling-v2-5-turbo") | json_values,
        "prompt": st.just("a fox") | json_values,
        "params": st.dictionaries(st.sampled_from(["mode", "duration_s", "camera", "guidance", "seed"]), json_values) | json_values,
        "inputs": st.dictionaries(st.sampled_from(["first_frame", "last_frame", "x"]), json_values) | json_values,
        "external_id": json_values,
        "metadata": json_values,
    },
)


@pytest.mark.usefixtures("idle_account")
@given(body=bodies | json_values, key=st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n\x00"), max_size=300))
def test_no_body_is_a_crash(api, body, key):
    reply = api.raw("/tasks", json.dumps(body).encode(), idempotency_key=key)

    assert reply.status_code in {202, 400, 409, 422}
    assert set(reply.json()) == {"error"} or reply.json()["status"] == "queued"


@given(content=st.binary(max_size=60))
def test_no_bytes_are_a_crash(api, content):
    assert api.raw("/tasks", content).status_code in {400, 422}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Token vp_1", "Bearer vp_" + "a" * 60])
def test_call_without_a_token_is_refused(db, header, django_assert_num_queries):
    client = Client(headers={"authorization": header} if header else {})

    with django_assert_num_queries(0):
        reply = client.get("/api/v1/tasks")

    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "not_authenticated")
    assert reply["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}, {"digest": "0" * 64}]
)
def test_token_that_is_no_longer_good_is_refused(api, change):
    ApiToken.objects.update(**change)

    assert api.get("/tasks").status_code == 401


def test_token_of_an_inactive_person_is_refused(api, user):
    user.is_active = False
    user.save()

    assert api.get("/tasks").status_code == 401


def test_page_reads_with_its_session_and_writes_only_with_a_csrf_token(user, idle_account):
    page = Client(enforce_csrf_checks=True)
    page.force_login(user)
    order = {"model": MODEL, "prompt": "a fox"}

    read = page.get("/api/v1/tasks")
    bare = page.post("/api/v1/tasks", order, content_type="application/json")
    page.cookies["csrftoken"] = token = "a" * 32
    sealed = page.post("/api/v1/tasks", order, content_type="application/json", headers={"x-csrftoken": token})

    assert (read.status_code, bare.status_code, sealed.status_code) == (200, 403, 202)
    assert bare.json()["error"]["code"] == "forbidden"
    assert GenerationTask.objects.get().token is None


def test_wrong_token_is_refused_even_beside_a_session(user):
    page = Client(headers={"authorization": "Bearer nonsense"})
    page.force_login(user)

    assert page.get("/api/v1/tasks").status_code == 401


@in_one_test("path", ["/nothing", "/tasks/7", "/tasks/7/cancel/now", "/videos/x", "/models/kling/none", "/"])
def test_address_that_is_not_there_answers_in_the_same_shape(api, path):
    reply = api.get(path)

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


def test_method_that_is_not_taken_answers_in_the_same_shape(api):
    reply = api.client.delete("/api/v1/tasks")

    assert (reply.status_code, reply.json()["error"]["code"]) == (405, "method_not_allowed")
    assert sorted(reply["Allow"].split(", ")) == ["GET", "POST"]


def test_bug_of_ours_is_a_plain_500_without_details():
    reply = portal_api.on_exception(RequestFactory().get("/api/v1/tasks"), ZeroDivisionError("secret details"))

    assert (reply.status_code, json.loads(reply.content)["error"]["code"]) == (500, "internal_error")
    assert "secret details" not in reply.content.decode()


def test_messages_speak_the_callers_language(api):
    reply = api.client.post("/api/v1/tasks", {}, content_type="application/json", headers={"accept-language": "zh-hans"})

    assert reply["Content-Language"] == "zh-hans"


def test_staff_see_the_tasks_of_others(api, staff, idle_account):
    task = api.post("/tasks", {"model": MODEL, "prompt": "a fox"}).json()
    boss = Client(headers={"authorization": f"Bearer {issue(staff, 'boss')[1]}"})

    assert boss.get(f"/api/v1/tasks/{task['id']}").json() == task
