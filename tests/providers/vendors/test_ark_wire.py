"""What we say to Ark and what its answers mean, by table, without a socket."""

import base64
import logging
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

V10, V15 = "ark/doubao-seedance-1-0-pro-250528", "ark/doubao-seedance-1-5-pro-251215"
V20, LITE = "ark/doubao-seedance-2-0-260128", "ark/doubao-seedance-1-0-lite-i2v-250428"
V25, SOUND = "ark/doubao-seedance-2-5-260628", "https://files.example/voice.mp3"
V20_FAST, LITE_TEXT = "ark/doubao-seedance-2-0-fast-260128", "ark/doubao-seedance-1-0-lite-t2v-250428"
TASK = Submission(id="cgt-20260101100000-abcde", model="doubao-seedance-1-5-pro-251215")
QUEUED = {"id": TASK.id, "model": TASK.model, "status": "queued", "error": None, "created_at": 1767261600, "updated_at": 1767261601}
SUCCEEDED = fixture("ark_succeeded")
WIRE = Wire(provider=make_provider("ark"), model=V15, task=TASK)
poll, submit = WIRE.poll, WIRE.submit


def error_body(code, message="words of the vendor"):
    return {"error": {"code": code, "message": message, "type": "BadRequest"}}


def test_submit_sends_every_option_under_the_vendors_names():
    request = make_request(
        V15,
        ["first_frame", "last_frame"],
        duration_s=8,
        aspect_ratio="adaptive",
        seed=11,
        camera_fixed=True,
        service_tier="flex",
        expires_after_s=3_600,
    )

    said = WIRE.asked(request)

    first, last = (part["image_url"].pop("url") for part in said.json["content"][1:])
    assert (said.method, said.path, said.billable) == ("POST", "contents/generations/tasks", True)
    assert said.json == {
        "model": "doubao-seedance-1-5-pro-251215",
        "content": [
            {"type": "text", "text": "a boat"},
            {"type": "image_url", "image_url": {}, "role": "first_frame"},
            {"type": "image_url", "image_url": {}, "role": "last_frame"},
        ],
        "duration": 8,
        "ratio": "adaptive",
        "resolution": "720p",
        "seed": 11,
        "watermark": False,
        "execution_expires_after": 3_600,
        "camera_fixed": True,
        "service_tier": "flex",
        "generate_audio": True,
        "draft": False,
    }
    assert base64.b64decode(first.removeprefix("data:image/png;base64,"), validate=True) == request.inputs["first_frame"][0].content
    assert last.startswith("data:image/png;base64,")


def test_references_have_their_own_role_and_prompt_may_be_missing():
    said = WIRE.asked(make_request(V20, ["references"], prompt="", web_search=True))

    assert [part["role"] for part in said.json["content"]] == ["reference_image"]
    assert said.json["tools"] == [{"type": "web_search"}]
    assert not {"ratio", "service_tier", "camera_fixed", "seed"} & said.json.keys()


@in_one_test(
    ("model", "words"),
    [
        (V10, "auto: 16:9 for text, the image's own shape for a first frame."),
        (LITE_TEXT, "auto is 16:9."),
        (LITE, "auto: the first frame's own shape, 16:9 for references."),
        (V15, "auto: the model chooses, by the words or by the first frame."),
        (V20, "auto: the model chooses, by the words, the first frame or the references."),
        (V20_FAST, "auto: the model chooses, by the words, the first frame or the references."),
        (V25, "auto: the shape of the first frame or of the edited video; otherwise the model chooses."),
    ],
)
def test_auto_leaves_the_shape_to_the_vendor_and_says_what_that_means(model, words):
    assert ALL_MODELS[model].params.model_fields["aspect_ratio"].description == words
    assert "ratio" not in WIRE.asked(make_request(model)).json
    assert WIRE.asked(make_request(V15, aspect_ratio="adaptive")).json["ratio"] == "adaptive"


@in_one_test(
    ("model", "params", "length"),
    [
        (V10, {"duration_s": 12}, {"duration": 12}),
        (V10, {"frames": 29}, {"frames": 29}),
        (V15, {"duration_auto": True}, {"duration": -1}),
        (V20, {"duration_s": 15}, {"duration": 15}),
        (V20, {"duration_auto": True}, {"duration": -1}),
        (V25, {"duration_s": 30}, {"duration": 30}),
    ],
)
def test_length_is_sent_as_either_seconds_or_frames(model, params, length):
    said = WIRE.asked(make_request(model, **params)).json

    assert {name: said[name] for name in ("duration", "frames") if name in said} == length


@in_one_test(
    ("model", "params", "field"),
    [
        (V10, {"frames": 30}, "frames"),
        (V10, {"frames": 25}, "frames"),
        (V10, {"frames": 293}, "frames"),
        (V10, {"frames": 29, "duration_s": 6}, "frames"),
        (V10, {"duration_s": 13}, "duration_s"),
        (V10, {"with_audio": True}, "with_audio"),
        (V15, {"duration_s": 3}, "duration_s"),
        (V15, {"draft": True}, "draft"),
        (V15, {"draft": True, "resolution": "480p", "service_tier": "flex"}, "draft"),
        (V15, {"frames": 29}, "frames"),
        (V20, {"service_tier": "flex"}, "service_tier"),
        (V20, {"camera_fixed": True}, "camera_fixed"),
        (V20, {"duration_s": 16}, "duration_s"),
        (V20_FAST, {"resolution": "1080p"}, "resolution"),
        (LITE_TEXT, {"aspect_ratio": "adaptive"}, "aspect_ratio"),
        (V15, {"expires_after_s": 3_599}, "expires_after_s"),
    ],
)
def test_value_that_ark_does_not_take_is_refused_by_field(model, params, field):
    with pytest.raises(ValidationError) as caught:
        ALL_MODELS[model].params(**params)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@in_one_test(
    ("model", "params", "slots", "path"),
    [
        (V15, {}, {"last_frame"}, "inputs.first_frame"),
        (V20, {}, {"first_frame", "references"}, "inputs.references"),
        (V20, {"reference_sounds": [SOUND]}, set(), "params.reference_sounds"),
        (V10, {"aspect_ratio": "adaptive"}, set(), "params.aspect_ratio"),
        (LITE, {"aspect_ratio": "adaptive"}, {"references"}, "params.aspect_ratio"),
        (LITE, {}, set(), "inputs.first_frame"),
        (LITE, {"camera_fixed": True}, {"references"}, "params.camera_fixed"),
    ],
)
def test_option_that_does_not_go_with_the_images_is_refused_by_path(model, params, slots, path):
    with pytest.raises(InputConflict) as caught:
        ALL_MODELS[model].params(**params).check_inputs(dict.fromkeys(slots, 1))

    assert caught.value.path == path


def test_slots_are_those_of_the_table():
    slots = {spec.id: [(slot.name, slot.max_count) for slot in spec.slots] for spec in WIRE.provider.models.values()}

    assert slots == {
        "doubao-seedance-2-5-260628": [("first_frame", 1), ("last_frame", 1), ("references", 30)],
        "doubao-seedance-2-0-260128": [("first_frame", 1), ("last_frame", 1), ("references", 9)],
        "doubao-seedance-2-0-fast-260128": [("first_frame", 1), ("last_frame", 1), ("references", 9)],
        "doubao-seedance-2-0-mini-260615": [("first_frame", 1), ("last_frame", 1), ("references", 9)],
        "doubao-seedance-1-5-pro-251215": [("first_frame", 1), ("last_frame", 1)],
        "doubao-seedance-1-0-pro-250528": [("first_frame", 1), ("last_frame", 1)],
        "doubao-seedance-1-0-pro-fast-251015": [("first_frame", 1)],
        "doubao-seedance-1-0-lite-t2v-250428": [],
        "doubao-seedance-1-0-lite-i2v-250428": [("first_frame", 1), ("last_frame", 1), ("references", 4)],
    }


def test_accepted_task_gives_its_id():
    assert submit({"id": TASK.id}) == TASK


@in_one_test("body", [b"", b"<html>ok</html>", b"[]", {}, {"id": ""}, {"id": 7}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


@in_one_test(
    ("status", "code", "message", "kind"),
    [
        (400, "MissingParameter", "", InvalidParams),
        (400, "MissingParameter.content", "", InvalidParams),
        (400, "InvalidParameter.ratio", "", InvalidParams),
        (400, "InvalidImageURL.EmptyURL", "", InvalidParams),
        (400, "InvalidEndpoint.ClosedEndpoint", "", Refused),
        (400, "SensitiveContentDetected.Violence", "", ContentRejected),
        (400, "InputTextSensitiveContentDetected", "", ContentRejected),
        (400, "InputImageSensitiveContentDetected.PrivacyInformation", "", ContentRejected),
        (400, "OutputVideoSensitiveContentDetected", "", ContentRejected),
        (401, "AuthenticationError", "", AuthenticationFailed),
        (401, "InvalidAccountStatus", "", AuthenticationFailed),
        (403, "AccountOverdueError", "", OutOfCredit),
        (403, "AccessDenied", "", AuthenticationFailed),
        (403, "OperationDenied.ServiceNotOpen", "", AuthenticationFailed),
        (404, "InvalidEndpointOrModel.NotFound", "", Refused),
        (404, "ModelNotOpen", "", AuthenticationFailed),
        (429, "RateLimitExceeded.EndpointRPMExceeded", "", RateLimited),
        (429, "ModelAccountRpmRateLimitExceeded", "", RateLimited),
        (429, "APIAccountRpmRateLimitExceeded", "", RateLimited),
        (429, "AccountRateLimitExceeded", "", RateLimited),
        (429, "ServerOverloaded", "", RateLimited),
        (429, "InflightBatchsizeExceeded", "", RateLimited),
        (429, "QuotaExceeded", "The queued task limit is reached.", RateLimited),
        (429, "QuotaExceeded", "Your free trial quota is used up.", OutOfCredit),
        (429, "SetLimitExceeded", "", OutOfCredit),
        (500, "InternalServiceError", "", Uncertain),
        (418, "Teapot", "", Uncertain),
    ],
)
def test_error_code_has_its_class(status, code, message, kind):
    error = submit(error_body(code, message), status)

    assert (type(error), error.vendor_code, error.http_status) == (kind, code, status)
    assert error.message.startswith(message or "Ark answered with error")


def test_wait_is_taken_from_the_rate_limit_reply():
    assert submit(error_body("ServerOverloaded"), 429, retry_after="3").retry_after_s == 3.0


@pytest.mark.parametrize(("word", "state"), [("queued", State.QUEUED), ("running", State.RUNNING), ("cancelled", State.CANCELLED)])
def test_vendor_state_has_ours(word, state):
    snapshot = poll(QUEUED | {"status": word})

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs, snapshot.error) == (state, word, (), None)


def test_finished_task_gives_file_life_length_and_units():
    snapshot = poll(SUCCEEDED)

    assert snapshot.outputs == (Output(url="https://ark.example/v.mp4?sig=x", expires_in=timedelta(hours=24), duration_s=5.0),)
    assert (snapshot.state, snapshot.units) == (State.SUCCEEDED, "completion_tokens=108900 total_tokens=108900")


@pytest.mark.parametrize(
    ("usage", "tokens"), [({"completion_tokens": 108_900, "total_tokens": 120_000}, 108_900), ({"total_tokens": 5}, None), (None, None)]
)
def test_completion_tokens_are_the_charge_and_not_all_tokens(usage, tokens):
    assert poll({**SUCCEEDED, "usage": usage}).charge == (Charge(amount=Decimal(tokens), unit="tokens") if tokens else None)


@pytest.mark.parametrize("content", [None, {}, {"video_url": ""}, []])
def test_success_without_a_file_is_unexpected(content):
    assert type(poll(SUCCEEDED | {"content": content})) is UnexpectedReply


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("OutputVideoSensitiveContentDetected.PolicyViolation", ContentRejected),
        ("InvalidParameter.image", InvalidParams),
        ("InvalidParameter.TaskTypeMismatch", InvalidParams),
        ("InternalServiceError", GenerationFailed),
        ("ServerOverloaded", GenerationFailed),
    ],
)
def test_failed_task_keeps_code_and_words(code, kind):
    snapshot = poll(QUEUED | {"status": "failed", "error": {"code": code, "message": "words"}})

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code, snapshot.error.message) == (State.FAILED, kind, code, "words")


@pytest.mark.parametrize(("word", "code"), [("expired", "expired"), ("failed", None)])
def test_task_that_ended_without_reason_has_failed(word, code):
    snapshot = poll(QUEUED | {"status": word})

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, GenerationFailed, code)


def test_unknown_task_is_gone_and_a_bare_404_says_nothing():
    assert type(poll(error_body("NotFound.Task"), 404)) is SubmissionGone
    assert type(poll(error_body("InvalidEndpointOrModel.NotFound"), 404)) is Refused
    assert type(poll(b"<html>", 404)) is Refused


def test_vendor_down_on_a_poll_is_not_uncertain():
    assert type(poll(error_body("InternalServiceError"), 500)) is ProviderDown


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.ark"):
        snapshot = poll(QUEUED | {"status": "dreaming"})

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "dreaming")
    assert [record.message for record in caplog.records] == ["undocumented task status 'dreaming'; the task counts as running"]


def test_many_are_asked_about_in_one_call_and_one_bad_row_spoils_no_other():
    tasks = [Submission(id=name, model=TASK.model) for name in ("a", "b", "gone")]
    rows = {"items": [QUEUED | {"id": "a"}, SUCCEEDED | {"id": "b", "content": None}], "total": 2}

    request = next(WIRE.provider.poll_many(tasks))
    answers = WIRE.outcome(WIRE.provider.poll_many(tasks), reply_of(rows))

    assert (request.path, dict(request.query)) == (
        "contents/generations/tasks",
        {"page_num": 1, "page_size": 3, "filter.task_ids": ["a", "b", "gone"]},
    )
    assert {name: getattr(answer, "state", type(answer)) for name, answer in answers.items()} == {"a": State.QUEUED, "b": UnexpectedReply}


@in_one_test("body", [{}, {"items": {}}, {"items": [7]}, {"items": [{}]}, b"<html>"])
def test_list_that_cannot_be_read_says_nothing_of_anybody(body):
    assert type(WIRE.outcome(WIRE.provider.poll_many([TASK]), reply_of(body))) is UnexpectedReply


def test_only_a_waiting_task_is_deleted():
    talk = WIRE.provider.cancel(TASK)
    first, second = next(talk), talk.send(reply_of(QUEUED))

    assert (first.method, second) == ("GET", WireRequest(method="DELETE", path=f"contents/generations/tasks/{TASK.id}"))
    assert WIRE.outcome(WIRE.provider.cancel(TASK), reply_of(QUEUED), reply_of({})) is None
    assert type(WIRE.outcome(WIRE.provider.cancel(TASK), reply_of(SUCCEEDED))) is Refused


def listing(*made_at, total=None):
    rows = [QUEUED | {"id": f"old-{n}", "created_at": made_at[n]} for n in range(len(made_at))]
    return reply_of({"items": rows, "total": len(rows) if total is None else total})


EARLIER, NOW = int(NOON.timestamp()) - 3600, int(NOON.timestamp())


@pytest.mark.parametrize(
    ("pages", "known"),
    [
        ([listing()], ()),
        ([listing(EARLIER)], ()),
        ([listing(NOW)], ("old-0",)),
        ([listing(EARLIER, total=2), listing(NOW, total=2)], ("old-0",)),
    ],
)
def test_task_is_absent_when_the_whole_list_is_older_or_known(pages, known):
    assert WIRE.look_up(*pages, known=known) is None


@pytest.mark.parametrize("pages", [[listing(NOW)], [listing(EARLIER, None)], [listing(EARLIER, total=3), listing(total=3)]])
def test_look_up_cannot_decide_about_a_task_that_may_be_ours(pages):
    assert type(WIRE.look_up(*pages)) is Unsupported


@pytest.mark.parametrize(("model", "kind"), [("doubao-seedance-2-0-260128", type(None)), ("ep-2026-x", Unsupported), (None, Unsupported)])
def test_task_of_another_model_of_ours_is_passed_over(model, kind):
    row = QUEUED | {"created_at": NOW, "model": model}

    assert type(WIRE.look_up(reply_of({"items": [row], "total": 1}))) is kind


def test_list_without_a_count_proves_nothing():
    assert type(WIRE.look_up(reply_of({"items": []}))) is UnexpectedReply


def test_account_check_is_a_free_list():
    request = next(WIRE.provider.check_account())

    assert (request.path, dict(request.query), request.billable) == ("contents/generations/tasks", {"page_num": 1, "page_size": 1}, False)
    assert WIRE.check_account({"items": [], "total": 0}) is None
    assert type(WIRE.check_account({"hello": 1})) is UnexpectedReply


def test_key_is_sent_as_a_bearer_token():
    assert WIRE.provider.sign(WireRequest(method="GET", path="x"), NOON).headers == {"Authorization": "Bearer sk-portal-test"}
