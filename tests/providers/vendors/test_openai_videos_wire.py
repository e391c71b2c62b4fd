"""What we say over the OpenAI Videos API and what its answers mean, by table, without a socket."""

import logging
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

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
from providers.core.types import Output, Part, Place, State, Submission, WireRequest
from providers.vendors import ALL_MODELS
from providers.vendors.openai_videos.catalog import SIZES
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, reply_of

ANY, SORA, PRO = "openai-videos/gateway-model", "openai-videos/sora-2", "openai-videos/sora-2-pro"
TASK = Submission(id="video_000001", model="gateway-model")
COMPLETED = fixture("openai_completed")
QUEUED = COMPLETED | {"status": "queued", "progress": 0, "completed_at": None}
WIRE = Wire(provider=make_provider("openai-videos", "compatible", "https://gateway.example/v1"), model=ANY, task=TASK)
poll, submit = WIRE.poll, WIRE.submit


def error_body(code, kind="invalid_request_error"):
    return {"error": {"message": "words of the vendor", "type": kind, "param": None, "code": code}}


def test_submit_is_multipart_also_without_a_file():
    said = WIRE.asked(make_request(SORA, aspect_ratio="16:9", duration_s=8))

    assert (said.method, said.path, said.billable, said.json) == ("POST", "videos", True, None)
    assert said.parts == (
        Part(name="prompt", content=b"a boat"),
        Part(name="model", content=b"sora-2"),
        Part(name="seconds", content=b"8"),
        Part(name="size", content=b"1280x720"),
    )


def test_first_frame_is_a_file_part():
    request = make_request(ANY, ["first_frame"], model_name="kling/kling-v3", size="640x360")

    *fields, file = WIRE.asked(request).parts

    assert [(part.name, part.content) for part in fields] == [
        ("prompt", b"a boat"),
        ("model", b"kling/kling-v3"),
        ("seconds", b"4"),
        ("size", b"640x360"),
    ]
    assert (file.name, file.filename, file.content_type) == ("input_reference", "first_frame.png", "image/png")
    assert file.content == request.inputs["first_frame"][0].content


def test_what_is_left_to_the_gateway_is_not_sent():
    assert [part.name for part in WIRE.asked(make_request(ANY)).parts] == ["prompt", "seconds"]


@in_one_test(("pair", "size"), SIZES.items())
def test_every_resolution_and_shape_has_its_size(pair, size):
    parts = WIRE.asked(make_request(PRO, resolution=pair[0], aspect_ratio=pair[1])).parts

    assert parts[-1] == Part(name="size", content=size.encode())


@in_one_test(
    ("model", "params", "field"),
    [
        (SORA, {"resolution": "1080p"}, "resolution"),
        (SORA, {"duration_s": 5}, "duration_s"),
        (PRO, {"aspect_ratio": "1:1"}, "aspect_ratio"),
        (ANY, {"duration_s": 0}, "duration_s"),
        (ANY, {"duration_s": 61}, "duration_s"),
        (ANY, {"size": "large"}, "size"),
        (ANY, {"size": "1280*720"}, "size"),
        (ANY, {"model_name": "x" * 201}, "model_name"),
    ],
)
def test_value_that_the_api_does_not_take_is_refused_by_field(model, params, field):
    with pytest.raises(ValidationError) as caught:
        ALL_MODELS[model].params(**params)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_closed_models_are_marked_and_free_names_need_a_gateway():
    assert {spec.id: (spec.retired, spec.surfaces) for spec in WIRE.provider.models.values()} == {
        "gateway-model": (None, ("compatible",)),
        "sora-2": (date(2026, 9, 24), ("compatible",)),
        "sora-2-pro": (date(2026, 9, 24), ("compatible",)),
        "sora-2-2025-12-08": (date(2026, 9, 24), ("compatible",)),
        "sora-2-2025-10-06": (date(2026, 9, 24), ("compatible",)),
        "sora-2-pro-2025-10-06": (date(2026, 9, 24), ("compatible",)),
    }


@pytest.mark.parametrize(
    ("body", "name"),
    [(QUEUED, "video_000001"), ({"id": "task_x", "task_id": "task_x", "object": "video"}, "task_x"), ({"task_id": "t-1"}, "t-1")],
)
def test_accepted_task_gives_its_id(body, name):
    assert submit(body) == Submission(id=name, model="gateway-model")


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {}, {"id": ""}, {"id": 7}, {"error": {"message": "odd"}}, {"error": ""}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


@in_one_test(
    ("status", "code", "kind"),
    [
        (400, "invalid_value", InvalidParams),
        (400, "moderation_blocked", ContentRejected),
        (400, "content_policy_violation", ContentRejected),
        (401, "invalid_api_key", AuthenticationFailed),
        (403, "unsupported_country", AuthenticationFailed),
        (404, "model_not_found", Refused),
        (429, "rate_limit_exceeded", RateLimited),
        (429, "insufficient_quota", OutOfCredit),
        (403, "insufficient_user_quota", OutOfCredit),
        (200, "insufficient_quota", Uncertain),
        (500, "server_error", Uncertain),
        (503, "insufficient_capacity", Uncertain),
    ],
)
def test_error_code_has_its_class(status, code, kind):
    error = submit(error_body(code), status)

    assert (type(error), error.vendor_code, error.http_status) == (kind, code, status)
    assert error.message.startswith("words of the vendor")


def test_error_without_a_code_has_its_type():
    assert submit(error_body(None), 400).vendor_code == "invalid_request_error"


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(error_body("rate_limit_exceeded"), 429, retry_after="3").retry_after_s == 3.0


@in_one_test(
    ("word", "progress", "state", "shown"),
    [
        ("queued", 0, State.QUEUED, 0),
        ("in_progress", 33, State.RUNNING, 33),
        ("in_progress", 33.7, State.RUNNING, 33),
        ("in_progress", "33%", State.RUNNING, 33),
        ("in_progress", "a third", State.RUNNING, None),
        ("in_progress", True, State.RUNNING, None),
        ("in_progress", 101, State.RUNNING, None),
    ],
)
def test_vendor_state_has_ours_with_its_progress(word, progress, state, shown):
    snapshot = poll(QUEUED | {"status": word, "progress": progress})

    assert (snapshot.state, snapshot.vendor_state, snapshot.progress, snapshot.outputs) == (state, word, shown, ())


def test_finished_file_is_fetched_from_the_accounts_host_with_its_key():
    [output] = poll(COMPLETED).outputs

    assert output == Output(
        url="https://gateway.example/v1/videos/video_000001/content", expires_in=timedelta(hours=1), headers_needed=True
    )
    assert WIRE.provider.download_headers(output.url, NOON) == {"Authorization": "Bearer sk-portal-test"}


def test_gateways_address_of_the_file_needs_no_key():
    [output] = poll(COMPLETED | {"metadata": {"url": "https://cdn.example/v.mp4"}}).outputs

    own = Place(url="https://gateway.example/v1/videos/video_000001/content", headers_needed=True)
    assert output == Output(url="https://cdn.example/v.mp4", expires_in=timedelta(hours=1), others=(own,))


@in_one_test("metadata", [None, {}, [], {"url": ""}, {"url": "data:video/mp4;base64,AAAA"}, {"url": 7}])
def test_value_that_is_not_an_address_is_ignored(metadata):
    [output] = poll(COMPLETED | {"metadata": metadata}).outputs

    assert output.headers_needed is True


@in_one_test(
    ("word", "error", "kind", "code"),
    [
        ("failed", {"code": "moderation_blocked", "message": "words"}, ContentRejected, "moderation_blocked"),
        ("failed", {"code": "server_error", "message": "words"}, GenerationFailed, "server_error"),
        ("failed", {"code": "insufficient_quota", "message": "words"}, GenerationFailed, "insufficient_quota"),
        ("failed", None, GenerationFailed, None),
        ("expired", None, GenerationFailed, "expired"),
    ],
)
def test_failed_video_keeps_code_and_words(word, error, kind, code):
    snapshot = poll(QUEUED | {"status": word, "error": error})

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, kind, code)
    assert snapshot.error.message == "words" if error else snapshot.error.message


def test_unknown_video_is_gone_and_a_bare_404_says_nothing():
    assert type(poll(error_body("not_found"), 404)) is SubmissionGone
    assert type(poll(b"<html>", 404)) is Refused
    assert type(poll(error_body("model_not_found"), 404)) is Refused


def test_vendor_down_on_a_poll_is_not_uncertain():
    assert type(poll(error_body("server_error"), 500)) is ProviderDown


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"error": ""}, {"id": "v"}, {"id": "v", "status": 7}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.openai_videos"):
        snapshot = poll(QUEUED | {"status": "dreaming"})

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "dreaming")
    assert [record.message for record in caplog.records] == ["undocumented task status 'dreaming'; the task counts as running"]


@pytest.mark.parametrize(
    ("header", "delay"), [("2500", timedelta(seconds=2.5)), ("9999999", timedelta(minutes=5)), ("soon", None), ("-1", None)]
)
def test_delay_of_the_next_poll_is_read_from_the_header(header, delay):
    reply = reply_of(QUEUED, openai_poll_after_ms=header)

    assert WIRE.outcome(WIRE.provider.poll(TASK), reply).ask_again_after == delay
    assert poll(QUEUED).ask_again_after is None


def test_dated_model_is_asked_for_by_its_own_name():
    assert WIRE.asked(make_request(f"{SORA}-2025-12-08")).parts[1] == Part(name="model", content=b"sora-2-2025-12-08")


def test_cancel_is_not_offered():
    assert WIRE.provider.can_cancel is False
    assert type(WIRE.outcome(WIRE.provider.cancel(TASK))) is Unsupported


def test_account_check_asks_for_the_models():
    request = next(WIRE.provider.check_account())

    assert (request.method, request.path, request.billable) == ("GET", "models", False)
    assert WIRE.check_account({"data": []}) is None
    assert WIRE.check_account({"data": [{"object": "model"}, {"id": 7}, "odd"]}) is None
    assert type(WIRE.check_account({"hello": 1})) is UnexpectedReply


def test_key_is_sent_as_a_bearer_token():
    assert WIRE.provider.sign(WireRequest(method="GET", path="models"), NOON).headers == {"Authorization": "Bearer sk-portal-test"}
