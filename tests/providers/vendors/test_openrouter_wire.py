"""OpenRouter's protocol as requests and replies, without a socket. Answers are those of the vendor's pages (read 2026-11-29)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

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

JOB = Submission(id="gen-vid-1780000000-0f1e2d3c4b5a69788796", model="google/veo-3.1")
WIRE = Wire(provider=make_provider("openrouter"), model="openrouter/google/veo-3.1", task=JOB)


def error_body(code: int, message: str = "words of the vendor", **metadata: object):
    return {"error": {"code": code, "message": message, **({"metadata": metadata} if metadata else {})}}


# what is asked


def test_text_is_sent_with_the_vendors_own_words():
    said = WIRE.asked(
        make_request("openrouter/google/veo-3.1", duration_s=8, aspect_ratio="9:16", resolution="4K", with_audio=False, seed=7)
    )

    assert (said.method, said.path, said.billable) == ("POST", "videos", True)
    assert said.json == {
        "model": "google/veo-3.1",
        "prompt": "a boat",
        "duration": 8,
        "aspect_ratio": "9:16",
        "resolution": "4K",
        "generate_audio": False,
        "seed": 7,
    }


def test_model_is_sent_only_what_its_row_has():
    said = WIRE.asked(make_request("openrouter/x-ai/grok-imagine-video"))

    assert said.json.keys() == {"model", "prompt", "duration", "aspect_ratio", "resolution"}


def test_frames_carry_their_kind():
    request = make_request("openrouter/google/veo-3.1", ["first_frame", "last_frame"])

    assert WIRE.asked(request).json["frame_images"] == [
        {"type": "image_url", "image_url": {"url": request.inputs[slot][0].data_uri}, "frame_type": slot}
        for slot in ("first_frame", "last_frame")
    ]


def test_references_carry_none():
    request = make_request("openrouter/bytedance/seedance-2.0", ["references"])
    said = WIRE.asked(request).json

    assert said["input_references"] == [{"type": "image_url", "image_url": {"url": request.inputs["references"][0].data_uri}}]
    assert "frame_images" not in said


@pytest.mark.parametrize(
    ("model", "images", "field"),
    [
        ("google/veo-3.1", {"last_frame": 1}, "inputs.first_frame"),
        ("bytedance/seedance-2.0", {"last_frame": 1}, "inputs.first_frame"),
        ("bytedance/seedance-2.0", {"first_frame": 1, "references": 1}, "inputs.references"),
    ],
)
def test_images_that_exclude_each_other_are_refused_by_field(model, images, field):
    with pytest.raises(InputConflict) as conflict:
        ALL_MODELS[f"openrouter/{model}"].params().check_inputs(images)

    assert conflict.value.field == field


def test_key_is_sent_as_a_bearer():
    assert WIRE.provider.sign(WireRequest(method="GET", path="x"), NOON).headers == {"Authorization": "Bearer sk-portal-test"}


# what is answered


def test_accepted_job_gives_its_id():
    assert WIRE.submit({"id": JOB.id, "polling_url": f"/api/v1/videos/{JOB.id}", "status": "pending"}, 202) == JOB


@in_one_test(
    ("status", "body", "kind"),
    [
        (400, error_body(400, "Invalid request parameters"), InvalidParams),
        (400, error_body(400, "Content policy violation"), ContentRejected),
        (401, error_body(401, "User not found."), AuthenticationFailed),
        (402, error_body(402, "Insufficient credits."), OutOfCredit),
        (403, error_body(403, "Your input was flagged", reasons=["violence"], flagged_input="…"), ContentRejected),
        (404, error_body(404, "No endpoints found for google/veo-9."), InvalidParams),
        (429, error_body(429), RateLimited),
        (200, error_body(429), RateLimited),
        (200, error_body(429) | {"id": JOB.id}, Uncertain),
        (200, error_body(502), Uncertain),
        (403, error_body(403), Uncertain),
        (404, error_body(404), Uncertain),
        (408, error_body(408), Uncertain),
        (500, error_body(500), Uncertain),
        (502, error_body(502), Uncertain),
        (503, error_body(503), Uncertain),
    ],
)
def test_error_has_its_class(status, body, kind):
    error = WIRE.submit(body, status)

    assert type(error) is kind
    assert body["error"]["message"] in error.message


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"id": ""}, {"status": "pending"}])
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(WIRE.submit(body, 202)) is Uncertain


@pytest.mark.parametrize(
    ("word", "state"),
    [("pending", State.QUEUED), ("in_progress", State.RUNNING), ("cancelled", State.CANCELLED), ("dreaming", State.RUNNING)],
)
def test_words_of_the_page_have_their_states(word, state):
    assert WIRE.poll({"id": JOB.id, "status": word}).state is state


def test_finished_job_gives_its_file_and_what_it_cost():
    snapshot = WIRE.poll(fixture("openrouter_completed"))

    assert (snapshot.state, snapshot.units) == (State.SUCCEEDED, "cost=0.5 is_byok=False")
    assert snapshot.charge == Charge(amount=Decimal("0.5"), unit="USD")
    address = f"https://vendor.example/videos/{JOB.id}/content?index=0"
    assert snapshot.outputs == (Output(url=address, expires_in=timedelta(hours=1), headers_needed=True),)


def test_job_is_asked_about_below_the_accounts_own_address():
    job = Submission(id="../key?x", model="google/veo-3.1")

    assert next(WIRE.provider.poll(job)).path == "videos/..%2Fkey%3Fx"


@pytest.mark.parametrize("address", ["https://evil.example/videos/1", "//evil.example/1", "http://vendor.example/videos/1", None, 7])
def test_no_address_in_an_answer_is_given_the_key(address):
    snapshot = WIRE.poll({**fixture("openrouter_completed"), "polling_url": address, "unsigned_urls": [address]})

    assert [output.url for output in snapshot.outputs] == [f"https://vendor.example/videos/{JOB.id}/content?index=0"]


@pytest.mark.parametrize(
    ("job", "kind", "words"),
    [
        ({"status": "failed", "error": "Content policy violation"}, ContentRejected, "Content policy violation"),
        ({"status": "failed", "error": "Provider returned error"}, GenerationFailed, "Provider returned error"),
        ({"status": "failed", "error": {"message": "out of memory"}}, GenerationFailed, "out of memory"),
        ({"status": "failed"}, GenerationFailed, "OpenRouter ended the job as “failed” and gave no reason."),
        ({"status": "expired"}, GenerationFailed, "OpenRouter ended the job as “expired” and gave no reason."),
    ],
)
def test_failed_and_expired_jobs_say_why(job, kind, words):
    snapshot = WIRE.poll({"id": JOB.id, **job})

    assert (snapshot.state, type(snapshot.error), snapshot.error.message) == (State.FAILED, kind, words)


def test_only_the_vendors_own_words_end_a_job_as_gone():
    assert type(WIRE.poll(error_body(404, "Video job not found"), 404)) is SubmissionGone
    assert type(WIRE.poll(b"<html>", 404)) is Refused
    assert type(WIRE.poll(error_body(502), 502)) is ProviderDown


# the account


def test_limit_of_the_key_is_what_is_left():
    def left(data: object):
        return WIRE.outcome(WIRE.provider.balance(NOON), reply_of({"data": data}))

    assert left({"limit": 10, "limit_remaining": 7.25}) == Balance(amount=Decimal("7.25"), unit="USD")
    assert type(left({"limit": None, "limit_remaining": None})) is Unsupported
    assert type(left("odd")) is UnexpectedReply
    assert WIRE.check_account({"data": {"limit_remaining": None}}) is None
    assert type(WIRE.check_account({"hello": 1})) is UnexpectedReply
    assert type(WIRE.check_account(error_body(401), 401)) is AuthenticationFailed


# callbacks

SECRET, SENT = "whsec-of-the-workspace", datetime.fromtimestamp(1_780_000_000, UTC)
EVENT = {"type": "video.generation.completed", "created_at": "2026-05-28T20:26:40.000Z", "data": {"id": JOB.id, "status": "completed"}}
RAW = json.dumps(EVENT).encode()


def calling(secret: str = SECRET, *, sent: str = "1780000000", raw: bytes = RAW, form: str = "t={},v1={}") -> Callback:
    digest = hmac.new(secret.encode(), f"{sent},".encode() + RAW, hashlib.sha256).hexdigest()
    return Callback(raw=raw, fields=EVENT, headers={"x-openrouter-signature": form.format(sent, digest)})


def test_signed_callback_names_its_job():
    account = make_provider("openrouter", signing_secret=SECRET)

    assert account.notice(calling(), SENT + timedelta(seconds=300)) == Notice(submission_id=JOB.id)


@in_one_test(
    ("callback", "late_s"),
    [
        (calling("another"), 0),
        (calling(raw=RAW + b" "), 0),
        (calling(sent="soon"), 0),
        (calling(form="v1={1}"), 0),
        (calling(sent="9" * 20), 0),
        (Callback(raw=RAW, fields=EVENT), 0),
        (calling(), 301),
        (calling(), -301),
    ],
)
def test_callback_without_a_fresh_signature_is_forged(callback, late_s):
    with pytest.raises(CallbackForged):
        make_provider("openrouter", signing_secret=SECRET).notice(callback, SENT + timedelta(seconds=late_s))


@pytest.mark.parametrize(("fields", "name"), [(EVENT, JOB.id), ({"data": {"id": 7.5}}, ""), ({"id": JOB.id}, ""), ({"data": []}, "")])
def test_without_a_secret_the_address_alone_proves_the_caller(fields, name):
    assert make_provider("openrouter").notice(Callback(fields=fields), NOON) == Notice(submission_id=name)


# the list of models


def test_a_model_that_the_list_describes_oddly_is_read_as_far_as_it_can_be():
    odd = dict.fromkeys(("supported_durations", "supported_resolutions", "supported_aspect_ratios", "supported_frame_images"), 5)
    found = WIRE.outcome(
        WIRE.provider.list_models(),
        reply_of({"data": [7, {"name": "no id"}, {"id": "a/b", **odd}, {"id": "c", "supported_durations": [True, 5, "x"]}]}),
    )

    assert [(model.id, model.label, model.durations, model.resolutions, model.first_frame) for model in found] == [
        ("a/b", "a/b", (), (), False),
        ("c", "c", (5,), (), False),
    ]
