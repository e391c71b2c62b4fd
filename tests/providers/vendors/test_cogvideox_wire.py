"""What we say to a local CogVideoX service and what its answers mean, by table, without a socket."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from providers.core.errors import (
    AuthenticationFailed,
    DuplicateReference,
    GenerationFailed,
    InvalidParams,
    ProviderDown,
    RateLimited,
    Refused,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
    Unsupported,
)
from providers.core.types import Output, State, Submission, WireRequest
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, outcome

MODEL = "cogvideox/cogvideox-2b"
TASK = Submission(id="c2b-0001", model="cogvideox-2b")
ADVICE = "The graphics card ran out of memory; ask for fewer frames or a smaller picture."
HOST = "http://gpu.example:6006"
WIRE = Wire(provider=make_provider("cogvideox", base_url=HOST), model=MODEL, task=TASK)
submit, check_account = WIRE.submit, WIRE.check_account


def poll(body, status=200, *, base_url=HOST):
    return replace(WIRE, provider=make_provider("cogvideox", base_url=base_url)).poll(body, status)


# submit


def test_submit_sends_every_option_under_the_services_names():
    said = WIRE.asked(make_request(MODEL, frames=24, width_px=720, height_px=480, steps=30))

    assert (said.method, said.path, said.billable) == ("POST", "api/v1/generate", True)
    assert said.json == {
        "prompt": "a boat",
        "content_id": "job-1",
        "num_frames": 24,
        "width": 720,
        "height": 480,
        "num_inference_steps": 30,
    }


@pytest.mark.parametrize("task_id", ["c2b-0001", 7])
def test_accepted_task_gives_its_id(task_id):
    assert submit({"task_id": task_id}) == Submission(id=str(task_id), model="cogvideox-2b")


@pytest.mark.parametrize("name", ["video_url", "url"])
def test_service_that_renders_while_we_wait_needs_no_poll(name):
    service = WIRE.provider

    submission = submit({"success": True, name: f"{HOST}/files/1.mp4"})
    snapshot = outcome(service, service.poll(submission))

    assert submit({"success": True, name: f"{HOST}/files/{'1' * 1_900}.mp4"}).kind == "finished"
    assert submission == Submission(id=f"{HOST}/files/1.mp4", model="cogvideox-2b", kind="finished")
    assert (snapshot.state, snapshot.vendor_state) == (State.SUCCEEDED, "finished")
    assert snapshot.outputs == (Output(url=f"{HOST}/files/1.mp4", expires_in=timedelta(days=1)),)


@in_one_test(
    "body",
    [
        b"",
        b"<html>ok</html>",
        b"[]",
        {},
        {"task_id": ""},
        {"task_id": None},
        {"url": 7},
        {"url": "x" * 2_001},
        {"task_id": "é" * 1_001},
        {"success": True},
    ],
)
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


@in_one_test(
    ("body", "status", "code"),
    [
        ({"success": False, "error": "CUDA out of memory"}, 200, "out_of_memory"),
        ({"status": "failed", "error": "CUDA out of memory"}, 200, "out_of_memory"),
        ({"error": "Out Of Memory"}, 500, "out_of_memory"),
        ({"error": "render timeout"}, 500, "render_timeout"),
        ({"error": "CUDA out of memory"}, 200, "out_of_memory"),
        ({"success": False, "error": "no such prompt"}, 200, "generation_failed"),
    ],
)
def test_render_that_failed_while_we_waited_is_reported_with_its_cause(body, status, code):
    error = submit(body, status)

    assert (type(error), error.code) == (GenerationFailed, code)


@pytest.mark.parametrize(
    "body", [{"success": False}, {"error": "hm"}, {"error": {"message": "You exceeded your current quota."}}, {"detail": "odd"}]
)
def test_words_without_a_verdict_leave_the_outcome_unknown(body):
    """A gateway in front of the service may say so after the service has accepted."""
    assert type(submit(body, 200)) is Uncertain


# errors


@in_one_test(
    ("status", "body", "kind"),
    [
        (400, {"error": "bad width"}, InvalidParams),
        (400, {"error": {"code": "InvalidParameter", "message": "request_id already exists"}}, DuplicateReference),
        (401, {"detail": "who"}, AuthenticationFailed),
        (404, {"detail": "Not Found"}, Uncertain),
        (422, {"detail": "num_frames"}, InvalidParams),
        (422, {"detail": [{"loc": ["num_frames"]}]}, InvalidParams),
        (429, {"error": "slow"}, RateLimited),
        (500, {"error": "oops"}, Uncertain),
        (502, b"<html>", Uncertain),
        (503, {"error": "busy"}, RateLimited),
        (503, {"success": False, "error": "later"}, RateLimited),
        (503, {"error": "upstream closed"}, Uncertain),
        (503, b"<html>", Uncertain),
        (504, b"", Uncertain),
        (504, {"detail": "timed out"}, Uncertain),
        (200, {"error": "upstream timed out"}, Uncertain),
    ],
)
def test_http_status_has_its_class(status, body, kind):
    assert type(submit(body, status)) is kind


def test_wait_is_taken_from_a_busy_service():
    assert submit({"error": "busy"}, 503, retry_after="7").retry_after_s == 7.0


def test_service_down_on_a_poll_is_not_uncertain():
    assert type(poll({"error": "oops"}, 500)) is ProviderDown


# poll


def test_poll_asks_by_id():
    service = WIRE.provider

    assert next(service.poll(TASK)) == WireRequest(method="GET", path="api/v1/status/c2b-0001")
    assert next(service.poll(Submission(id="a/../b", model="cogvideox-2b"))).path == "api/v1/status/a%2F..%2Fb"


@pytest.mark.parametrize(
    ("word", "state"), [("pending", State.QUEUED), ("queued", State.QUEUED), ("processing", State.RUNNING), ("running", State.RUNNING)]
)
def test_services_state_has_ours(word, state):
    snapshot = poll({"status": word})

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (state, word, ())


@in_one_test(
    ("base_url", "url", "meant"),
    [
        ("http://localhost:6006", "http://localhost:6006/files/1.mp4", "http://localhost:6006/files/1.mp4"),
        (HOST, "http://localhost:6006/files/1.mp4", f"{HOST}/files/1.mp4"),
        (HOST, "http://0.0.0.0:6006/files/1.mp4", f"{HOST}/files/1.mp4"),
        (HOST, "/files/1.mp4", f"{HOST}/files/1.mp4"),
        (HOST, "https://other.example/1.mp4?sig=x", "https://other.example/1.mp4?sig=x"),
    ],
)
def test_finished_task_gives_the_file_at_an_address_that_we_can_reach(base_url, url, meant):
    snapshot = poll({**fixture("cogvideox_completed"), "video_url": url}, base_url=base_url)

    assert snapshot.state is State.SUCCEEDED
    assert snapshot.outputs == (Output(url=meant, expires_in=timedelta(days=1)),)


@in_one_test("url", [None, "", 7, [], "http://[broken"])
def test_success_without_a_file_is_unexpected(url):
    assert type(poll({**fixture("cogvideox_completed"), "video_url": url})) is UnexpectedReply


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("CUDA out of memory", "out_of_memory", f"{ADVICE} (CUDA out of memory)"),
        ("nan in latents", "generation_failed", "nan in latents"),
        (None, "generation_failed", "The service failed to render the video and gave no reason."),
    ],
)
def test_failed_task_keeps_the_services_words(words, code, message):
    snapshot = poll({"status": "failed", "error": words})

    assert (snapshot.state, type(snapshot.error)) == (State.FAILED, GenerationFailed)
    assert (snapshot.error.code, snapshot.error.message) == (code, message)


def test_render_that_took_too_long_says_so():
    assert poll({"status": "failed", "error": "Timeout after 600 s"}).error.code == "render_timeout"


def test_unknown_task_is_gone():
    assert type(poll({"detail": "no such task"}, 404)) is SubmissionGone


def test_page_of_a_proxy_does_not_prove_that_the_task_is_gone():
    assert type(poll(b"<html>", 404)) is Refused


def test_undocumented_state_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.cogvideox"):
        snapshot = poll({"status": "dreaming"})

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "dreaming")
    assert [record.message for record in caplog.records] == ["undocumented task status 'dreaming'; the task counts as running"]


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"status": 7}, {"status": ""}])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(poll(body)) is UnexpectedReply


# the rest


@pytest.mark.parametrize(("body", "status"), [({"detail": "no such task"}, 404), ({"status": "failed"}, 200)])
def test_account_check_is_content_with_any_answer_of_the_services(body, status):
    assert next(WIRE.provider.check_account()) == WireRequest(method="GET", path="api/v1/status/none")
    assert check_account(body, status) is None


@pytest.mark.parametrize(
    ("body", "status", "kind"), [(b"<html>", 404, Refused), (b"<html>", 200, UnexpectedReply), ({}, 200, UnexpectedReply)]
)
def test_wrong_address_is_reported(body, status, kind):
    assert type(check_account(body, status)) is kind


def test_nothing_is_signed_cancelled_or_looked_up():
    service = WIRE.provider
    request = WireRequest(method="GET", path="x")

    assert service.sign(request, NOON) == request
    assert (service.secrets, service.can_look_up, service.can_cancel) == ((), False, False)
    assert type(outcome(service, service.cancel(TASK))) is Unsupported
