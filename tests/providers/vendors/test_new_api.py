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
    UnexpectedReply,
)
from providers.core.types import State, Submission
from tests.cases import in_one_test
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


@in_one_test("vendor", MODELS)
@in_one_test(
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


@in_one_test("vendor", MODELS)
@in_one_test(
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
@pytest.mark.parametrize(("word", "state"), [("SUCCESS", State.SUCCEEDED), ("FAILURE", State.FAILED)])
def test_last_answer_of_the_vendor_behind_does_not_speak_for_the_gateway(vendor, word, state):
    assert poll(vendor, task(word, result_url=URL, data={"task_status": "processing", "status": "running"})).state is state


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
def test_used_up_quota_is_out_of_credit_also_with_http_200(vendor):
    """Only in the gateway's own answer, which it gives before it passes anything on (relay/relay_task.go@00fca48, step 7)."""
    refusal = submit(vendor, error("insufficient_user_quota", "user quota is not enough"))

    assert (type(refusal), refusal.message) == (OutOfCredit, "user quota is not enough")
    assert type(submit(vendor, {"code": "insufficient_user_quota", "message": "words", "data": {"task_id": ""}})) is Uncertain
    assert type(submit(vendor, {"code": "insufficient_user_quota", "message": "words"})) is Uncertain


@pytest.mark.parametrize("vendor", ALL)
def test_quota_code_of_others_without_an_http_error_leaves_the_outcome_unknown(vendor):
    assert type(submit(vendor, error("insufficient_quota", "words"))) is Uncertain
    assert type(submit(vendor, {"error": {"code": "insufficient_quota", "message": "words"}})) is Uncertain
    assert type(submit(vendor, {"error": {"code": "insufficient_user_quota", "message": "words"}})) is Uncertain


@pytest.mark.parametrize("vendor", ALL)
def test_vendors_acceptance_that_the_gateway_reports_as_an_error_leaves_the_outcome_unknown(vendor):
    """Whatever is not HTTP 200 behind it is an error to it: a 202 too, whose answer has the vendor's id (relay/relay_task.go@00fca48)."""
    assert type(submit(vendor, error("fail_to_fetch_task", json.dumps({"id": "video_1", "status": "queued"})), 202)) is Uncertain


@in_one_test("vendor", ALL)
@in_one_test(
    ("body", "status", "code", "words"),
    [
        ({"error": "prompt is too long"}, 400, "invalid_params", "prompt is too long"),
        ({"detail": "prompt is too long"}, 400, "invalid_params", "prompt is too long"),
        ({"detail": [{"loc": ["body", "prompt"], "msg": "too long"}]}, 422, "invalid_params", "body.prompt: too long"),
        ({"error": "blocked by our moderation system"}, 400, "content_rejected", "blocked by our moderation system"),
        ({"error": {"message": "no", "type": "invalid_request_error", "code": "400"}}, 400, "invalid_params", "no"),
        (
            {"error": {"message": "敏感内容", "type": "new_api_error", "code": "sensitive_words_detected"}},
            400,
            "content_rejected",
            "敏感内容",
        ),
        (
            {"error": {"message": "[sk-x] 该令牌额度已用尽", "type": "new_api_error", "code": ""}},
            401,
            "out_of_credit",
            "[sk-x] 该令牌额度已用尽",
        ),
        ({"success": False, "message": "odd", "timestamp": 1}, 403, "uncertain", "odd"),
        ({"success": False, "message": "odd"}, 200, "uncertain", "odd"),
        ({"error": "odd"}, 200, "uncertain", "odd"),
    ],
)
def test_refusal_in_other_shapes_is_judged_and_shows_the_vendors_words(vendor, body, status, code, words):
    refusal = submit(vendor, body, status)

    assert (refusal.code, words in refusal.message) == (code, True)


@in_one_test("vendor", ALL)
@in_one_test(
    "answer",
    [{"code": 200, "data": {"task_id": ID, "status": "submitted"}}, {"code": 200, "data": [{"task_id": ID, "status": "submitted"}]}],
)
def test_outer_code_that_nobody_knows_does_not_refuse_a_task_that_is_named(vendor, answer):
    assert submit(vendor, answer).id == ID


POLLED = {
    "general": task,
    "video": lambda word, **facts: {"id": ID, "object": "video", "status": word, **facts},
    "odd code": lambda word, **facts: {"code": 200, "msg": "ok", "data": {"task_id": ID, "status": word, **facts}},
    "state": lambda word, **facts: {"data": {"taskId": ID, "state": word, **facts}},
    "flat": lambda word, **facts: {"task_id": ID, "platform": "1", "progress": "100%", "status": word, **facts},
}
WORDS = {
    State.SUCCEEDED: ["SUCCESS", "Completed", "TASK_STATUS_SUCCEED", "done"],
    State.FAILED: ["error", "FAILURE", "generation_failed"],
    State.CANCELLED: ["cancelled"],
    State.RUNNING: ["IN_PROGRESS", "post_processing"],
}
REASONS = [
    ({"error": "out of luck"}, GenerationFailed, "out of luck"),
    ({"error": {"message": "out of luck", "code": "x"}}, GenerationFailed, "out of luck"),
    ({"error": {"message": "no", "code": "moderation_blocked"}}, ContentRejected, "no"),
    ({"error": {"code": "content_policy_violation", "message": ""}}, ContentRejected, "gave no reason"),
    ({"fail_reason": "Failure to pass the risk control system"}, ContentRejected, "risk control"),
    ({"fail_reason": '{"error": {"message": "out of luck"}}'}, GenerationFailed, "out of luck"),
    ({"message": "out of luck"}, GenerationFailed, "out of luck"),
    ({"message": "success"}, GenerationFailed, "gave no reason"),
]
SHAPES = pytest.mark.parametrize("shape", POLLED)


@pytest.mark.parametrize("vendor", ALL)
@SHAPES
def test_state_is_read_in_every_shape(vendor, shape):
    for state, words in WORDS.items():
        for word in words:
            answer = poll(vendor, POLLED[shape](word))

            assert (answer.state, answer.vendor_state) == (state, word)


@pytest.mark.parametrize("vendor", ALL)
@SHAPES
def test_success_without_an_address_is_fetched_from_the_gateway(vendor, shape):
    """1.0.0-rc.30 answers without one (QuantumNous/new-api issue 7194)."""
    [output] = poll(vendor, POLLED[shape]("SUCCESS")).outputs

    assert (output.url.endswith(f"/videos/{ID}/content"), output.headers_needed) == (True, True)


@pytest.mark.parametrize("vendor", ALL)
@SHAPES
def test_failed_render_shows_the_vendors_words(vendor, shape):
    for facts, kind, words in REASONS:
        answer = poll(vendor, POLLED[shape]("failed", **facts))

        assert (answer.state, type(answer.error), words in answer.error.message) == (State.FAILED, kind, True), facts


@in_one_test("vendor", ALL)
@in_one_test(
    "body",
    [
        {"status": "error", "message": "the service is restarting"},
        {"status": "fail", "data": {"title": "no"}},
        {"code": "error", "message": "no", "data": None},
        {"status": "success", "data": {}},
        {"success": False, "message": "no"},
        {"error": "no"},
    ],
)
def test_answer_about_the_request_alone_ends_nothing(vendor, body):
    assert type(poll(vendor, body)) is UnexpectedReply


@pytest.mark.parametrize("vendor", ALL)
def test_poll_that_the_gateway_refuses_ends_nothing(vendor):
    assert type(poll(vendor, error("insufficient_user_quota", "user quota is not enough"))) is OutOfCredit
    assert type(poll(vendor, {"error": {"message": "no", "type": "t", "code": "moderation_blocked"}}, 400)) is ContentRejected


@in_one_test("vendor", ALL)
@in_one_test(
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


@in_one_test("vendor", ALL)
@in_one_test("times", [1, 2])
def test_refusal_that_is_quoted_is_read_as_the_vendors_own(vendor, times):
    """relay/relay_task.go@00fca48: the whole answer of the vendor is the message of `fail_to_fetch_task`."""
    body = QUOTES[vendor]
    for _ in range(times):
        body = error("fail_to_fetch_task", json.dumps(body))

    refusal = submit(vendor, body, 400)

    assert (type(refusal), refusal.message) == (ContentRejected, "not allowed")


@in_one_test("vendor", ALL)
@in_one_test("words", ["<html>", "", "[]", "[" * 100_000])
@in_one_test(
    ("status", "kind"),
    [(400, Uncertain), (403, Uncertain), (404, Uncertain), (502, Uncertain), (401, AuthenticationFailed), (429, RateLimited)],
)
def test_quotation_that_cannot_be_read_is_judged_by_its_status(vendor, words, status, kind):
    assert type(submit(vendor, error("fail_to_fetch_task", words), status)) is kind
