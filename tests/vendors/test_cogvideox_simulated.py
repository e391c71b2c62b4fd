"""The adapter of the local CogVideoX service over real HTTP: it has no keys, no error codes, and two slots."""

from __future__ import annotations

import pytest
from vendor_samples import make_provider, make_request

from providers.core.client import BlockingClient
from providers.core.errors import GenerationFailed, InvalidParams, ProviderDown, RateLimited, SubmissionGone, Uncertain, UnexpectedReply
from providers.core.transport import Timeouts
from providers.core.types import State, Submission
from providers.simulator.testing import SimulatorProcess

MODEL = "cogvideox/cogvideox-2b"


def client_at(simulator: SimulatorProcess, host: str = "cogvideox", read_s: float = 3) -> BlockingClient:
    provider = make_provider("cogvideox", base_url=f"{simulator.url}/hosts/{host}")
    return BlockingClient(provider=provider, timeouts=Timeouts(connect_s=2, read_s=read_s))


def paid(simulator: SimulatorProcess) -> int:
    return simulator.ledger(entries=False)["count"]


def test_account_check_costs_nothing(simulator):
    assert client_at(simulator).check_account().message == "The service answers."
    assert paid(simulator) == 0


def test_our_reference_travels_as_content_id(simulator):
    client_at(simulator).submit(make_request(MODEL, reference="job-7"))

    assert simulator.ledger()["entries"][0]["body"]["content_id"] == "job-7"


def test_service_that_answers_with_the_video_is_finished_at_once(simulator):
    client = client_at(simulator, "cogvideox-sync", read_s=20)

    submission = client.submit(make_request(MODEL))
    snapshot = client.poll(submission)

    assert (submission.kind, snapshot.state, paid(simulator)) == ("finished", State.SUCCEEDED, 1)
    assert snapshot.outputs[0].url.startswith(f"{simulator.url}/media/")


@pytest.mark.parametrize(("fault", "kind"), [("bad-param", InvalidParams), ("rate-limit", RateLimited), ("5xx-before", RateLimited)])
def test_refused_submit_is_told_apart_and_unpaid(simulator, fault, kind):
    with pytest.raises(kind):
        client_at(simulator).submit(make_request(MODEL, prompt=f"a boat #fault:{fault}"))

    assert paid(simulator) == 0


@pytest.mark.parametrize("fault", ["502-after", "reset-after-accept", "hang-after-accept", "html-200", "empty-body", "bad-json"])
def test_submit_without_a_clear_answer_is_uncertain(simulator, fault):
    with pytest.raises(Uncertain):
        client_at(simulator, read_s=0.3).submit(make_request(MODEL, prompt=f"a boat #fault:{fault}"))

    assert paid(simulator) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("poll-429", RateLimited),
        ("poll-5xx", RateLimited),
        ("poll-html", UnexpectedReply),
        ("poll-empty", UnexpectedReply),
        ("poll-badjson", UnexpectedReply),
        ("poll-reset", ProviderDown),
    ],
)
def test_poll_fault_is_retryable_and_passes(simulator, fault, kind):
    client = client_at(simulator)
    submission = client.submit(make_request(MODEL, prompt=f"a boat #fault:{fault}:1"))
    simulator.advance(60)

    with pytest.raises(kind) as caught:
        client.poll(submission)

    assert caught.value.retryable is True
    assert client.poll(submission).state is State.SUCCEEDED


@pytest.mark.parametrize(
    ("fault", "code"), [("fail-memory", "out_of_memory"), ("fail-timeout", "render_timeout"), ("fail-internal", "generation_failed")]
)
def test_failed_render_is_classified(simulator, fault, code):
    client = client_at(simulator)
    submission = client.submit(make_request(MODEL, prompt=f"a boat #fault:{fault}"))
    simulator.advance(60)

    snapshot = client.poll(submission)

    assert (snapshot.state, type(snapshot.error), snapshot.error.code) == (State.FAILED, GenerationFailed, code)


def test_failed_render_is_classified_while_we_wait(simulator):
    with pytest.raises(GenerationFailed) as caught:
        client_at(simulator, "cogvideox-sync", read_s=20).submit(make_request(MODEL, prompt="a boat #fault:fail-memory"))

    assert caught.value.code == "out_of_memory"


def test_task_that_the_service_does_not_know_is_gone(simulator):
    with pytest.raises(SubmissionGone):
        client_at(simulator).poll(Submission(id="c2b-nothing", model="cogvideox-2b"))
