"""The contract of every model, over real HTTP: what the portal relies on, whatever the vendor.

The simulator was written from the vendors' pages alone, so it cannot share a mistake of an adapter's. `make live` asks real vendors
what can be asked of them without a fault.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from providers.core.catalog import ModelSpec
from providers.core.client import BlockingClient, Transcript, converse, utc_now
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
    Unreachable,
)
from providers.core.fetch import Expired, NetworkPolicy, NotFound, safe_fetch
from providers.core.transport import TransportFailure
from providers.core.types import Output, State, Submission
from providers.vendors import ALL_MODELS
from tests.providers.vendors.simulated_surfaces import MODELS, MODELS_AT, SIMULATED, ask, client_at, paid, surface_of
from tests.providers.vendors.vendor_samples import asked, make_provider, make_request

LOCAL = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))
LONGEST_LIFE = timedelta(days=366)
SECRETS = ("sim-secret", "sk-portal-test", "sim-session", "eyJ")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model at a surface of its vendor."""

    spec: ModelSpec
    surface: str

    def request(self, prompt: str = "a boat", **facts):
        return make_request(self.spec.name, prompt=prompt, **facts)


def _cases() -> Iterator[Case]:
    """Every model at one surface, and every further surface with the model for its vendor's surfaces."""
    for spec in ALL_MODELS.values():
        yield Case(spec=spec, surface=surface_of(spec))
    for surface, (slug, _path) in SIMULATED.items():
        if surface != surface_of(ALL_MODELS[MODELS[slug]]) and surface not in MODELS_AT:
            yield Case(spec=ALL_MODELS[MODELS[slug]], surface=surface)


def _entry_points() -> Iterator[Case]:
    """One model for each address that paid requests go to: models behind the same address share the code that reads its answers."""
    seen = set()
    for case in _cases():
        ask = asked(make_provider(case.spec.provider, case.surface), case.request())
        if (entry := (case.surface, ask.path, str(sorted(ask.query)))) not in seen:
            seen.add(entry)
            yield case


def _each(cases: Iterable[Case], *, slow: Container[Case] = ()) -> pytest.MarkDecorator:
    named = {f"{case.spec.name}@{case.surface}": case for case in cases}
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=name, marks=[pytest.mark.slow] if case in slow else []) for name, case in named.items()]
    )


ENTRY_POINTS = list(_entry_points())
CONTRACT = _each(ENTRY_POINTS)
EVERY_MODEL = _each(_cases(), slow=[case for case in _cases() if case not in ENTRY_POINTS])
"""Those that share their entry point with one before run in `make test-slow`."""

REFUSALS = {
    "refuse": ContentRejected,
    "auth": AuthenticationFailed,
    "quota": OutOfCredit,
    "bad-param": InvalidParams,
    "rate-limit": RateLimited,
}
UNCLEAR = ("502-after", "reset-after-accept", "html-200", "empty-body", "bad-json")
POLL_FAULTS = {
    "poll-429": RateLimited,
    "poll-5xx": ProviderDown,
    "poll-html": UnexpectedReply,
    "poll-empty": UnexpectedReply,
    "poll-badjson": UnexpectedReply,
    "poll-reset": ProviderDown,
}
FATES = {"fail-content": ContentRejected, "fail-internal": GenerationFailed}
OF_A_LOCAL_SERVICE = {
    "refuse": InvalidParams,
    "quota": Uncertain,
    "fail-content": GenerationFailed,
}
"""A service on one's own machine has no moderation, no bill and no codes: its bare 403 may be any server's."""


ASKED_ABOUT_TWICE = ("jimeng-video-2.0", "jimeng-video-2.0-pro")
"""What cannot be read in the answer to the first question is in that to the second."""


def due(case: Case, faults: dict[str, type[ProviderError]]) -> dict[str, type[ProviderError]]:
    """What each fault must come out as."""
    return {fault: OF_A_LOCAL_SERVICE.get(fault, kind) if case.surface == "local" else kind for fault, kind in faults.items()}


def refusal(client: BlockingClient, case: Case, fault: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        client.submit(case.request(f"a boat #fault:{fault}", reference=f"r-{fault}"))
    return caught.value


def fetched(client: BlockingClient, output: Output) -> bytes:
    headers, file = client.provider.download_headers(output.url, utc_now()) if output.headers_needed else {}, io.BytesIO()
    safe_fetch(output.url, to=file, max_bytes=50_000_000, allow=LOCAL, expected="video", headers=headers)
    return file.getvalue()


@EVERY_MODEL
def test_video_is_made_paid_once_and_available_until_it_expires(simulator, case):
    client = client_at(simulator, case.surface)

    submission = client.submit(case.request())
    waiting = client.poll(submission)
    simulator.advance(60)
    blocking, [concurrent] = client.poll(submission), ask(client, [submission])

    assert waiting.state in {State.QUEUED, State.RUNNING}
    assert blocking.state is concurrent.state is State.SUCCEEDED
    assert [output.expires_in for output in blocking.outputs] == [case.spec.result_life]
    assert fetched(client, blocking.outputs[0])[4:8] == b"ftyp"
    assert paid(simulator) == 1
    simulator.advance(LONGEST_LIFE.total_seconds())
    with pytest.raises((Expired, NotFound)):
        fetched(client, blocking.outputs[0])


@CONTRACT
def test_refusals_are_distinguished_and_cost_nothing(simulator, case):
    client, kinds = client_at(simulator, case.surface), due(case, REFUSALS)

    errors = {fault: refusal(client, case, fault) for fault in kinds}

    assert {fault: type(error) for fault, error in errors.items()} == kinds
    assert [fault for fault, error in errors.items() if not error.vendor_code] == []
    assert paid(simulator) == 0


@EVERY_MODEL
def test_paid_submit_without_a_clear_answer_is_uncertain(simulator, case):
    client = client_at(simulator, case.surface)

    kinds = {fault: type(refusal(client, case, fault)) for fault in UNCLEAR}

    assert kinds == dict.fromkeys(UNCLEAR, Uncertain)
    assert paid(simulator) == len(UNCLEAR)


@CONTRACT
def test_vendor_that_is_down_leaves_a_paid_submit_uncertain(simulator, case):
    error = refusal(client_at(simulator, case.surface), case, "5xx-before")

    assert {"5xx-before": type(error)} == due(case, {"5xx-before": Uncertain})
    assert paid(simulator) == 0


@CONTRACT
@pytest.mark.parametrize(("sent", "kind"), [(True, Uncertain), (False, Unreachable)])
def test_silence_is_uncertain_once_the_paid_request_has_left(case, sent, kind):
    provider = make_provider(case.spec.provider, case.surface)
    talk = converse(provider, provider.submit(case.request()))
    assert next(talk).billable

    with pytest.raises(kind):
        talk.throw(TransportFailure("no answer within 30 s", sent=sent))


@CONTRACT
def test_poll_faults_pass_and_leave_the_task_alone(simulator, case):
    client, kinds = client_at(simulator, case.surface), due(case, POLL_FAULTS)
    if case.spec.id in ASKED_ABOUT_TWICE:
        kinds = {fault: kind for fault, kind in kinds.items() if kind is not UnexpectedReply}
    tasks = {fault: client.submit(case.request(f"a boat #fault:{fault}:1", reference=f"r-{fault}")) for fault in kinds}
    simulator.advance(60 * len(tasks))

    errors = {}
    for fault, submission in tasks.items():
        with pytest.raises(ProviderError) as caught:
            client.poll(submission)
        errors[fault] = caught.value

    assert {fault: (type(error), error.retryable) for fault, error in errors.items()} == {
        fault: (kind, True) for fault, kind in kinds.items()
    }
    assert {client.poll(submission).state for submission in tasks.values()} == {State.SUCCEEDED}


@CONTRACT
def test_state_that_nobody_documented_is_running(simulator, case):
    client = client_at(simulator, case.surface)
    submission = client.submit(case.request("a boat #fault:poll-unknown-state:1"))
    simulator.advance(60)

    assert client.poll(submission).state is State.RUNNING
    assert client.poll(submission).state is State.SUCCEEDED


@CONTRACT
def test_failed_render_says_why(simulator, case):
    client, kinds = client_at(simulator, case.surface), due(case, FATES)
    tasks = {fate: client.submit(case.request(f"a boat #fault:{fate}", reference=f"r-{fate}")) for fate in kinds}
    simulator.advance(60 * len(tasks))

    found = {fate: client.poll(submission) for fate, submission in tasks.items()}

    assert {fate: (one.state, type(one.error)) for fate, one in found.items()} == {
        fate: (State.FAILED, kind) for fate, kind in kinds.items()
    }
    assert all(one.error.message for one in found.values())


@CONTRACT
def test_missing_task_is_gone_and_spoils_no_other_answer(simulator, case):
    client = client_at(simulator, case.surface)
    first, last = (client.submit(case.request(f"boat {number}", reference=f"r-{number}")) for number in range(2))
    unknown = Submission(id="0385dc79-0000-4000-8000-000000000001", model=case.spec.id, kind=first.kind.partition(" ")[0])
    simulator.advance(120)

    answers = ask(client, [first, unknown, last])

    assert [type(answers[1]), answers[0].state, answers[2].state] == [SubmissionGone, State.SUCCEEDED, State.SUCCEEDED]


@CONTRACT
def test_task_that_the_vendor_forgot_is_gone(simulator, case):
    client = client_at(simulator, case.surface)
    submission = client.submit(case.request("a boat #fault:expire"))
    simulator.advance(3600)

    assert [type(error) for error in ask(client, [submission])] == [SubmissionGone]


@CONTRACT
def test_no_secret_in_logs_transcripts_or_errors(simulator, case, caplog):
    caplog.set_level(logging.DEBUG)
    client, notes = client_at(simulator, case.surface), Transcript()

    submission = client.submit(case.request(), transcript=notes)
    client.poll(submission)
    shown = [repr(notes), repr(submission), repr(client)]
    for fault in ("refuse", "auth", "html-200"):
        with pytest.raises(ProviderError) as caught:
            client.submit(case.request(f"a boat #fault:{fault}", reference=f"r-{fault}"), transcript=notes)
        shown += [repr(notes), repr(caught.value), str(caught.value)]

    shown.append(caplog.text)
    assert [secret for secret in SECRETS for text in shown if secret in text] == []
