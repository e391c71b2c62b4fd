"""What we say to Zhipu and what its answers mean, by table, without a socket."""

import base64
import logging
from datetime import timedelta

import pytest

from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    PlanUsedUp,
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
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, outcome, picture

TASK = Submission(id="880000000000001", model="cogvideox-3")
REFERENCE = ALL_MODELS["zhipu/vidu2-reference"]
WIRE = Wire(provider=make_provider("zhipu"), model="zhipu/cogvideox-3", task=TASK)
poll, submit, check_account = WIRE.poll, WIRE.submit, WIRE.check_account


def error_body(code):
    return {"error": {"code": code, "message": "words of the vendor"}}


def data_uri(file):
    return f"data:image/png;base64,{base64.b64encode(file.content).decode()}"


# submit


def test_submit_from_text_sends_every_option_under_the_vendors_names():
    request = make_request(
        "zhipu/cogvideox-3", mode="quality", fps=60, with_audio=True, watermark=False, duration_s=10, resolution="3840x2160"
    )

    said = WIRE.asked(request)

    assert (said.method, said.path, said.billable) == ("POST", "videos/generations", True)
    assert said.json == {
        "model": "cogvideox-3",
        "request_id": "job-1",
        "prompt": "a boat",
        "quality": "quality",
        "fps": 60,
        "with_audio": True,
        "watermark_enabled": False,
        "duration": 10,
        "size": "3840x2160",
    }


def test_submit_of_vidu_has_its_own_words():
    said = WIRE.asked(make_request("zhipu/viduq1-text", style="anime", aspect_ratio="1:1", motion="large"))

    assert said.json == {
        "model": "viduq1-text",
        "request_id": "job-1",
        "prompt": "a boat",
        "style": "anime",
        "aspect_ratio": "1:1",
        "movement_amplitude": "large",
        "duration": 5,
        "size": "1920x1080",
    }


@pytest.mark.parametrize("model", ["zhipu/cogvideox-3", "zhipu/cogvideox-2", "zhipu/viduq1-image", "zhipu/vidu2-image"])
def test_one_image_is_sent_alone_as_a_data_uri(model):
    request = make_request(model, ["first_frame"], prompt="")

    said = WIRE.asked(request).json

    assert said["image_url"] == data_uri(request.inputs["first_frame"][0])
    assert "prompt" not in said


@pytest.mark.parametrize("model", ["zhipu/cogvideox-3", "zhipu/viduq1-start-end", "zhipu/vidu2-start-end"])
def test_two_frames_are_a_list_first_before_last(model):
    first, last = picture("first_frame"), picture("last_frame", "red")
    spec = ALL_MODELS[model]
    inputs = {"last_frame": (last,), "first_frame": (first,)}

    said = WIRE.asked(GenerationRequest(spec=spec, prompt="x", params=spec.params(), inputs=inputs, reference="r"))

    assert said.json["image_url"] == [data_uri(first), data_uri(last)]


@pytest.mark.parametrize("count", [1, 3])
def test_references_are_a_list_however_many(count):
    files = tuple(picture("references", colour) for colour in ("red", "green", "blue")[:count])
    request = GenerationRequest(spec=REFERENCE, prompt="x", params=REFERENCE.params(), inputs={"references": files}, reference="r")

    assert WIRE.asked(request).json["image_url"] == [data_uri(file) for file in files]


def test_references_are_one_to_three_of_at_least_128_pixels():
    slot = REFERENCE.slot("references")

    assert (slot.min_count, slot.max_count, slot.rules.min_side_px) == (1, 3, 128)


@pytest.mark.parametrize("task_id", ["880000000000001", 880000000000001])
def test_accepted_task_gives_its_id(task_id):
    assert submit({**fixture("zhipu_processing"), "id": task_id}) == TASK


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {}, {"id": ""}, {"id": None}, {"error": "odd"}, error_body("9999")])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


# errors


@in_one_test(
    ("status", "code", "kind"),
    [
        (401, "1000", AuthenticationFailed),
        (401, "1001", AuthenticationFailed),
        (401, "1003", AuthenticationFailed),
        (401, "1005", AuthenticationFailed),
        (429, "1113", OutOfCredit),
        (500, "1200", Uncertain),
        (400, "1210", InvalidParams),
        (403, "1211", Refused),
        (400, "1212", InvalidParams),
        (400, "1213", InvalidParams),
        (400, "1214", InvalidParams),
        (400, 1214, InvalidParams),
        (400, "1215", InvalidParams),
        (403, "1220", AuthenticationFailed),
        (400, "1221", Refused),
        (400, "1222", Refused),
        (500, "1230", Uncertain),
        (500, "1234", Uncertain),
        (400, "1261", InvalidParams),
        (400, "1301", ContentRejected),
        (429, "1302", RateLimited),
        (429, "1305", RateLimited),
        (429, "1308", PlanUsedUp),
        (429, "1309", OutOfCredit),
        (429, "1310", PlanUsedUp),
        (400, "1999", InvalidParams),
        (429, "1999", RateLimited),
        (503, "1999", Uncertain),
    ],
)
def test_error_code_has_its_class(status, code, kind):
    error = submit(error_body(code), status)

    assert type(error) is kind
    assert (error.vendor_code, error.http_status) == (str(code), status)
    assert error.message.startswith("words of the vendor")


@pytest.mark.parametrize("code", ["1200", "1230", "1234"])
def test_vendor_down_on_a_poll_is_not_uncertain(code):
    assert type(poll(error_body(code), 500)) is ProviderDown


@pytest.mark.parametrize(
    ("code", "words", "opens_at"),
    [
        ("1308", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-20 21:30:00", NOON + timedelta(hours=1, minutes=30)),
        ("1310", "您已达到每周/每月使用上限，您的限额将在 2026-11-22 20:00:00 重置。", NOON + timedelta(days=2)),
        ("1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-11-20T13:00:00Z", NOON + timedelta(hours=1)),
        ("1316", "Usage limit reached for the past 5 hours.", None),
    ],
)
def test_used_up_plan_says_in_beijing_time_when_it_opens_again(code, words, opens_at):
    error = submit({"error": {"code": code, "message": words}}, 429)

    assert (type(error), error.opens_at) == (PlanUsedUp, opens_at)


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(error_body("1302"), 429, retry_after="4").retry_after_s == 4.0


# poll


def test_poll_asks_by_id():
    assert next(WIRE.provider.poll(Submission(id="8/../1", model="cogvideox-3"))).path == "async-result/8%2F..%2F1"


def test_running_task_is_running():
    snapshot = poll(fixture("zhipu_processing"))

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (State.RUNNING, "PROCESSING", ())


def test_finished_task_gives_file_and_life():
    snapshot = poll(fixture("zhipu_success"))

    assert (snapshot.state, snapshot.error) == (State.SUCCEEDED, None)
    assert snapshot.outputs == (Output(url="https://cdn.example/z/v.mp4", expires_in=timedelta(days=1)),)


@in_one_test("result", [None, {}, [], [{}], [{"url": ""}], "x", [7]])
def test_success_without_a_file_is_unexpected(result):
    assert type(poll({**fixture("zhipu_success"), "video_result": result})) is UnexpectedReply


@in_one_test(
    ("error", "kind", "code", "words"),
    [
        (None, GenerationFailed, None, "Zhipu failed to render the video and gave no reason."),
        ({"code": "1301", "message": "unsafe output"}, ContentRejected, "1301", "unsafe output"),
        ({"code": "1214", "message": "bad size"}, InvalidParams, "1214", "bad size"),
        ({"code": "1234", "message": "network"}, GenerationFailed, "1234", "network"),
        ({"code": "1302"}, GenerationFailed, "1302", "Zhipu failed to render the video and gave no reason."),
        ("odd", GenerationFailed, None, "Zhipu failed to render the video and gave no reason."),
    ],
)
def test_failed_task_keeps_code_and_words_where_there_are_any(error, kind, code, words):
    snapshot = poll({**fixture("zhipu_fail"), "error": error})

    assert (snapshot.state, type(snapshot.error)) == (State.FAILED, kind)
    assert (snapshot.error.vendor_code, snapshot.error.message) == (code, words)


def test_moderation_that_refuses_the_poll_ends_the_task():
    snapshot = poll(error_body("1301"), 400)

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, ContentRejected, "1301")


@pytest.mark.parametrize(("status", "code"), [(404, "1211"), (400, "1214"), (404, "404")])
def test_unknown_task_is_gone(status, code):
    assert type(poll(error_body(code), status)) is SubmissionGone


def test_bare_404_does_not_prove_that_the_task_is_gone():
    assert type(poll(b"<html>", 404)) is Refused


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.zhipu"):
        snapshot = poll({"task_status": "DREAMING"})

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "DREAMING")
    assert [record.message for record in caplog.records] == ["undocumented task status 'DREAMING'; the task counts as running"]


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"task_status": 7}, {"task_status": ""}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


# the rest


def test_neither_look_up_nor_cancel_is_offered():
    zhipu = WIRE.provider

    assert (zhipu.can_look_up, zhipu.can_cancel) == (False, False)
    assert type(outcome(zhipu, zhipu.look_up("job-1", REFERENCE, NOON, ()))) is Unsupported
    assert type(outcome(zhipu, zhipu.cancel(TASK))) is Unsupported


def test_account_check_asks_about_a_task_that_cannot_be():
    request = next(WIRE.provider.check_account())

    assert (request.method, request.path, request.billable) == ("GET", "async-result/0", False)


@pytest.mark.parametrize(("body", "status"), [(error_body("1211"), 404), (error_body("1214"), 400), (fixture("zhipu_fail"), 200)])
def test_any_other_refusal_proves_a_good_key(body, status):
    assert check_account(body, status) is None


@in_one_test(
    ("body", "status", "kind"),
    [
        (error_body("1000"), 401, AuthenticationFailed),
        (error_body("1113"), 429, OutOfCredit),
        (error_body("1302"), 429, RateLimited),
        (b"<html>", 404, Refused),
        ({"hello": 1}, 200, UnexpectedReply),
    ],
)
def test_bad_account_is_recognised(body, status, kind):
    assert type(check_account(body, status)) is kind


def test_key_is_sent_as_it_is():
    signed = WIRE.provider.sign(WireRequest(method="GET", path="x"), NOON)

    assert signed.headers == {"Authorization": "Bearer sk-portal-test"}


def test_both_platforms_are_offered_and_the_chinese_one_is_in_the_sandbox():
    surfaces = WIRE.provider.surfaces

    assert {slug: surface.base_url for slug, surface in surfaces.items()} == {
        "cn": "https://open.bigmodel.cn/api/paas/v4",
        "intl": "https://api.z.ai/api/paas/v4",
    }
    assert surfaces["cn"].sandbox.path == "/hosts/zhipu/api/paas/v4"


def test_z_ai_has_cogvideox_3_and_vidu_alone():
    abroad = {spec.id for spec in WIRE.provider.models.values() if spec.is_at("intl")}

    assert set(WIRE.provider.models) - abroad == {"cogvideox-2", "cogvideox-flash"}
