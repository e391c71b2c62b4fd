"""What we say to MiniMax, over both generations of its API, and what its answers mean, by table, without a socket."""

import base64
import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
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
from providers.core.types import Charge, Output, State, Submission, WireRequest
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, reply_of

HAILUO, HAILUO_02, SUBJECT = "minimax/MiniMax-Hailuo-2.3", "minimax/MiniMax-Hailuo-02", "minimax/S2V-01"
H3, H3_MAX, REGENERATION = "minimax/MiniMax-H3", "minimax/MiniMax-H3-Max", "minimax/MiniMax-H3-regeneration"
DRAFT = "https://files.example/draft.mp4"
FIRST = Submission(id="170000000000001", model="MiniMax-Hailuo-2.3")
SECOND = Submission(id="v2-1", model="MiniMax-H3")
SUCCESS, FILE, SUCCEEDED = fixture("minimax_success"), fixture("minimax_file"), fixture("minimax_v2_succeeded")
WIRE = Wire(provider=make_provider("minimax"), model=HAILUO, task=FIRST)
SECOND_WIRE = replace(WIRE, task=SECOND)
submit, poll = WIRE.submit, WIRE.poll


def refused(code):
    """An error of v1: HTTP 200 all the same."""
    return {"base_resp": {"status_code": code, "status_msg": "words of the vendor"}}


def v2_error(kind, words="words of the vendor (1026)"):
    return {"type": "error", "error": {"type": kind, "message": words, "http_code": "422"}, "request_id": "rq-1"}


def task(**changes):
    return {"task": SUCCEEDED["task"] | changes}


def test_v1_submit_sends_every_option_under_the_vendors_names():
    request = make_request(HAILUO_02, ["first_frame", "last_frame"], duration_s=10, prompt_extend=False, fast_pretreatment=True)

    said = WIRE.asked(request)

    first, last = said.json.pop("first_frame_image"), said.json.pop("last_frame_image")
    assert (said.method, said.path, said.billable) == ("POST", "/v1/video_generation", True)
    assert said.json == {
        "model": "MiniMax-Hailuo-02",
        "prompt": "a boat",
        "duration": 10,
        "resolution": "768P",
        "prompt_optimizer": False,
        "fast_pretreatment": True,
    }
    assert base64.b64decode(first.removeprefix("data:image/png;base64,"), validate=True) == request.inputs["first_frame"][0].content
    assert last.startswith("data:image/png;base64,")


def test_subject_has_its_own_form_and_no_length():
    said = WIRE.asked(make_request(SUBJECT, prompt="")).json

    [subject] = said.pop("subject_reference")
    assert said == {"model": "S2V-01", "prompt_optimizer": True}
    assert (subject["type"], len(subject["image"])) == ("character", 1)


def test_v2_submit_from_text():
    said = WIRE.asked(make_request(H3_MAX, aspect_ratio="21:9", duration_s=15, resolution="480P", prompt_expansion="quality"))

    assert (said.method, said.path, said.billable) == ("POST", "/v2/video_generation", True)
    assert said.json == {
        "model": "MiniMax-H3-Max",
        "content": [{"type": "text", "text": "a boat"}],
        "resolution": "480P",
        "duration": 15,
        "ratio": "21:9",
        "extra": {"prompt_expansion_mode": "quality"},
    }


@pytest.mark.parametrize(
    ("slots", "roles", "ratio"),
    [
        (["first_frame", "last_frame"], ["first_frame", "last_frame"], None),
        (["references"], ["reference_image"], "16:9"),
    ],
)
def test_v2_images_have_roles(slots, roles, ratio):
    said = WIRE.asked(make_request(H3, slots)).json

    assert [part["role"] for part in said["content"][1:]] == roles
    assert said.get("ratio") == ratio


def test_v2_says_the_watermark_only_where_it_is_wanted():
    said = [WIRE.asked(make_request(H3, watermark=wanted)).json for wanted in (True, False)]

    assert [body.get("aigc_watermark") for body in said] == [True, None]


@in_one_test(
    ("model", "params", "field"),
    [
        (HAILUO, {"duration_s": 10, "resolution": "1080P"}, "resolution"),
        (HAILUO, {"resolution": "512P"}, "resolution"),
        (HAILUO, {"duration_s": 5}, "duration_s"),
        ("minimax/T2V-01", {"fast_pretreatment": True}, "fast_pretreatment"),
        ("minimax/T2V-01", {"duration_s": 10}, "duration_s"),
        (SUBJECT, {"duration_s": 6}, "duration_s"),
        (H3, {"resolution": "480P"}, "resolution"),
        (H3, {"prompt_expansion": "quality"}, "prompt_expansion"),
        (H3, {"duration_s": 16}, "duration_s"),
        (H3_MAX, {"duration_s": 4}, "duration_s"),
        (H3_MAX, {"resolution": "2K"}, "resolution"),
    ],
)
def test_value_that_minimax_does_not_take_is_refused_by_field(model, params, field):
    with pytest.raises(ValidationError) as caught:
        ALL_MODELS[model].params(**params)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@in_one_test(
    ("model", "params", "slots", "path"),
    [
        (HAILUO_02, {}, {"last_frame"}, "inputs.first_frame"),
        (HAILUO_02, {"resolution": "512P"}, set(), "params.resolution"),
        (H3, {}, {"last_frame"}, "inputs.first_frame"),
        (H3, {}, {"first_frame", "references"}, "inputs.references"),
        (H3, {"aspect_ratio": "1:1"}, {"first_frame"}, "params.aspect_ratio"),
        (H3, {"aspect_ratio": "adaptive"}, set(), "params.aspect_ratio"),
        (H3, {"reference_sounds": ["https://files.example/a.mp3"]}, set(), "params.reference_sounds"),
        (H3_MAX, {"reference_sounds": ["https://files.example/a.mp3"]}, set(), "params.reference_sounds"),
        (REGENERATION, {"base_video": DRAFT, "reference_sounds": ["https://files.example/a.mp3"]}, set(), "params.reference_sounds"),
    ],
)
def test_option_that_does_not_go_with_the_images_is_refused_by_path(model, params, slots, path):
    with pytest.raises(InputConflict) as caught:
        ALL_MODELS[model].params(**params).check_inputs(dict.fromkeys(slots, 1))

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("model", "body", "name"),
    [
        (HAILUO, {"task_id": "17", "base_resp": {"status_code": 0, "status_msg": "success"}}, "17"),
        (HAILUO, {"task_id": 17}, "17"),
        (H3, {"task_id": "v2-1"}, "v2-1"),
    ],
)
def test_accepted_task_gives_its_id(model, body, name):
    assert submit(body, model=model) == Submission(id=name, model=model.partition("/")[2])


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {}, {"task_id": ""}, {"task_id": True}, refused(7)])
@in_one_test("model", [HAILUO, H3])
def test_unreadable_answer_to_a_submit_is_uncertain(model, body):
    assert type(submit(body, model=model)) is Uncertain


@in_one_test(
    ("code", "kind"),
    [
        (1000, Uncertain),
        (1001, Uncertain),
        (1002, RateLimited),
        (1004, AuthenticationFailed),
        (1008, OutOfCredit),
        (1024, Uncertain),
        (1026, ContentRejected),
        (1027, ContentRejected),
        (1033, Uncertain),
        (1039, RateLimited),
        (1041, RateLimited),
        (1042, InvalidParams),
        (2013, InvalidParams),
        (2049, AuthenticationFailed),
        (2056, PlanUsedUp),
    ],
)
def test_v1_code_has_its_class_though_http_says_200(code, kind):
    error = submit(refused(code))

    assert (type(error), error.vendor_code, error.http_status) == (kind, str(code), 200)
    assert error.message.startswith("words of the vendor")


@in_one_test(
    ("status", "word", "kind"),
    [
        (400, "bad_request_error", InvalidParams),
        (401, "authorized_error", AuthenticationFailed),
        (402, "insufficient_balance_error", OutOfCredit),
        (422, "unprocessable_entity_error", ContentRejected),
        (429, "rate_limit_error", RateLimited),
        (500, "server_error", Uncertain),
        (529, "overloaded_error", RateLimited),
        (418, "teapot_error", Uncertain),
    ],
)
def test_v2_type_has_its_class(status, word, kind):
    error = submit(v2_error(word), status, model=H3)

    assert (type(error), error.vendor_code, error.http_status, error.request_id) == (kind, word, status, "rq-1")


@pytest.mark.parametrize(
    ("words", "opens_at"),
    [
        ("usage limit exceeded (2056)", None),
        ("usage limit exceeded, 5-hour usage limit reached, resets at 2026-11-20T15:00:00Z (2056)", NOON + timedelta(hours=3)),
    ],
)
def test_used_up_plan_is_distinguished_from_other_rate_limits_by_its_number(words, opens_at):
    first = submit({"base_resp": {"status_code": 2056, "status_msg": words}})
    second = submit(v2_error("rate_limit_error", words), 429, model=H3)

    assert [(type(error), error.vendor_code, error.opens_at) for error in (first, second)] == [(PlanUsedUp, "2056", opens_at)] * 2


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(v2_error("rate_limit_error"), 429, model=H3, retry_after="3").retry_after_s == 3.0


def test_vendor_down_on_a_poll_is_not_uncertain():
    assert type(poll(refused(1000))) is ProviderDown
    assert type(SECOND_WIRE.poll(v2_error("server_error"), status=500)) is ProviderDown


@pytest.mark.parametrize(("word", "state"), [("Preparing", State.QUEUED), ("Queueing", State.QUEUED), ("Processing", State.RUNNING)])
def test_v1_state_has_ours(word, state):
    snapshot = poll(SUCCESS | {"status": word, "file_id": ""})

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (state, word, ())


@pytest.mark.parametrize("file_id", ["170000000000009", 170000000000009])
def test_v1_file_is_asked_for_by_its_id(file_id):
    talk = WIRE.provider.poll(FIRST)

    first, second = next(talk), talk.send(reply_of(SUCCESS | {"file_id": file_id}))

    assert (first.path, dict(first.query)) == ("/v1/query/video_generation", {"task_id": "170000000000001"})
    assert (second.path, dict(second.query)) == ("/v1/files/retrieve", {"file_id": "170000000000009"})


def test_v1_finished_task_gives_file_and_life():
    snapshot = poll(SUCCESS, then=[FILE])

    assert snapshot.outputs == (Output(url="https://minimax.example/m.mp4", expires_in=timedelta(hours=1)),)
    assert (snapshot.state, snapshot.vendor_state) == (State.SUCCEEDED, "Success")


@pytest.mark.parametrize("bodies", [(SUCCESS | {"file_id": ""},), (SUCCESS, {}), (SUCCESS, {"file": {"download_url": ""}})])
def test_v1_success_without_a_file_is_unexpected(bodies):
    assert type(poll(bodies[0], then=bodies[1:])) is UnexpectedReply


@in_one_test(
    ("code", "words", "kind", "message"),
    [
        (1027, "output sensitive", ContentRejected, "output sensitive"),
        (1026, "input", ContentRejected, "input"),
        (0, "sensitive content", ContentRejected, "sensitive content"),
        (1000, "unknown", GenerationFailed, "unknown"),
        (0, "success", GenerationFailed, "MiniMax failed to render the video and gave no reason."),
    ],
)
def test_v1_failed_task_keeps_code_and_words(code, words, kind, message):
    body = SUCCESS | {"status": "Fail", "file_id": "", "base_resp": {"status_code": code, "status_msg": words}}

    snapshot = poll(body)

    assert (snapshot.state, type(snapshot.error), snapshot.error.message) == (State.FAILED, kind, message)
    assert snapshot.error.vendor_code == (str(code) if code else None)


def test_v1_unknown_task_is_gone():
    gone = {"base_resp": {"status_code": 2013, "status_msg": "invalid params, invalid task_id"}}

    assert type(poll(gone)) is SubmissionGone
    assert type(poll(refused(2013))) is InvalidParams


@pytest.mark.parametrize(("word", "state"), [("queued", State.QUEUED), ("running", State.RUNNING), ("cancelled", State.CANCELLED)])
def test_v2_state_has_ours(word, state):
    snapshot = SECOND_WIRE.poll(task(status=word, content=None))

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (state, word, ())


def test_v2_finished_task_gives_file_life_and_units():
    snapshot = SECOND_WIRE.poll(SUCCEEDED)

    assert snapshot.outputs == (Output(url="https://minimax.example/h3.mp4", expires_in=timedelta(hours=1)),)
    assert (snapshot.state, snapshot.units) == (State.SUCCEEDED, "total_seconds=5 input_seconds=0 output_seconds=5")
    assert snapshot.charge == Charge(amount=Decimal(5), unit="seconds")


@in_one_test(
    ("word", "error", "kind", "code"),
    [
        ("failed", {"code": "1026", "message": "words"}, ContentRejected, "1026"),
        ("failed", {"code": "2013", "message": "words"}, InvalidParams, "2013"),
        ("failed", {"code": "1033", "message": "words"}, GenerationFailed, "1033"),
        ("failed", None, GenerationFailed, None),
        ("expired", None, GenerationFailed, "expired"),
    ],
)
def test_v2_failed_task_keeps_code(word, error, kind, code):
    snapshot = SECOND_WIRE.poll(task(status=word, error=error))

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, kind, code)


def test_v2_unknown_task_is_gone_and_a_bare_404_says_nothing():
    assert type(SECOND_WIRE.poll(v2_error("bad_request_error"), status=404)) is SubmissionGone
    assert type(SECOND_WIRE.poll(v2_error("bad_request_error", "invalid task_id (2013)"), status=400)) is SubmissionGone
    assert type(SECOND_WIRE.poll(v2_error("bad_request_error"), status=400)) is InvalidParams
    assert type(SECOND_WIRE.poll(b"<html>", status=404)) is Refused


@in_one_test("one", [FIRST, SECOND])
@in_one_test("body", [b"", b"<html>", b"[]", {}, {"task": []}, {"task": {}}, {"status": None}])
def test_unreadable_answer_to_a_poll_is_unexpected(one, body):
    assert type(WIRE.poll(body, task=one)) is UnexpectedReply


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.minimax"):
        snapshot = poll(SUCCESS | {"status": "Dreaming"})

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "Dreaming")
    assert [record.message for record in caplog.records] == ["undocumented task status 'Dreaming'; the task counts as running"]


def test_only_v2_is_asked_for_many_and_what_its_list_leaves_out_is_not_gone():
    tasks = [Submission(id=name, model="MiniMax-H3") for name in ("v2-1", "left-out")]

    request = next(WIRE.provider.poll_many(tasks))
    answers = WIRE.outcome(WIRE.provider.poll_many(tasks), reply_of({"items": [SUCCEEDED["task"]], "total": 1}))

    assert [WIRE.provider.poll_group(one) for one in (FIRST, SECOND)] == [None, "v2"]
    assert (request.path, request.query["filter.task_ids"]) == ("/v2/query/video_generation", ["v2-1", "left-out"])
    assert {name: answer.state for name, answer in answers.items()} == {"v2-1": State.SUCCEEDED}


def test_only_a_waiting_task_of_v2_is_deleted():
    waiting = reply_of(task(status="queued"))
    talk = WIRE.provider.cancel(SECOND)
    first, second = next(talk), talk.send(waiting)

    assert (first.method, second) == ("GET", WireRequest(method="DELETE", path="/v2/video_generation/v2-1"))
    assert WIRE.outcome(WIRE.provider.cancel(SECOND), waiting, reply_of({"action": "cancelled"})) is None
    assert type(WIRE.outcome(WIRE.provider.cancel(SECOND), reply_of(SUCCEEDED))) is Refused
    assert type(WIRE.outcome(WIRE.provider.cancel(FIRST))) is Unsupported


def test_look_up_is_not_offered():
    assert WIRE.provider.can_look_up is False


def test_account_check_is_a_free_list():
    request = next(WIRE.provider.check_account())

    assert (request.path, dict(request.query), request.billable) == ("/v2/query/video_generation", {"page_num": 1, "page_size": 1}, False)
    assert WIRE.check_account({"items": []}) is None
    assert type(WIRE.check_account({"hello": 1})) is UnexpectedReply


def test_key_is_sent_as_a_bearer_token():
    assert WIRE.provider.sign(WireRequest(method="GET", path="x"), NOON).headers == {"Authorization": "Bearer sk-portal-test"}
