"""What we say to Kling's new API and what its answers mean, by table, without a socket."""

import base64
import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
from providers.core.errors import (
    ContentRejected,
    DuplicateReference,
    GenerationFailed,
    InvalidParams,
    ProviderDown,
    RateLimited,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
)
from providers.core.types import Charge, Output, State, Submission
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, reply_of

V30, TURBO, OMNI, V26 = "kling/kling-3.0", "kling/kling-3.0-turbo", "kling/kling-3.0-omni", "kling/kling-2.6"
TASK = Submission(id="893000000000000001", model="kling-3.0")
OTHER = Submission(id="893000000000000002", model="kling-3.0")
CLASSIC = Submission(id="83", model="kling-v2-6", kind="text2video")
ANSWER = fixture("kling_new_tasks")
WIRE = Wire(provider=make_provider("kling", "official-key"), model=V30, task=TASK)
submit, poll = WIRE.submit, WIRE.poll


def answer(**changes):
    """The list with its first task changed."""
    first, second = ANSWER["data"]
    return {**ANSWER, "data": [first | changes, second]}


# submit


def test_submit_from_text_sends_every_option_under_the_vendors_names():
    request = make_request(
        V30, duration_s=15, aspect_ratio="9:16", resolution="4k", with_audio=True, multi_shot=False, watermark=True, reference="job-3"
    )

    said = WIRE.asked(request)

    assert (said.method, said.path, said.billable) == ("POST", "/text-to-video/kling-3.0", True)
    assert said.json == {
        "prompt": "a boat",
        "settings": {"resolution": "4k", "duration": 15, "aspect_ratio": "9:16", "audio": "native", "multi_shot": False},
        "options": {"external_task_id": "job-3", "watermark_info": {"enabled": True}},
    }


def test_submit_from_images_lists_contents_and_has_no_shape():
    request = make_request(V30, ["first_frame", "last_frame"])

    said = WIRE.asked(request)

    assert said.path == "/image-to-video/kling-3.0"
    assert [part["type"] for part in said.json["contents"]] == ["prompt", "first_frame", "last_frame"]
    assert base64.b64decode(said.json["contents"][1]["url"], validate=True) == request.inputs["first_frame"][0].content
    assert said.json["settings"] == {"resolution": "720p", "duration": 5, "audio": "off", "multi_shot": True}
    assert "prompt" not in said.json


def test_prompt_may_be_missing_beside_an_image():
    assert [part["type"] for part in WIRE.asked(make_request(TURBO, ["first_frame"], prompt="")).json["contents"]] == ["first_frame"]


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (TURBO, {"resolution": "720p", "duration": 5, "aspect_ratio": "16:9"}),
        (V26, {"resolution": "720p", "duration": 5, "aspect_ratio": "16:9", "audio": "off"}),
    ],
)
def test_settings_that_a_model_does_not_have_are_not_sent(model, settings):
    assert WIRE.asked(make_request(model)).json["settings"] == settings


@pytest.mark.parametrize(
    ("slots", "kinds", "shape"),
    [([], ["prompt"], "16:9"), (["references"], ["prompt", "refer_image"], "16:9"), (["first_frame"], ["prompt", "first_frame"], None)],
)
def test_omni_has_one_path_for_all(slots, kinds, shape):
    said = WIRE.asked(make_request(OMNI, slots))

    assert said.path == "/omni-video/kling-3.0-omni"
    assert [part["type"] for part in said.json["contents"]] == kinds
    assert said.json["settings"].get("aspect_ratio") == shape


@in_one_test(
    ("model", "params", "field"),
    [
        (V26, {"with_audio": True}, "with_audio"),
        (V26, {"duration_s": 7}, "duration_s"),
        (V26, {"multi_shot": False}, "multi_shot"),
        (V26, {"resolution": "4k"}, "resolution"),
        (TURBO, {"with_audio": True}, "with_audio"),
        (TURBO, {"resolution": "4k"}, "resolution"),
        (V30, {"duration_s": 2}, "duration_s"),
        (V30, {"negative_prompt": "fog"}, "negative_prompt"),
    ],
)
def test_value_that_the_vendor_does_not_take_is_refused_by_field(model, params, field):
    with pytest.raises(ValidationError) as caught:
        ALL_MODELS[model].params(**params)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    ("params", "slots", "path"),
    [({}, {"last_frame"}, "inputs.first_frame"), ({"aspect_ratio": "1:1"}, {"first_frame"}, "params.aspect_ratio")],
)
def test_option_that_does_not_go_with_the_images_is_refused_by_path(params, slots, path):
    with pytest.raises(InputConflict) as caught:
        ALL_MODELS[V30].params(**params).check_inputs(dict.fromkeys(slots, 1))

    assert caught.value.path == path


def test_new_models_need_an_api_key_and_have_their_slots():
    new = [
        ALL_MODELS[name] for name in (V30, TURBO, OMNI, V26, "kling/kling-o1", "kling/kling-2.5-turbo", "kling/kling-2.6-motion-control")
    ]

    assert {spec.surfaces for spec in new} == {("official-key",)}
    assert [[slot.name for slot in spec.slots] for spec in new] == [
        ["first_frame", "last_frame"],
        ["first_frame"],
        ["first_frame", "last_frame", "references"],
        ["first_frame", "last_frame"],
        ["first_frame", "last_frame", "references"],
        ["first_frame", "last_frame"],
        ["references"],
    ]


def test_accepted_task_gives_its_id():
    body = {"code": 0, "message": "SUCCEED", "request_id": "r", "data": {"id": TASK.id, "status": "submitted", "external_id": "job-1"}}

    assert submit(body) == TASK


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {"code": 0}, {"code": 0, "data": {"id": ""}}, {"code": 0, "data": []}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(400, 1201, InvalidParams), (400, 1301, ContentRejected), (429, 1303, RateLimited), (200, 1303, RateLimited)],
)
def test_error_codes_are_those_of_the_classic_api(status, code, kind):
    assert type(submit({"code": code, "message": "no", "request_id": "r"}, status)) is kind


@pytest.mark.parametrize("words", ["external_task_id already exists", "The task with this ID already exists"])
def test_reference_that_the_account_has_is_a_duplicate(words):
    """Tried at the vendor on 2026-09-22: 400, code 1201, `already exists`, and nothing is charged (https://github.com/aself101/kling-api)."""
    assert type(submit({"code": 1201, "message": words, "request_id": "r"}, 400)) is DuplicateReference
    assert WIRE.provider.takes_reference_once("official-key", "kling-3.0")
    assert not WIRE.provider.takes_reference_once("gateway", "kling-v2-6")


# poll


@pytest.mark.parametrize(("word", "state"), [("submitted", State.QUEUED), ("processing", State.RUNNING)])
def test_vendor_state_has_ours(word, state):
    snapshot = poll(answer(status=word, outputs=[]))

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (state, word, ())


def test_finished_task_gives_file_life_length_and_units():
    snapshot = poll(ANSWER)

    assert snapshot.outputs == (Output(url="https://kling.example/k/v1.mp4", expires_in=timedelta(days=30), duration_s=5.0),)
    assert (snapshot.state, snapshot.units) == (State.SUCCEEDED, "10 unit")
    assert snapshot.charge == Charge(amount=Decimal(10), unit="units")


def test_marked_file_is_taken_where_there_is_one():
    video = ANSWER["data"][0]["outputs"][0] | {"watermark_url": "https://kling.example/k/marked.mp4"}

    assert poll(answer(outputs=[video])).outputs[0].url == "https://kling.example/k/marked.mp4"


@in_one_test("outputs", [None, [], [7], [{"type": "image", "url": "https://kling.example/a.png"}], [{"type": "video"}]])
def test_success_without_a_file_is_unexpected(outputs):
    assert type(poll(answer(outputs=outputs))) is UnexpectedReply


def test_charge_in_money_is_reported_with_its_currency():
    billing = [{"charge_type": "cash", "cash_type": "balance", "currency": "CNY", "amount": "3.5"}]

    assert poll(answer(billing=billing)).units == "3.5 CNY"
    assert poll(answer(billing=billing)).charge == Charge(amount=Decimal("3.5"), unit="CNY")
    assert poll(answer(billing=billing * 2)).charge is None


@pytest.mark.parametrize(("words", "kind"), [("content risk", ContentRejected), ("internal", GenerationFailed), ("", GenerationFailed)])
def test_failed_task_keeps_the_vendors_words(words, kind):
    snapshot = poll(answer(status="failed", message=words, outputs=[]))

    assert (snapshot.state, type(snapshot.error)) == (State.FAILED, kind)
    assert snapshot.error.message == (words or "Kling failed to render the video and gave no reason.")


def test_task_that_is_missing_from_the_answer_is_gone():
    assert type(poll({"code": 0, "data": []})) is SubmissionGone


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"code": 0}, {"code": 0, "data": {}}, {"code": 0, "data": [{}]}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


def test_vendor_down_on_a_poll_is_not_uncertain():
    assert type(poll({"code": 5000, "message": "x"}, 500)) is ProviderDown


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.kling"):
        snapshot = poll(answer(status="musing"))

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "musing")
    assert [record.message for record in caplog.records] == ["undocumented task status 'musing'; the task counts as running"]


def test_many_are_asked_in_one_call_and_classic_ones_alone():
    request = next(WIRE.provider.poll_many([TASK, OTHER]))
    answers = WIRE.outcome(WIRE.provider.poll_many([TASK, OTHER]), reply_of(answer(outputs=[])))

    assert (request.path, dict(request.query)) == ("/tasks", {"task_ids": "893000000000000001,893000000000000002"})
    assert {name: getattr(one, "state", type(one)) for name, one in answers.items()} == {TASK.id: UnexpectedReply, OTHER.id: State.FAILED}
    assert [WIRE.provider.poll_group(one) for one in (TASK, OTHER, CLASSIC)] == ["/tasks", "/tasks", None]


# look-up


def look_up(body):
    return WIRE.outcome(WIRE.provider.look_up("job-3", ALL_MODELS[V30], NOON, ()), reply_of(body))


def test_look_up_asks_by_our_reference():
    request = next(WIRE.provider.look_up("job-3", ALL_MODELS[V30], NOON, ()))

    assert (request.path, dict(request.query)) == ("/tasks", {"external_task_ids": "job-3"})


def test_look_up_finds_the_task_or_none():
    assert look_up(ANSWER) == TASK
    assert look_up({"code": 0, "data": []}) is None


@pytest.mark.parametrize("body", [{"code": 0}, {"code": 0, "data": [7]}, {"code": 0, "data": ANSWER["data"][1:]}, answer(id="")])
def test_look_up_that_cannot_be_read_proves_nothing(body):
    assert type(look_up(body)) is UnexpectedReply
