"""Vidu's protocol as requests and replies, without a socket. Answers are those of the vendor's pages (read 2026-11-29)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from providers.core.base import Options
from providers.core.callbacks import Callback, CallbackForged, Notice
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
from providers.core.types import Balance, Charge, Output, State, Submission, WireRequest
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, reply_of

TASK = Submission(id="2370222098365626", model="viduq3-turbo")
WIRE = Wire(provider=make_provider("vidu"), model="vidu/viduq3-turbo", task=TASK)
TRACE = "04e5c2fe159ff7c574acd0424e78c35f"


def error_body(reason: str, code: int = 400):
    return {"code": code, "reason": reason, "message": "words of the vendor", "metadata": {"trace_id": TRACE}}


def row(name: str, payload: object = "", created_at: str = "2026-11-20T12:00:01.968916Z"):
    return {"id": name, "state": "processing", "payload": payload, "created_at": created_at}


def page(*rows, after: str = ""):
    return reply_of({"tasks": list(rows), "next_page_token": after})


# what is asked


def test_text_is_sent_with_the_vendors_own_words():
    said = WIRE.asked(make_request("vidu/viduq3-pro", seed=7, aspect_ratio="9:16", with_audio=False))

    assert (said.method, said.path, said.billable) == ("POST", "/ent/v2/text2video", True)
    assert said.json == {
        "model": "viduq3-pro",
        "prompt": "a boat",
        "duration": 5,
        "aspect_ratio": "9:16",
        "resolution": "720p",
        "audio": False,
        "seed": 7,
        "payload": "job-1",
    }


@in_one_test(
    ("model", "slots", "path", "fields"),
    [
        ("viduq3-turbo", ["first_frame"], "img2video", {"audio"}),
        ("viduq3-turbo", ["first_frame", "last_frame"], "start-end2video", {"audio"}),
        ("viduq3-turbo", ["references"], "reference2video", {"audio", "aspect_ratio"}),
        ("viduq2-pro", ["first_frame"], "img2video", set()),
        ("viduq2-pro", ["references"], "reference2video", {"aspect_ratio"}),
        ("viduq2", ["references"], "reference2video", {"aspect_ratio"}),
    ],
)
def test_path_is_that_of_the_images_and_takes_its_own_fields_only(model, slots, path, fields):
    request = make_request(f"vidu/{model}", slots)

    said = WIRE.asked(request)

    assert said.path == f"/ent/v2/{path}"
    assert said.json["images"] == [request.inputs[slot][0].data_uri for slot in slots]
    assert said.json.keys() & {"audio", "aspect_ratio"} == fields


def test_sound_of_q2_is_asked_for_only_where_it_is_wanted():
    assert WIRE.asked(make_request("vidu/viduq2-turbo", with_audio=True)).json["audio"] is True


@in_one_test(
    ("model", "params", "images", "field"),
    [
        ("viduq2-pro", {}, {}, "inputs.first_frame"),
        ("viduq2-pro", {"duration_s": 9}, {"first_frame": 1, "last_frame": 1}, "duration_s"),
        ("viduq2-pro", {"with_audio": True}, {"references": 2}, "with_audio"),
        ("viduq2-turbo", {"with_audio": True}, {"first_frame": 1, "last_frame": 1}, "with_audio"),
        ("viduq3-turbo", {"duration_s": 2}, {"references": 1}, "duration_s"),
        ("viduq3-turbo", {"aspect_ratio": "4:3"}, {"references": 1}, "aspect_ratio"),
        ("viduq3-turbo", {"aspect_ratio": "4:3"}, {"first_frame": 1}, "aspect_ratio"),
        ("viduq3-turbo", {}, {"first_frame": 1, "references": 1}, "inputs.references"),
        ("viduq3-pro", {}, {"last_frame": 1}, "inputs.first_frame"),
    ],
)
def test_what_the_pages_exclude_is_refused_by_field(model, params, images, field):
    with pytest.raises(InputConflict) as conflict:
        ALL_MODELS[f"vidu/{model}"].params(**params).check_inputs(images)

    assert conflict.value.field == field


def test_key_is_sent_as_a_token():
    assert WIRE.provider.sign(WireRequest(method="GET", path="x"), NOON).headers == {"Authorization": "Token sk-portal-test"}


# what is answered


@pytest.mark.parametrize("task_id", ["2370222098365626", 2370222098365626])
def test_accepted_task_gives_its_id(task_id):
    assert WIRE.submit({"task_id": task_id, "state": "created", "credits": 55}) == TASK


@in_one_test(
    ("status", "reason", "kind"),
    [
        (400, "BadRequest", InvalidParams),
        (400, "FieldLacking", InvalidParams),
        (400, "FieldUnwanted", InvalidParams),
        (400, "FieldItemCountOutOfRange", InvalidParams),
        (400, "PageSizeOutOfRange", InvalidParams),
        (400, "ImageDownloadFailure", InvalidParams),
        (400, "OperationInProcess", Uncertain),
        (400, "TaskPromptPolicyViolation", ContentRejected),
        (400, "ImageFormatInvalid", InvalidParams),
        (400, "AuditSubmitIllegal", ContentRejected),
        (400, "CreditInsufficient", OutOfCredit),
        (400, "CreationPolicyViolation", ContentRejected),
        (400, "ModelUnavailable", Refused),
        (400, "FieldInvalid", InvalidParams),
        (401, "Unauthorized", AuthenticationFailed),
        (403, "Forbidden", AuthenticationFailed),
        (409, "Conflict", Uncertain),
        (429, "QuotaExceeded", RateLimited),
        (429, "TooManyRequests", RateLimited),
        (429, "SystemThrottling", RateLimited),
        (499, "Canceled", Uncertain),
        (500, "InternalServiceFailure", Uncertain),
        (400, "NewReason", InvalidParams),
        (200, "NewReason", Uncertain),
    ],
)
def test_reason_has_its_class(status, reason, kind):
    error = WIRE.submit(error_body(reason, status), status)

    assert (type(error), error.vendor_code, error.request_id) == (kind, reason, TRACE)
    assert error.message.startswith("words of the vendor")


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"task_id": ""}, {"state": "created"}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(WIRE.submit(body)) is Uncertain


@pytest.mark.parametrize(
    ("word", "state"), [("created", State.QUEUED), ("queueing", State.QUEUED), ("processing", State.RUNNING), ("dreaming", State.RUNNING)]
)
def test_words_of_the_page_have_their_states(word, state):
    assert WIRE.poll({"id": TASK.id, "state": word, "creations": []}).state is state


def test_finished_task_gives_file_life_and_what_it_cost():
    snapshot = WIRE.poll(fixture("vidu_success"))

    assert (snapshot.state, snapshot.units) == (State.SUCCEEDED, "credits=55")
    assert snapshot.charge == Charge(amount=Decimal(55), unit="credits")
    assert snapshot.outputs == (Output(url="https://cdn.example/v/a.mp4", expires_in=timedelta(hours=24)),)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("CreationPolicyViolation", ContentRejected),
        ("ImageDownloadFailure", InvalidParams),
        ("InternalServiceFailure", GenerationFailed),
        ("CreditInsufficient", GenerationFailed),
    ],
)
def test_failed_task_says_why_by_its_code(code, kind):
    snapshot = WIRE.poll({"id": TASK.id, "state": "failed", "err_code": code, "credits": 0, "creations": []})

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, kind, code)
    assert snapshot.error.message == "Vidu failed to render the video."


def test_failed_task_without_a_code_says_so():
    assert WIRE.poll({"state": "failed", "err_code": ""}).error.message == "Vidu failed to render the video and gave no reason."


def test_cancelled_task_is_not_a_failed_one():
    snapshot = WIRE.poll({"id": TASK.id, "state": "failed", "err_code": "UserCancelled", "credits": 0, "creations": []})

    assert (snapshot.state, snapshot.error, snapshot.units) == (State.CANCELLED, None, "credits=0")


def test_only_the_vendors_own_word_ends_a_task_as_gone():
    outcomes = [WIRE.poll(error_body("TaskNotFound", 404), 404), WIRE.poll(error_body("NotFound", 404), 404), WIRE.poll(b"<html>", 404)]

    assert [type(one) for one in outcomes] == [SubmissionGone, Refused, Refused]
    assert type(WIRE.poll(error_body("InternalServiceFailure", 500), 500)) is ProviderDown


@in_one_test("creations", [None, [], {}, [{}], [{"url": ""}], "x"])
def test_success_without_a_file_is_unexpected(creations):
    assert type(WIRE.poll({**fixture("vidu_success"), "creations": creations})) is UnexpectedReply


def test_render_is_stopped_by_its_id_and_a_late_stop_is_refused():
    talk = WIRE.provider.cancel(TASK)
    ask = next(talk)

    assert (ask.method, ask.path, ask.json, ask.billable) == ("POST", f"/ent/v2/tasks/{TASK.id}/cancel", {"id": TASK.id}, False)
    assert WIRE.outcome(WIRE.provider.cancel(TASK), reply_of({})) is None
    assert type(WIRE.outcome(WIRE.provider.cancel(TASK), reply_of(error_body("BadRequest"), 400))) is InvalidParams


# the list


def test_submit_is_found_on_a_later_page_by_its_payload():
    talk = WIRE.provider.look_up("job-1", ALL_MODELS[WIRE.model], NOON, ())
    first = next(talk)
    second = talk.send(page(row("1"), row("2", "job-2"), after="100"))

    assert (first.path, first.query) == ("/ent/v2/tasks", {"pager.pagesz": 100})
    assert second.query == {"pager.pagesz": 100, "pager.page_token": "100"}
    assert WIRE.look_up(page(row("1"), after="100"), page(row("2", "job-1"), after="200")) == Submission(id="2", model="viduq3-turbo")


@in_one_test(
    ("rows", "known", "result"),
    [
        ([], (), None),
        ([row("1", "job-2")], (), None),
        ([row("1", created_at="2026-11-20T11:54:59Z")], (), None),
        ([row("1")], ("1",), None),
        ([row("1")], (), Unsupported),
        ([{"id": "1", "state": "created"}], (), Unsupported),
        ([row("1", "job-2")], ("9",), Unsupported),
        ([row("1", "job-2")], ("1", "9"), Unsupported),
    ],
)
def test_absence_is_believed_only_if_no_other_task_may_be_ours(rows, known, result):
    found = WIRE.look_up(page(*rows), known=known)

    assert (found if result is None else type(found)) is result


@pytest.mark.parametrize("body", [{}, {"tasks": None}, {"tasks": ["odd"]}])
def test_unreadable_list_proves_nothing(body):
    assert type(WIRE.look_up(reply_of(body))) is UnexpectedReply


# the account


def test_credits_of_all_packages_are_what_is_left():
    body = {"remains": [{"type": "metered", "credit_remain": 60}, {"type": "test", "credit_remain": "40"}], "packages": []}

    assert WIRE.outcome(WIRE.provider.balance(NOON), reply_of(body)) == Balance(amount=Decimal(100), unit="credits")
    assert WIRE.check_account(body) is None
    assert type(WIRE.check_account({"hello": 1})) is UnexpectedReply
    assert type(WIRE.check_account(error_body("Unauthorized", 401), 401)) is AuthenticationFailed
    assert type(WIRE.outcome(WIRE.provider.balance(NOON), reply_of({"remains": [{"type": "metered"}]}))) is UnexpectedReply


# callbacks

SENT = datetime(2025, 5, 6, 12, 9, 42, tzinfo=UTC)
ADDRESS = "http://127.0.0.1:8080/vidu/callback?name=james&age=36"
SIGNED = (
    "POST\n/vidu/callback\nname=james&age=36\nvidu\nTue, 06 May 2025 12:09:42 GMT\nDate:Tue, 06 May 2025 12:09:42 GMT\n"
    "x-request-nonce:123e4567-e89b-12d3-a456-426614174000\n"
)
"""What the vendor's page signs in its example."""


def calling(key: str = "sk-portal-test", **changes: str) -> Callback:
    headers = {
        "date": "Tue, 06 May 2025 12:09:42 GMT",
        "x-request-nonce": "123e4567-e89b-12d3-a456-426614174000",
        "x-hmac-signed-headers": "Date;x-request-nonce",
        "x-hmac-signature": base64.b64encode(hmac.new(key.encode(), SIGNED.encode(), hashlib.sha256).digest()).decode(),
    }
    fields = {"id": "2370222098365626", "state": "success", "payload": "job-1"}
    return Callback(fields=fields, headers=headers | {name.replace("_", "-"): value for name, value in changes.items()})


def notice(callback: Callback, *, at: datetime = SENT, url: str = ADDRESS) -> Notice:
    plain = make_provider("vidu")
    return type(plain)(Options(**{**plain.options.model_dump(), "callback_url": url})).notice(callback, at)


def test_callback_with_the_signature_of_the_page_names_task_and_reference():
    assert notice(calling(), at=SENT + timedelta(seconds=300)) == Notice(submission_id="2370222098365626", reference="job-1")


@in_one_test(
    ("callback", "at", "url"),
    [
        (calling("another-key"), SENT, ADDRESS),
        (calling(x_request_nonce="other"), SENT, ADDRESS),
        (calling(x_hmac_signature="é"), SENT, ADDRESS),
        (calling(date="soon"), SENT, ADDRESS),
        (calling(), SENT + timedelta(seconds=301), ADDRESS),
        (calling(), SENT - timedelta(seconds=301), ADDRESS),
        (calling(), SENT, ADDRESS + "7"),
        (Callback(fields={"id": "2370222098365626"}), SENT, ADDRESS),
    ],
)
def test_callback_without_a_fresh_signature_is_forged(callback, at, url):
    with pytest.raises(CallbackForged):
        notice(callback, at=at, url=url)
