"""What we say to DashScope and what its answers mean, by table, without a socket."""

import base64
import logging
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
from providers.vendors import ALL_MODELS
from providers.vendors.dashscope.options import SIZES
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, outcome, reply_of

TASK = Submission(id="0385dc79-0000-4000-8000-000000000001", model="wanx2.1-t2v-turbo")
WIRE = Wire(provider=make_provider("dashscope"), model="dashscope/wanx2.1-t2v-turbo", task=TASK)
poll, submit = WIRE.poll, WIRE.submit


def error_body(code):
    return {"code": code, "message": "words of the vendor", "request_id": "rq-1"}


def test_submit_from_text_is_asynchronous_and_has_a_size():
    request = make_request("dashscope/wanx2.1-t2v-turbo", negative_prompt="blurry", seed=42, resolution="480P", aspect_ratio="9:16")

    said = WIRE.asked(request)

    assert (said.method, said.path, said.billable) == ("POST", "services/aigc/video-generation/video-synthesis", True)
    assert said.headers == {"X-DashScope-Async": "enable"}
    assert said.json == {
        "model": "wanx2.1-t2v-turbo",
        "input": {"prompt": "a boat", "negative_prompt": "blurry"},
        "parameters": {"size": "480*832", "duration": 5, "prompt_extend": True, "seed": 42, "watermark": False},
    }


def test_submit_from_an_image_has_a_data_uri_and_a_resolution():
    request = make_request("dashscope/wanx2.1-i2v-turbo", resolution="480P", duration_s=3, style="squish")

    said = WIRE.asked(request)

    head, _, content = said.json["input"].pop("img_url").partition(",")
    assert (said.path, head) == ("services/aigc/video-generation/video-synthesis", "data:image/png;base64")
    assert base64.b64decode(content, validate=True) == request.inputs["first_frame"][0].content
    assert said.json["input"] == {"prompt": "a boat", "template": "squish"}
    assert said.json["parameters"] == {"resolution": "480P", "duration": 3, "prompt_extend": True, "watermark": False}


def test_submit_from_two_frames_has_its_own_path_and_names():
    said = WIRE.asked(make_request("dashscope/wanx2.1-kf2v-plus", ["first_frame", "last_frame"], prompt=""))

    assert said.path == "services/aigc/image2video/video-synthesis"
    assert set(said.json["input"]) == {"first_frame_url", "last_frame_url"}


@in_one_test(("pair", "size"), SIZES.items())
def test_every_resolution_and_shape_has_its_size(pair, size):
    request = make_request("dashscope/wan2.5-t2v-preview", resolution=pair[0], aspect_ratio=pair[1])

    assert WIRE.asked(request).json["parameters"]["size"] == size


def test_2_6_says_shots_and_sound():
    request = make_request("dashscope/wan2.6-t2v", multi_shot=True, duration_s=15, audio_url="https://files.example/a.mp3")

    said = WIRE.asked(request)

    assert said.json["input"] == {"prompt": "a boat", "audio_url": "https://files.example/a.mp3"}
    assert said.json["parameters"] == {
        "size": "1920*1080",
        "duration": 15,
        "prompt_extend": True,
        "watermark": False,
        "shot_type": "multi",
    }


def test_2_6_flash_can_be_silent():
    said = WIRE.asked(make_request("dashscope/wan2.6-i2v-flash", with_audio=False))

    assert said.json["parameters"] == {
        "resolution": "1080P",
        "duration": 5,
        "prompt_extend": True,
        "watermark": False,
        "shot_type": "single",
        "audio": False,
    }


def test_2_7_from_text_says_resolution_and_ratio_apart():
    said = WIRE.asked(make_request("dashscope/wan2.7-t2v", aspect_ratio="3:4", resolution="720P"))

    assert said.path == "services/aigc/video-generation/video-synthesis"
    assert said.json["parameters"] == {"ratio": "3:4", "resolution": "720P", "duration": 5, "prompt_extend": True, "watermark": False}


def test_2_7_from_images_lists_its_media():
    request = make_request("dashscope/wan2.7-i2v", ["first_frame", "last_frame"], audio_url="https://files.example/a.mp3")

    said = WIRE.asked(request)

    assert set(said.json["input"]) == {"prompt", "media"}
    assert [item["type"] for item in said.json["input"]["media"]] == ["first_frame", "last_frame", "driving_audio"]
    assert said.json["input"]["media"][2]["url"] == "https://files.example/a.mp3"
    assert said.json["input"]["media"][0]["url"].startswith("data:image/png;base64,")


def test_models_are_offered_where_the_vendor_is_known_to_have_them():
    models = WIRE.provider.models.values()
    there = {slug: {spec.id for spec in models if spec.is_at(slug)} for slug in ("beijing", "singapore", "us", "hongkong")}

    wan3, others = {"wan3.0-video", "wan3.0-video-prime"}, {name for name in there["beijing"] if name.startswith(("vidu", "minimax"))}
    horses = {name for name in there["beijing"] if name.startswith("happyhorse")}
    assert there["beijing"] == {spec.id for spec in models} - {"wan2.6-t2v-us"}
    assert there["singapore"] == there["beijing"] - others
    assert there["us"] == {"wan2.6-t2v-us", "wan2.6-i2v", "wan2.6-r2v"} | horses | wan3
    assert there["hongkong"] == wan3
    assert (len(others), len(horses)) == (10, 7)


def test_accepted_task_gives_its_id():
    assert submit(fixture("dashscope_pending")) == TASK


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {}, {"output": {}}, {"output": {"task_id": 5}}, {"code": "Odd", "message": "x"}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


@in_one_test(
    ("status", "code", "kind"),
    [
        (400, "InvalidParameter", InvalidParams),
        (400, "InvalidParameter.Size", InvalidParams),
        (400, "InvalidURL", InvalidParams),
        (400, "DataInspectionFailed", ContentRejected),
        (400, "IPInfringementSuspect", ContentRejected),
        (400, "Arrearage", OutOfCredit),
        (401, "InvalidApiKey", AuthenticationFailed),
        (200, "InvalidApiKey", AuthenticationFailed),
        (403, "AccessDenied", AuthenticationFailed),
        (403, "AccessDenied.Unpurchased", AuthenticationFailed),
        (403, "Model.AccessDenied", AuthenticationFailed),
        (403, "Workspace.AccessDenied", AuthenticationFailed),
        (403, "AllocationQuota.FreeTierOnly", OutOfCredit),
        (404, "ModelNotFound", Refused),
        (408, "RequestTimeOut", Uncertain),
        (413, "TooLarge", InvalidParams),
        (415, "InputDownloadFailed", InvalidParams),
        (415, "UnsupportedFileFormat", InvalidParams),
        (429, "Throttling", RateLimited),
        (429, "Throttling.RateQuota", RateLimited),
        (429, "Throttling.BurstRate", RateLimited),
        (429, "Throttling.AllocationQuota", RateLimited),
        (429, "LimitRequests", RateLimited),
        (429, "PrepaidBillOverdue", OutOfCredit),
        (429, "PostpaidBillOverdue", OutOfCredit),
        (429, "CommodityNotPurchased", OutOfCredit),
        (500, "InternalError", Uncertain),
        (500, "InternalError.Algo", Uncertain),
        (500, "InternalError.Timeout", Uncertain),
        (500, "SystemError", Uncertain),
        (503, "ModelUnavailable", Uncertain),
    ],
)
def test_error_code_has_its_class(status, code, kind):
    error = submit(error_body(code), status)

    assert type(error) is kind
    assert (error.vendor_code, error.http_status, error.request_id) == (code, status, "rq-1")
    assert error.message.startswith("words of the vendor")


def test_vendor_down_on_a_poll_is_not_uncertain():
    assert type(poll(error_body("InternalError"), 500)) is ProviderDown


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(error_body("Throttling"), 429, retry_after="3").retry_after_s == 3.0


@pytest.mark.parametrize(
    ("word", "state"),
    [("PENDING", State.QUEUED), ("SUSPENDED", State.QUEUED), ("RUNNING", State.RUNNING), ("CANCELED", State.CANCELLED)],
)
def test_vendor_state_has_ours(word, state):
    snapshot = poll(fixture("dashscope_running", task_status=word))

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (state, word, ())


def test_finished_task_gives_file_life_length_prompt_and_units():
    snapshot = poll(fixture("dashscope_succeeded"))

    assert snapshot.outputs == (
        Output(url="https://result.example/x/y.mp4?Expires=1767340990&Signature=s", expires_in=timedelta(hours=24), duration_s=5.0),
    )
    assert (snapshot.state, snapshot.actual_prompt) == (State.SUCCEEDED, "a red fox sprints across a snowy field")
    assert snapshot.units == "video_duration=5 video_ratio=1280*720 video_count=1"
    assert snapshot.charge == Charge(amount=Decimal("5.0"), unit="seconds")


def test_success_without_a_file_is_unexpected():
    assert type(poll(fixture("dashscope_succeeded", video_url=None))) is UnexpectedReply


@in_one_test(
    ("code", "kind"),
    [
        ("DataInspectionFailed", ContentRejected),
        ("InvalidParameter.Image", InvalidParams),
        ("InternalError.Algo", GenerationFailed),
        ("Throttling", GenerationFailed),
        ("", GenerationFailed),
    ],
)
def test_failed_task_keeps_code_and_words(code, kind):
    snapshot = poll(fixture("dashscope_failed", code=code))

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, kind, code or None)
    assert snapshot.error.message == "Output data may contain inappropriate content."


def test_unknown_task_is_gone():
    assert type(poll(fixture("dashscope_unknown"))) is SubmissionGone


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.dashscope"):
        snapshot = poll(fixture("dashscope_running", task_status="DREAMING"))

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "DREAMING")
    assert [record.message for record in caplog.records] == ["undocumented task status 'DREAMING'; the task counts as running"]


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"output": []}, {"output": {}}, {"output": {"task_status": 7}}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


def test_cancel_is_refused_once_the_task_renders():
    dashscope = WIRE.provider

    assert next(dashscope.cancel(TASK)) == WireRequest(method="POST", path=f"tasks/{TASK.id}/cancel")
    assert outcome(dashscope, dashscope.cancel(TASK), reply_of({"request_id": "r"})) is None
    assert type(outcome(dashscope, dashscope.cancel(TASK), reply_of(error_body("UnsupportedOperation"), 400))) is Refused


def listing(*made_at, total=None):
    """A page of the list: tasks old-0, old-1 ... made at these times."""
    rows = [{"task_id": f"old-{n}", "gmt_create": made_at[n], "status": "RUNNING"} for n in range(len(made_at))]
    return reply_of({"request_id": "r", "data": rows, "total": len(rows) if total is None else total, "page_no": 1})


AN_HOUR_AGO = int((NOON.timestamp() - 3600) * 1000)
JUST_NOW = int((NOON.timestamp() + 1) * 1000)


def test_look_up_reads_the_whole_list():
    dashscope = WIRE.provider

    talk = dashscope.look_up("job-1", ALL_MODELS["dashscope/wanx2.1-t2v-turbo"], NOON, ())
    first, second = next(talk), talk.send(listing(AN_HOUR_AGO, total=2))

    assert (first.path, dict(first.query)) == ("tasks", {"page_no": 1, "page_size": 100})
    assert second.query["page_no"] == 2


@pytest.mark.parametrize(
    ("pages", "known"),
    [
        ([listing()], ()),
        ([listing(AN_HOUR_AGO)], ()),
        ([listing(JUST_NOW)], ("old-0",)),
        ([listing(AN_HOUR_AGO, total=2), listing(JUST_NOW, total=2)], ("old-0",)),
    ],
)
def test_task_is_absent_when_the_whole_list_is_older_or_known(pages, known):
    assert WIRE.look_up(*pages, known=known) is None


@in_one_test(
    "pages",
    [
        [listing(JUST_NOW)],
        [listing(JUST_NOW, AN_HOUR_AGO)],
        [listing("2026-11-20 19:00:00")],
        [listing(None)],
        [listing(AN_HOUR_AGO, total=3), listing(total=3)],
    ],
)
def test_look_up_cannot_decide_about_a_task_that_may_be_ours(pages):
    assert type(WIRE.look_up(*pages)) is Unsupported


@pytest.mark.parametrize(("model", "kind"), [("wan2.6-t2v", type(None)), ("wanx2.1-t2v-turbo", Unsupported), ("renamed", Unsupported)])
def test_task_of_another_model_of_ours_is_passed_over(model, kind):
    row = {"task_id": "other", "gmt_create": JUST_NOW, "model_name": model}

    assert type(WIRE.look_up(reply_of({"data": [row], "total": 1}))) is kind


@in_one_test("body", [{}, {"data": {}}, {"data": [], "total": "0"}, {"data": [7], "total": 1}, {"data": [{}], "total": 1}])
def test_list_that_cannot_be_read_proves_nothing(body):
    assert type(WIRE.look_up(reply_of(body))) is UnexpectedReply


def test_account_check_is_a_free_list():
    dashscope = WIRE.provider
    request = next(dashscope.check_account())

    assert (request.path, dict(request.query), request.billable) == ("tasks", {"page_no": 1, "page_size": 1}, False)
    assert outcome(dashscope, dashscope.check_account(), reply_of({"total": 0})) is None
    assert type(outcome(dashscope, dashscope.check_account(), reply_of({"hello": 1}))) is UnexpectedReply


def test_key_is_sent_as_a_bearer_token():
    signed = WIRE.provider.sign(WireRequest(method="GET", path="tasks"), NOON)

    assert signed.headers == {"Authorization": "Bearer sk-portal-test"}


def test_workspace_goes_with_every_call_of_an_account_that_has_one():
    signed = make_provider("dashscope", workspace="ws-4711").sign(WireRequest(method="GET", path="tasks"), NOON)

    assert signed.headers == {"Authorization": "Bearer sk-portal-test", "X-DashScope-WorkSpace": "ws-4711"}


def test_task_is_waited_for_nearly_as_long_as_the_vendor_keeps_it():
    kept = {(spec.deadline, spec.result_life) for spec in WIRE.provider.models.values()}

    assert kept == {(timedelta(hours=22), timedelta(hours=24))}


def test_effect_replaces_the_prompt():
    model = "dashscope/wanx2.1-i2v-turbo"
    said = WIRE.asked(make_request(model, prompt="", style="squish"))

    assert set(said.json["input"]) == {"template", "img_url"}
    assert ALL_MODELS[model].params(style="squish").replaces_prompt
    assert not ALL_MODELS[model].params().replaces_prompt
