"""Gateways that run new-api: shapes of QuantumNous/new-api relay/relay_task.go@00fca48, dto/task.go@06644e8, jimeng/adaptor.go@0d4812e."""

import json

import pytest

from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    RateLimited,
    SubmissionGone,
    Uncertain,
)
from providers.core.types import State, Submission
from tests.providers.vendors.vendor_samples import make_provider, make_request, outcome, reply_of

ID = "task_AbCdEfGhIjKlMnOpQrStUvWxYz012345"
URL = "https://files.example/a.mp4"
MODELS = {
    "kling": ("kling/kling-v1-6", Submission(id=ID, model="kling-v1-6", kind="text2video")),
    "volcvisual": ("volcvisual/jimeng_t2v_v30", Submission(id=ID, model="jimeng_t2v_v30")),
}
ALL = [*MODELS, "openai-videos"]
SUBMITTED = {"id": ID, "task_id": ID, "object": "video", "model": "m", "status": "queued", "progress": 0, "created_at": 1764300000}


def task(status, **facts):
    data = {
        "id": 7,
        "task_id": ID,
        "platform": "50",
        "action": "textGenerate",
        "status": status,
        "fail_reason": "",
        "progress": "30%",
        "data": {},
    }
    return {"code": "success", "message": "", "data": {**data, **facts}}


def error(code, message):
    return {"code": code, "message": message, "data": None}


def submit(vendor, body, status=200):
    provider = make_provider(vendor, "" if vendor == "openai-videos" else "gateway")
    model = MODELS[vendor][0] if vendor in MODELS else "openai-videos/gateway-model"
    return outcome(provider, provider.submit(make_request(model)), reply_of(body, status))


def poll(vendor, body, status=200):
    provider = make_provider(vendor, "" if vendor == "openai-videos" else "gateway")
    submission = MODELS[vendor][1] if vendor in MODELS else Submission(id=ID, model="gateway-model")
    return outcome(provider, provider.poll(submission), reply_of(body, status))


@pytest.mark.parametrize("vendor", ALL)
def test_submit_answers_an_openai_video(vendor):
    assert submit(vendor, SUBMITTED).id == ID


@pytest.mark.parametrize("vendor", MODELS)
@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NOT_START", State.QUEUED),
        ("SUBMITTED", State.QUEUED),
        ("QUEUED", State.QUEUED),
        ("IN_PROGRESS", State.RUNNING),
        ("UNKNOWN", State.RUNNING),
    ],
)
def test_poll_reads_the_gateways_states(vendor, word, state):
    snapshot = poll(vendor, task(word))

    assert (snapshot.state, snapshot.vendor_state, snapshot.progress) == (state, word, 30)


@pytest.mark.parametrize("vendor", MODELS)
@pytest.mark.parametrize(
    "facts",
    [
        {"result_url": URL},
        {"result_url": f" {URL} "},
        {"fail_reason": URL},
        {"data": {"code": 0, "data": {"task_result": {"videos": [{"url": URL}]}}}},
        {"data": {"code": 10000, "data": {"status": "done", "video_url": URL}}},
    ],
)
def test_finished_video_is_found_where_the_gateway_puts_it(vendor, facts):
    snapshot = poll(vendor, task("SUCCESS", **facts))

    assert (snapshot.state, snapshot.outputs[0].url, snapshot.outputs[0].headers_needed) == (State.SUCCEEDED, URL, False)


@pytest.mark.parametrize("vendor", MODELS)
def test_gateways_own_address_wants_the_key(vendor):
    url = f"https://vendor.example/v1/videos/{ID}/content"

    assert poll(vendor, task("SUCCESS", result_url=url)).outputs[0].headers_needed is True


@pytest.mark.parametrize("vendor", MODELS)
def test_failure_ends_with_the_gateways_reason(vendor):
    snapshot = poll(vendor, task("FAILURE", fail_reason="risk", result_url="risk"))

    assert (snapshot.state, type(snapshot.error), snapshot.error.message) == (State.FAILED, GenerationFailed, "risk")


@pytest.mark.parametrize("vendor", ALL)
def test_unknown_task_is_gone(vendor):
    assert type(poll(vendor, error("task_not_exist", "task_not_exist"), 400)) is SubmissionGone


@pytest.mark.parametrize("vendor", ALL)
def test_used_up_quota_is_out_of_credit(vendor):
    refusal = submit(vendor, error("insufficient_user_quota", "user quota is not enough"), 403)

    assert (type(refusal), refusal.message) == (OutOfCredit, "user quota is not enough")


@pytest.mark.parametrize("vendor", ALL)
def test_quota_code_without_an_http_error_leaves_the_outcome_unknown(vendor):
    assert type(submit(vendor, error("insufficient_quota", "words"))) is Uncertain
    assert type(submit(vendor, error("insufficient_user_quota", "words"))) is Uncertain
    assert type(submit(vendor, {"error": {"code": "insufficient_quota", "message": "words"}})) is Uncertain


@pytest.mark.parametrize(("body", "status"), [({"error": "prompt is too long"}, 400), ({"detail": [{"msg": "prompt is too long"}]}, 422)])
def test_refusal_in_other_shapes_shows_the_vendors_words(body, status):
    refusal = submit("openai-videos", body, status)

    assert (refusal.code, "prompt is too long" in refusal.message) == ("invalid_params", True)


@pytest.mark.parametrize("vendor", ALL)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "", InvalidParams),
        (401, "", AuthenticationFailed),
        (403, "access_denied", AuthenticationFailed),
        (503, "model_not_found", InvalidParams),
        (503, "", Uncertain),
        (500, "", Uncertain),
    ],
)
def test_error_of_the_gateways_front_is_judged_by_its_status(vendor, status, code, kind):
    """middleware/utils.go@3e92b6b; a model that nobody behind it has is 503 model_not_found (middleware/distributor.go@003d7c0)."""
    refusal = submit(vendor, {"error": {"message": "words (request id: 1)", "type": "new_api_error", "code": code}}, status)

    assert (type(refusal), "words (request id: 1)" in refusal.message) == (kind, True)


QUOTES = {
    "kling": {"code": 1301, "message": "not allowed", "request_id": "r"},
    "volcvisual": {"code": 50412, "message": "not allowed", "data": None, "request_id": "r", "status": 50412},
    "openai-videos": {"error": {"message": "not allowed", "type": "invalid_request_error", "param": None, "code": "moderation_blocked"}},
}


@pytest.mark.parametrize("vendor", ALL)
@pytest.mark.parametrize("times", [1, 2])
def test_refusal_that_is_quoted_is_read_as_the_vendors_own(vendor, times):
    """relay/relay_task.go@00fca48: the whole answer of the vendor is the message of `fail_to_fetch_task`."""
    body = QUOTES[vendor]
    for _ in range(times):
        body = error("fail_to_fetch_task", json.dumps(body))

    refusal = submit(vendor, body, 400)

    assert (type(refusal), refusal.message) == (ContentRejected, "not allowed")


@pytest.mark.parametrize("vendor", ALL)
@pytest.mark.parametrize("words", ["<html>", "", "[]", "[" * 100_000])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Uncertain), (403, Uncertain), (404, Uncertain), (502, Uncertain), (401, AuthenticationFailed), (429, RateLimited)],
)
def test_quotation_that_cannot_be_read_is_judged_by_its_status(vendor, words, status, kind):
    assert type(submit(vendor, error("fail_to_fetch_task", words), status)) is kind
