"""What we say to Volcengine's visual service and what its answers mean, by table, without a socket."""

import base64
import hashlib
import hmac
import json
import logging
from datetime import timedelta

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
from providers.core.types import GenerationRequest, Output, State, Submission, WireRequest
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, asked, fixture, make_provider, make_request, outcome, picture, reply_of

MODEL = "volcvisual/jimeng_t2v_v30"
TASK = Submission(id="7600000000000000001", model="jimeng_t2v_v30")
WIRE = Wire(provider=make_provider("volcvisual"), model=MODEL, task=TASK)
poll, submit, check_account = WIRE.poll, WIRE.submit, WIRE.check_account


def error_body(code, **data):
    return {"code": code, "data": data or None, "message": "words of the vendor", "request_id": "rq-1", "status": code}


def front_end(code):
    return {"ResponseMetadata": {"RequestId": "r", "Error": {"Code": code, "Message": "words of the vendor"}}}


# submit


def test_submit_from_text_sends_every_option_under_the_vendors_names():
    said = WIRE.asked(make_request(MODEL, duration_s=10, aspect_ratio="21:9", seed=7))

    assert (said.method, said.path, said.billable) == ("POST", "/", True)
    assert said.query == {"Action": "CVSync2AsyncSubmitTask", "Version": "2022-08-31"}
    assert said.json == {"req_key": "jimeng_t2v_v30", "prompt": "a boat", "frames": 241, "aspect_ratio": "21:9", "seed": 7}


def test_five_seconds_are_121_frames_and_chance_is_left_to_the_vendor():
    said = WIRE.asked(make_request(MODEL)).json

    assert (said["frames"], "seed" in said) == (121, False)


@pytest.mark.parametrize("model", ["jimeng_i2v_first_v30", "jimeng_i2v_first_v30_1080", "jimeng_ti2v_v30_pro"])
def test_image_is_bare_base64_and_gives_the_shape(model):
    request = make_request(f"volcvisual/{model}", ["first_frame"])

    said = WIRE.asked(request).json

    assert [base64.b64decode(image, validate=True) for image in said["binary_data_base64"]] == [request.inputs["first_frame"][0].content]
    assert "aspect_ratio" not in said


def test_two_frames_go_first_before_last():
    spec = ALL_MODELS["volcvisual/jimeng_i2v_first_tail_v30"]
    first, last = picture("first_frame"), picture("last_frame", "red")
    inputs = {"last_frame": (last,), "first_frame": (first,)}
    request = GenerationRequest(spec=spec, prompt="x", params=spec.params(), inputs=inputs, reference="r")

    images = WIRE.asked(request).json["binary_data_base64"]

    assert [base64.b64decode(image) for image in images] == [first.content, last.content]


@pytest.mark.parametrize("task_id", ["7600000000000000001", 7600000000000000001])
def test_accepted_task_gives_its_id(task_id):
    body = fixture("volcvisual_submitted", task_id=task_id)

    assert submit(body) == TASK


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {}, {"code": 10000}, {"code": 10000, "data": {"task_id": ""}}, error_body(59999)])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


# errors


@in_one_test(
    ("status", "code", "kind"),
    [
        *[(400, code, ContentRejected) for code in (50411, 50412, 50413, 50511, 50512, 50516, 50517, 50518, 50519)],
        (200, 50411, ContentRejected),
        (400, "50412", ContentRejected),
        (400, 50215, InvalidParams),
        (429, 50429, RateLimited),
        (429, 50430, RateLimited),
        (200, 50430, RateLimited),
        (500, 50500, Uncertain),
        (500, 50501, Uncertain),
        (500, 50520, Uncertain),
        (400, 50521, Uncertain),
        (400, 50522, Uncertain),
        (401, 50401, AuthenticationFailed),
        (400, 59999, InvalidParams),
    ],
)
def test_error_code_has_its_class(status, code, kind):
    error = submit(error_body(code), status)

    assert type(error) is kind
    assert (error.vendor_code, error.http_status, error.request_id) == (str(code), status, "rq-1")
    assert error.message.startswith("words of the vendor")


@in_one_test(
    ("status", "code", "kind"),
    [
        (401, "SignatureDoesNotMatch", AuthenticationFailed),
        (400, "InvalidCredential", AuthenticationFailed),
        (403, "AccessDenied", AuthenticationFailed),
        (403, "AccountOverdue", OutOfCredit),
        (400, "InvalidActionOrVersion", InvalidParams),
        (429, "FlowLimitExceeded", RateLimited),
        (500, "InternalError", Uncertain),
    ],
)
def test_error_of_the_front_end_is_read(status, code, kind):
    error = submit(front_end(code), status)

    assert (type(error), error.vendor_code) == (kind, code)


@in_one_test("status", [200, 400])
@in_one_test("code", [50400, 30403, 30404])
def test_service_that_is_not_opened_is_a_sure_refusal_that_says_what_helps(code, status):
    """As volcengine/volc-sdk-python#39 quotes it."""
    body = {
        "code": code,
        "data": None,
        "message": "Access Denied: Internal Error",
        "request_id": "r",
        "status": code,
        "time_elapsed": "84µs",
    }

    error = submit(body, status)

    assert (type(error), error.vendor_code) == (AuthenticationFailed, str(code))
    assert "Open this model's service" in str(error)
    assert type(poll(body, status)) is AuthenticationFailed


def test_closed_service_beside_a_task_that_is_not_done_ends_nothing():
    assert (
        type(poll({**fixture("volcvisual_done", status="generating"), "code": 50400, "message": "Access Denied"})) is AuthenticationFailed
    )


def test_camera_movement_is_sent_with_its_strength():
    said = WIRE.asked(make_request("volcvisual/jimeng_i2v_recamera_v30", camera="robo_arm", camera_strength="strong")).json

    assert (said["req_key"], said["template_id"], said["camera_strength"]) == ("jimeng_i2v_recamera_v30", "robo_arm", "strong")


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(error_body(50429), 429, retry_after="4").retry_after_s == 4.0


# poll


def test_poll_asks_by_model_and_id():
    asking = next(WIRE.provider.poll(TASK))

    assert (asking.method, asking.path, asking.billable) == ("POST", "/", False)
    assert asking.query == {"Action": "CVSync2AsyncGetResult", "Version": "2022-08-31"}
    assert asking.json == {"req_key": "jimeng_t2v_v30", "task_id": "7600000000000000001"}


@pytest.mark.parametrize(
    ("word", "state"), [("in_queue", State.QUEUED), ("generating", State.RUNNING), ("processing", State.RUNNING), ("done", State.SUCCEEDED)]
)
def test_vendor_state_has_ours(word, state):
    snapshot = poll(fixture("volcvisual_done", status=word))

    assert (snapshot.state, snapshot.vendor_state, len(snapshot.outputs)) == (state, word, int(state is State.SUCCEEDED))


def test_finished_task_gives_file_and_life():
    assert poll(fixture("volcvisual_done")).outputs == (
        Output(url="https://cdn.example/j/v.mp4?x-expires=1", expires_in=timedelta(hours=1)),
    )


@pytest.mark.parametrize("url", [None, "", 7])
def test_success_without_a_file_is_unexpected(url):
    assert type(poll(fixture("volcvisual_done", video_url=url))) is UnexpectedReply


@pytest.mark.parametrize(
    ("code", "kind"), [(50511, ContentRejected), (50215, InvalidParams), (50500, GenerationFailed), (50430, GenerationFailed)]
)
def test_outer_code_gives_the_failure_of_a_task_that_is_done(code, kind):
    snapshot = poll({**fixture("volcvisual_done"), "code": code, "message": "words of the vendor"})

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, kind, str(code))
    assert snapshot.error.message == "words of the vendor"


@pytest.mark.parametrize("status", [400, 429, 500])
def test_failure_of_a_task_that_is_done_counts_whatever_http_says(status):
    snapshot = poll({**fixture("volcvisual_done"), "code": 50511, "message": "words of the vendor"}, status)

    assert (snapshot.state, type(snapshot.error)) == (State.FAILED, ContentRejected)


@in_one_test("word", ["in_queue", "generating"])
@in_one_test(
    ("code", "kind"),
    [(50429, RateLimited), (50430, RateLimited), *[(code, ProviderDown) for code in (50500, 50501, 50520, 50521, 50522)]],
)
def test_trouble_of_the_services_beside_a_task_that_is_not_done_ends_nothing(word, code, kind):
    error = poll({**fixture("volcvisual_done", status=word), "code": code, "message": "words of the vendor"})

    assert (type(error), error.vendor_code, error.retryable) == (kind, str(code), True)


@pytest.mark.parametrize(("code", "kind"), [(50411, ContentRejected), (50215, InvalidParams)])
def test_code_of_the_request_ends_a_task_that_is_not_done(code, kind):
    snapshot = poll({**fixture("volcvisual_done", status="generating"), "code": code})

    assert (snapshot.state, type(snapshot.error)) == (State.FAILED, kind)


def test_late_task_is_waited_for_until_its_video_can_just_be_fetched():
    spec = ALL_MODELS[MODEL]

    assert spec.deadline + spec.result_life == timedelta(hours=12)


@pytest.mark.parametrize(("code", "kind"), [(50412, ContentRejected), (50215, InvalidParams)])
def test_refusal_of_the_content_instead_of_a_status_is_the_end_of_the_task(code, kind):
    snapshot = poll(error_body(code), 400)

    assert (snapshot.state, type(snapshot.error), snapshot.outputs) == (State.FAILED, kind, ())


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [(50429, 429, RateLimited), (50500, 500, ProviderDown), (50401, 401, AuthenticationFailed), (50999, 400, InvalidParams)],
)
def test_other_refusals_say_nothing_of_the_task(code, status, kind):
    assert type(poll(error_body(code), status)) is kind


@pytest.mark.parametrize("word", ["not_found", "expired"])
def test_unknown_task_is_gone(word):
    assert type(poll(fixture("volcvisual_done", status=word))) is SubmissionGone


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.volcvisual"):
        snapshot = poll(fixture("volcvisual_done", status="dreaming"))

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "dreaming")
    assert [record.message for record in caplog.records] == ["undocumented task status 'dreaming'; the task counts as running"]


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"code": 10000, "data": None}, {"code": 10000, "data": {"status": 7}}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


# account and signature


@pytest.mark.parametrize(
    ("body", "status"),
    [({"code": 10000, "data": {"status": "not_found"}}, 200), (error_body(50215), 400), ({"code": 10000, "data": {}}, 200)],
)
def test_any_answer_of_the_service_proves_good_keys(body, status):
    assert next(WIRE.provider.check_account()).query["Action"] == "CVSync2AsyncGetResult"
    assert check_account(body, status) is None


def test_one_opened_service_is_enough_for_an_account():
    closed, models = reply_of(error_body(50400), 400), len(WIRE.provider.models)
    opened = reply_of({"code": 10000, "data": {"status": "not_found"}})

    assert WIRE.outcome(WIRE.provider.check_account(), *[closed] * (models - 1), opened) is None
    assert type(WIRE.outcome(WIRE.provider.check_account(), *[closed] * models)) is AuthenticationFailed


def test_signature_out_of_time_is_stale():
    assert WIRE.provider.check(reply_of(front_end("InvalidTimestamp"), 401)).stale is True


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (front_end("SignatureDoesNotMatch"), 401, AuthenticationFailed),
        (error_body(50429), 429, RateLimited),
        (b"<html>", 404, Refused),
        ({"hello": 1}, 200, UnexpectedReply),
    ],
)
def test_bad_account_is_recognised(body, status, kind):
    assert type(check_account(body, status)) is kind


def test_request_is_signed_over_its_exact_bytes():
    request = WireRequest(method="POST", path="/", query={"Version": "2022-08-31", "Action": "Do"}, json={"prompt": "一只猫"})

    signed = WIRE.provider.sign(request, NOON)

    body = '{"prompt":"一只猫"}'.encode()
    digest = hashlib.sha256(body).hexdigest()
    canonical = (
        "POST\n/\nAction=Do&Version=2022-08-31\n"
        f"content-type:application/json\nhost:vendor.example\nx-content-sha256:{digest}\nx-date:20261120T120000Z\n\n"
        f"content-type;host;x-content-sha256;x-date\n{digest}"
    )
    scope = "20261120/cn-north-1/cv/request"
    to_sign = f"HMAC-SHA256\n20261120T120000Z\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"sim-secret"
    for step in ("20261120", "cn-north-1", "cv", "request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    seal = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    assert (signed.content, signed.json) == (body, None)
    assert signed.headers == {
        "Content-Type": "application/json",
        "X-Date": "20261120T120000Z",
        "X-Content-Sha256": digest,
        "Authorization": f"HMAC-SHA256 Credential=sim-access/{scope}, "
        f"SignedHeaders=content-type;host;x-content-sha256;x-date, Signature={seal}",
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://vendor.example", "https://Vendor.example:443/", True),
        ("https://vendor.example", "http://vendor.example:80", True),
        ("https://vendor.example", "https://vendor.example:8443", False),
        ("https://vendor.example", "https://vendor.example/proxy", False),
    ],
)
def test_signature_covers_the_host_and_path_that_are_sent(one, other, same):
    request = WireRequest(method="POST", path="/", json={})

    seals = [make_provider("volcvisual", base_url=url).sign(request, NOON).headers["Authorization"] for url in (one, other)]

    assert (seals[0] == seals[1]) is same


def test_gateway_takes_a_key_and_has_its_own_path():
    gateway = make_provider("volcvisual", "gateway")
    said = asked(gateway, make_request(MODEL))

    assert said.path == next(gateway.poll(TASK)).path == "/jimeng/"
    assert gateway.sign(said, NOON).headers == {"Authorization": "Bearer sk-portal-test"}
    assert json.dumps(gateway.sign(said, NOON).json) == json.dumps(said.json)


def test_secret_key_is_secret_and_access_key_is_not():
    assert WIRE.provider.secrets == ("sim-secret",)
    assert make_provider("volcvisual", "gateway").secrets == ("sk-portal-test",)


def test_neither_look_up_nor_cancel_is_offered():
    service = WIRE.provider

    assert (service.can_look_up, service.can_cancel) == (False, False)
    assert type(outcome(service, service.cancel(TASK))) is Unsupported
