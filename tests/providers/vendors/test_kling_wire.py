"""What we say to Kling and what its answers mean, by table, without a socket."""

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    RateLimited,
    Refused,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
    Unsupported,
)
from providers.core.types import Charge, Output, State, Submission, WireRequest
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, asked, fixture, make_provider, make_request, outcome, reply_of

TASK = Submission(id="830000000000000001", model="kling-v1-6", kind="text2video")
WIRE = Wire(provider=make_provider("kling"), model="kling/kling-v1-6", task=TASK)
GATEWAY = replace(WIRE, provider=make_provider("kling", "gateway"))
poll, submit, look_up = WIRE.poll, WIRE.submit, WIRE.look_up


def error_body(code):
    return {"code": code, "message": "words of the vendor", "request_id": "rq-1"}


# submit


def test_submit_from_text_sends_every_option_under_the_vendors_names():
    request = make_request("kling/kling-v1-6", negative_prompt="blurry", guidance=0.7, mode="pro", aspect_ratio="9:16", duration_s=10)

    said = WIRE.asked(request)

    assert (said.method, said.path, said.billable) == ("POST", "/v1/videos/text2video", True)
    assert said.json == {
        "model_name": "kling-v1-6",
        "prompt": "a boat",
        "negative_prompt": "blurry",
        "cfg_scale": 0.7,
        "mode": "pro",
        "aspect_ratio": "9:16",
        "duration": "10",
        "watermark_info": {"enabled": False},
        "external_task_id": "job-1",
    }


def test_submit_from_images_has_its_own_path_and_bare_base64():
    request = make_request("kling/kling-v1-6", ["first_frame", "last_frame"], mode="pro")

    said = WIRE.asked(request)

    assert said.path == "/v1/videos/image2video"
    assert "aspect_ratio" not in said.json
    assert base64.b64decode(said.json["image"], validate=True) == request.inputs["first_frame"][0].content
    assert base64.b64decode(said.json["image_tail"], validate=True) == request.inputs["last_frame"][0].content


def test_gateway_puts_kling_before_every_path():
    kling = GATEWAY.provider

    paths = [
        asked(kling, make_request("kling/kling-v1-6")).path,
        asked(kling, make_request("kling/kling-v2-1")).path,
        next(kling.poll(TASK)).path,
        next(kling.check_account()).path,
    ]

    assert paths == [
        "/kling/v1/videos/text2video",
        "/kling/v1/videos/image2video",
        "/kling/v1/videos/text2video/830000000000000001",
        "/kling/v1/videos/text2video",
    ]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"camera": "down_back"}, {"type": "down_back"}),
        (
            {"camera": "simple", "camera_axis": "pan", "camera_amount": -5},
            {"type": "simple", "config": {"horizontal": 0, "vertical": 0, "pan": -5, "tilt": 0, "roll": 0, "zoom": 0}},
        ),
    ],
)
def test_camera_is_sent_as_type_and_one_axis(params, said):
    assert WIRE.asked(make_request("kling/kling-v1", **params)).json["camera_control"] == said


def test_model_with_one_mode_still_names_it():
    assert WIRE.asked(make_request("kling/kling-v2-1-master")).json["mode"] == "pro"


@pytest.mark.parametrize(
    ("body", "task_id"),
    [
        (fixture("kling_submitted"), "830000000000000001"),
        (fixture("gateway_submitted"), "task_x"),
        ({"id": "only-id"}, "only-id"),
        ({"code": 0, "data": {"task_id": 83}}, "83"),
    ],
)
def test_task_id_is_found_where_vendor_and_gateways_put_it(body, task_id):
    assert submit(body) == Submission(id=task_id, model="kling-v1-6", kind="text2video")


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {"code": 0}, {"code": 0, "data": {"task_id": ""}}, {"code": 9999}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


# errors

CODES = [
    (401, 1000, AuthenticationFailed),
    (401, 1001, AuthenticationFailed),
    (401, 1002, AuthenticationFailed),
    (429, 1100, OutOfCredit),
    (429, 1101, OutOfCredit),
    (429, 1102, OutOfCredit),
    (403, 1103, AuthenticationFailed),
    (400, 1200, InvalidParams),
    (400, 1201, InvalidParams),
    (404, 1202, Refused),
    (404, 1203, Refused),
    (400, 1300, ContentRejected),
    (400, 1301, ContentRejected),
    (429, 1302, RateLimited),
    (429, 1303, RateLimited),
    (200, 1303, RateLimited),
    (429, 1304, AuthenticationFailed),
    (500, 5000, Uncertain),
    (503, 5001, Uncertain),
    (504, 5002, Uncertain),
    (400, 1999, InvalidParams),
    (429, "1303", RateLimited),
]


@in_one_test(("status", "code", "kind"), CODES)
def test_error_code_has_its_class(status, code, kind):
    error = submit(error_body(code), status)

    assert type(error) is kind
    assert (error.vendor_code, error.http_status, error.request_id) == (str(code), status, "rq-1")
    assert error.message.startswith("words of the vendor")


@pytest.mark.parametrize("code", [5000, 5001, 5002])
def test_vendor_down_on_a_poll_is_not_uncertain(code):
    assert type(poll(error_body(code), 503)) is ProviderDown


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(error_body(1302), 429, retry_after="4").retry_after_s == 4.0


@pytest.mark.parametrize("code", [1003, 1004])
def test_token_out_of_time_is_stale(code):
    assert make_provider("kling").check(reply_of(error_body(code), 401)).stale is True


@in_one_test(
    ("status", "error", "kind"),
    [
        (401, {"message": "bad key", "type": "invalid_request_error", "code": "invalid_api_key"}, AuthenticationFailed),
        (403, {"message": "no money", "type": "x", "code": "insufficient_user_quota"}, OutOfCredit),
        (429, {"message": "poor", "type": "insufficient_quota", "code": None}, OutOfCredit),
        (429, {"message": "slow down", "code": "rate_limit"}, RateLimited),
        (400, {"message": "bad size", "type": "invalid_request_error"}, InvalidParams),
        (400, {"message": "no", "code": "sensitive_words_detected"}, ContentRejected),
        (429, {"message": "slots", "code": 1303}, RateLimited),
        (503, {"message": "away"}, Uncertain),
        (200, {"message": "odd"}, Uncertain),
    ],
)
def test_gateways_own_error_shape_is_read(status, error, kind):
    assert type(GATEWAY.submit({"error": error}, status)) is kind


# poll


@pytest.mark.parametrize(
    ("word", "state"),
    [("submitted", State.QUEUED), ("processing", State.RUNNING), ("succeed", State.SUCCEEDED), ("success", State.SUCCEEDED)],
)
def test_vendor_state_has_ours(word, state):
    snapshot = poll(fixture("kling_succeed", task_status=word))

    assert (snapshot.state, snapshot.vendor_state, len(snapshot.outputs)) == (state, word, int(state is State.SUCCEEDED))


def test_finished_task_gives_file_life_length_and_units():
    snapshot = poll(fixture("kling_succeed"))

    assert snapshot.outputs == (Output(url="https://cdn.example/k/9000001.mp4?sig=x", expires_in=timedelta(days=30), duration_s=5.1),)
    assert (snapshot.units, snapshot.error) == ("1", None)
    assert snapshot.charge == Charge(amount=Decimal(1), unit="units")


def test_marked_file_is_taken_when_a_watermark_was_asked_for():
    videos = [{"url": "https://cdn.example/clean.mp4", "watermark_url": "https://cdn.example/marked.mp4", "duration": "odd"}]

    marked = poll(fixture("kling_succeed", task_result={"videos": videos}, watermark_info={"enabled": True}))
    clean = poll(fixture("kling_succeed", task_result={"videos": videos}))

    assert [snapshot.outputs[0].url for snapshot in (marked, clean)] == ["https://cdn.example/marked.mp4", "https://cdn.example/clean.mp4"]
    assert clean.outputs[0].duration_s is None


@in_one_test("result", [None, {}, {"videos": []}, {"videos": [{}]}, {"videos": [{"url": ""}]}, {"videos": "x"}, {"videos": [7]}])
def test_success_without_a_file_is_unexpected(result):
    assert type(poll(fixture("kling_succeed", task_result=result))) is UnexpectedReply


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Failure to pass the risk control system", ContentRejected),
        ("内容违规", ContentRejected),
        ("internal render error", GenerationFailed),
    ],
)
def test_failed_task_keeps_the_vendors_words(words, kind):
    snapshot = poll(fixture("kling_failed", task_status_msg=words))

    assert (snapshot.state, type(snapshot.error), snapshot.error.message) == (State.FAILED, kind, words)


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.kling"):
        snapshot = poll(fixture("kling_processing", task_status="dreaming"))

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "dreaming")
    assert [record.message for record in caplog.records] == ["undocumented task status 'dreaming'; the task counts as running"]


def test_unknown_task_is_gone():
    assert type(poll(error_body(1203), 404)) is SubmissionGone


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"code": 0, "data": []}, {"code": 0, "data": {}}, {"code": 0, "data": {"task_status": 7}}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


def test_poll_asks_both_paths_when_the_kind_is_not_known():
    kling = WIRE.provider
    adopted = Submission(id="83/../x", model="kling-v1-6")
    talk = kling.poll(adopted)

    first = next(talk)
    second = talk.throw(Refused("no", vendor_code="1203", http_status=404))

    assert [first.path, second.path] == ["/v1/videos/text2video/83%2F..%2Fx", "/v1/videos/image2video/83%2F..%2Fx"]


# look-up


def test_look_up_finds_the_task_on_either_path():
    missing, found = reply_of(error_body(1203), 404), reply_of(fixture("kling_processing"))

    assert look_up(found) == Submission(id="830000000000000001", model="kling-v1-6", kind="text2video")
    assert look_up(missing, found) == Submission(id="830000000000000001", model="kling-v1-6", kind="image2video")


def test_look_up_finds_none_only_if_the_vendor_says_so():
    missing, wrong_method, proxy = (reply_of(error_body(1203), 404), reply_of(error_body(1202), 404), reply_of(b"<html>", 404))

    assert look_up(missing, missing, missing) is None
    assert look_up(missing, missing, model="kling/kling-v3") is None
    assert look_up(missing, model="kling/kling-v2-1") is None
    assert type(look_up(wrong_method)) is Refused
    assert type(look_up(proxy)) is Refused
    assert type(GATEWAY.look_up(missing, missing, missing)) is Unsupported


def test_look_up_refuses_a_task_that_is_not_ours():
    other = fixture("kling_processing", task_info={"external_task_id": "job-2"})

    assert type(look_up(reply_of(other))) is UnexpectedReply


# account and signature


def test_account_check_is_a_free_list():
    kling = WIRE.provider
    request = next(kling.check_account())

    assert (request.method, dict(request.query), request.billable) == ("GET", {"pageNum": 1, "pageSize": 1}, False)
    assert outcome(kling, kling.check_account(), reply_of({"code": 0, "data": []})) is None
    assert type(outcome(kling, kling.check_account(), reply_of({"code": 0}))) is UnexpectedReply


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_token_is_signed_for_half_an_hour():
    signed = make_provider("kling").sign(WireRequest(method="GET", path="/"), NOON)
    head, claims, seal = signed.headers["Authorization"].removeprefix("Bearer ").split(".")

    expected = hmac.new(b"sim-secret", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    now = int(NOON.timestamp())
    assert decoded(head) == {"alg": "HS256", "typ": "JWT"}
    assert decoded(claims) == {"iss": "sim-access", "exp": now + 1800, "nbf": now - 5}
    assert base64.urlsafe_b64decode(seal + "=") == expected


@pytest.mark.parametrize("surface", ["official-key", "gateway"])
def test_api_key_is_sent_as_it_is(surface):
    signed = make_provider("kling", surface).sign(WireRequest(method="GET", path="/"), NOON)

    assert signed.headers == {"Authorization": "Bearer sk-portal-test"}


def test_secret_key_is_secret_and_access_key_is_not():
    assert make_provider("kling").secrets == ("sim-secret",)
    assert make_provider("kling", "gateway").secrets == ("sk-portal-test",)
