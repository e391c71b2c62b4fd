"""The surfaces for gateways, over real HTTP against a simulated gateway that runs new-api."""

from __future__ import annotations

import io

import pytest

from providers.core.client import BlockingClient, utc_now
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    DuplicateReference,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    ProviderError,
    RateLimited,
    Refused,
    SubmissionGone,
    Uncertain,
    Unsupported,
)
from providers.core.fetch import NetworkPolicy, safe_fetch
from providers.core.types import GenerationRequest, State, Submission
from providers.simulator.testing import SimulatorProcess
from tests.providers.vendors.simulated_surfaces import PATIENT, paid
from tests.providers.vendors.vendor_samples import make_provider, make_request

HOST = "newapi"
LOCAL = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))
KLING, JIMENG, VIDEOS, SORA = "kling", "volcvisual", "openai-videos", "sora"
ROUTES = {
    KLING: ("kling", "gateway", "", "kling/kling-v1-6", {}),
    JIMENG: ("volcvisual", "gateway", "", "volcvisual/jimeng_t2v_v30", {}),
    VIDEOS: ("openai-videos", "compatible", "/v1", "openai-videos/gateway-model", {"model_name": "kling-v1-6", "duration_s": 5}),
    SORA: ("openai-videos", "compatible", "/v1", "openai-videos/sora-2", {}),
}
EVERY = pytest.mark.parametrize("route", ROUTES)
WORDS = {
    KLING: ("NOT_START", "SUBMITTED", "IN_PROGRESS", "SUCCESS"),
    JIMENG: ("NOT_START", "QUEUED", "QUEUED", "SUCCESS"),
    VIDEOS: ("unknown", "queued", "in_progress", "completed"),
    SORA: ("queued", "queued", "in_progress", "completed"),
}


def client_at(simulator: SimulatorProcess, route: str, key: str = "sk-portal-test") -> BlockingClient:
    vendor, surface, path, _model, _params = ROUTES[route]
    provider = make_provider(vendor, surface, f"{simulator.base(HOST)}{path}", api_key=key)
    return BlockingClient(provider=provider, timeouts=PATIENT)


def a_request(route: str, prompt: str = "a boat") -> GenerationRequest:
    _vendor, _surface, _path, model, params = ROUTES[route]
    return make_request(model, prompt=prompt, **params)


def refusal(simulator: SimulatorProcess, route: str, prompt: str = "a boat", key: str = "sk-portal-test") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        client_at(simulator, route, key).submit(a_request(route, prompt))
    return caught.value


@EVERY
def test_render_is_followed_to_its_end_and_its_file_is_fetched(simulator, route):
    simulator.settings(queue_s=40, render_s=40)
    client = client_at(simulator, route)
    submission = client.submit(a_request(route))
    words = []
    for _ in range(3):
        words.append(client.poll(submission).vendor_state)
        simulator.advance(30)

    finished = client.poll(submission)
    [output] = finished.outputs
    headers = client.provider.download_headers(output.url, utc_now()) if output.headers_needed else {}
    file = io.BytesIO()
    safe_fetch(output.url, to=file, max_bytes=50_000_000, allow=LOCAL, expected="video", headers=headers)

    assert (*words, finished.vendor_state) == WORDS[route]
    assert (finished.state, finished.progress, paid(simulator)) == (State.SUCCEEDED, 100, 1)
    assert len(file.getvalue()) > 1_000


@EVERY
def test_file_is_fetched_however_the_gateway_writes_its_address(simulator, route):
    client = client_at(simulator, route)
    places = ("own-address", "localhost-address", "no-address", "old-address")
    submissions = {
        place: client.submit(make_request(ROUTES[route][3], prompt=f"#fault:{place}", reference=place, **ROUTES[route][4]))
        for place in places
    }
    simulator.advance(60)

    for place, submission in submissions.items():
        [output] = client.poll(submission).outputs
        headers = client.provider.download_headers(output.url, utc_now()) if output.headers_needed else {}
        file = io.BytesIO()
        safe_fetch(output.url, to=file, max_bytes=50_000_000, allow=LOCAL, expected="video", headers=headers)

        assert output.url.startswith(simulator.base(HOST)) is (place != "old-address" or route == SORA), place
        assert len(file.getvalue()) > 1_000


@EVERY
def test_acceptance_that_the_gateway_reports_as_an_error_leaves_the_outcome_unknown(simulator, route):
    assert type(refusal(simulator, route, "a boat #fault:accepted-as-error")) is Uncertain
    assert paid(simulator) == 1


@EVERY
def test_task_that_is_not_over_keeps_running(simulator, route):
    simulator.settings(queue_s=40, render_s=40)
    client = client_at(simulator, route)
    submission = client.submit(a_request(route))

    states = []
    for _ in range(3):
        states.append(client.poll(submission).state)
        simulator.advance(25)

    assert set(states) <= {State.QUEUED, State.RUNNING}


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (KLING, "Internal error, please retry"),
        (JIMENG, "Internal RPC Error"),
        (VIDEOS, "The vendor failed to render the video and gave no reason."),
        (SORA, "The video could not be generated."),
    ],
)
def test_failure_ends_the_task_with_the_reason(simulator, route, words):
    client = client_at(simulator, route)
    submission = client.submit(a_request(route, "a boat #fault:fail-internal"))
    simulator.advance(60)

    snapshot = client.poll(submission)

    assert (snapshot.state, type(snapshot.error), str(snapshot.error)) == (State.FAILED, GenerationFailed, words)


@EVERY
def test_unknown_task_is_gone(simulator, route):
    model = ROUTES[route][3].partition("/")[2]
    gone = Submission(id="task_AbCdEfGhIjKlMnOpQrStUvWxYz012345", model=model, kind="text2video" if route == KLING else "")

    with pytest.raises(SubmissionGone):
        client_at(simulator, route).poll(gone)


@EVERY
def test_used_up_quota_is_out_of_credit(simulator, route):
    error = refusal(simulator, route, key="sk-broke-account")

    assert (type(error), error.vendor_code, error.http_status, paid(simulator)) == (OutOfCredit, "insufficient_user_quota", 403, 0)
    assert "额度不足" in error.message


@EVERY
def test_refused_key_is_reported_with_the_gateways_words(simulator, route):
    error = refusal(simulator, route, key="sk-bad-key")

    assert (type(error), error.http_status, "无效的令牌" in error.message) == (AuthenticationFailed, 401, True)


@EVERY
def test_account_check_costs_nothing_and_recognises_a_bad_key(simulator, route):
    client_at(simulator, route).check_account()
    with pytest.raises(AuthenticationFailed):
        client_at(simulator, route, "sk-bad-key").check_account()

    assert paid(simulator) == 0


@EVERY
def test_refusals_of_the_vendor_behind_the_gateway_are_sure(simulator, route):
    assert isinstance(refusal(simulator, route, "a boat #fault:bad-param"), Refused)
    assert isinstance(refusal(simulator, route, "a boat #fault:rate-limit"), RateLimited)
    assert paid(simulator) == 0


@pytest.mark.parametrize(
    ("route", "kind", "words"),
    [
        (KLING, ContentRejected, "The request content contains sensitive information"),
        (JIMENG, ContentRejected, "Text Risk Not Pass"),
        (SORA, ContentRejected, "Your request was blocked by our moderation system."),
        (VIDEOS, ContentRejected, "The request content contains sensitive information"),
    ],
)
def test_refusal_that_the_gateway_quotes_is_reported_in_the_vendors_words(simulator, route, kind, words):
    error = refusal(simulator, route, "a boat #fault:refuse")

    assert (type(error), error.message) == (kind, words)


@EVERY
@pytest.mark.parametrize("fault", ["502-after", "reset-after-accept", "html-200", "empty-body", "bad-json"])
def test_lost_answer_leaves_the_outcome_unknown_and_nothing_says_absent(simulator, route, fault):
    client, began = client_at(simulator, route), utc_now()

    assert type(refusal(simulator, route, f"a boat #fault:{fault}")) is Uncertain
    with pytest.raises(Unsupported):
        client.look_up("job-1", spec=a_request(route).spec, since=began, known=[])
    assert paid(simulator) == 1


def test_reference_sent_twice_is_recognised(simulator):
    client_at(simulator, KLING).submit(a_request(KLING))

    assert type(refusal(simulator, KLING)) is DuplicateReference


def test_unknown_status_word_keeps_the_task_running(simulator):
    client = client_at(simulator, KLING)
    submission = client.submit(a_request(KLING))
    simulator.faults(HOST, "poll-unknown-state")

    assert client.poll(submission).state is State.RUNNING


def test_model_that_the_gateway_does_not_have_is_a_sure_refusal(simulator):
    with pytest.raises(InvalidParams) as caught:
        client_at(simulator, VIDEOS).submit(make_request("openai-videos/gateway-model", model_name="nobody-has-it"))

    assert (caught.value.vendor_code, caught.value.http_status, paid(simulator)) == ("model_not_found", 503, 0)


def test_console_page_for_a_path_that_the_gateway_does_not_have_leaves_the_outcome_unknown(simulator):
    """It has no path for several reference images (router/video-router.go@01f6839), and answers with HTTP 200."""
    with pytest.raises(Uncertain):
        client_at(simulator, KLING).submit(make_request("kling/kling-v1-6", ["references"]))

    assert paid(simulator) == 0
