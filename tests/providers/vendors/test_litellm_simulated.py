"""The surface for OpenAI Videos, over real HTTP against a simulated LiteLLM proxy."""

from __future__ import annotations

import io

import pytest

from providers.core.client import BlockingClient, utc_now
from providers.core.errors import AuthenticationFailed, ContentRejected, InvalidParams, OutOfCredit, RateLimited, Uncertain, Unsupported
from providers.core.fetch import NetworkPolicy, safe_fetch
from providers.core.types import State
from providers.simulator.testing import SimulatorProcess
from tests.providers.vendors.simulated_surfaces import PATIENT, paid
from tests.providers.vendors.vendor_samples import make_provider, make_request

HOST = "litellm"
ANY, SORA = "openai-videos/gateway-model", "openai-videos/sora-2"
LOCAL = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))


def client_at(simulator: SimulatorProcess, key: str = "sk-portal-test") -> BlockingClient:
    provider = make_provider("openai-videos", "compatible", f"{simulator.base(HOST)}/v1", api_key=key)
    return BlockingClient(provider=provider, timeouts=PATIENT)


def test_render_is_followed_and_fetched(simulator):
    client = client_at(simulator)
    submission = client.submit(make_request(ANY))
    simulator.advance(60)

    snapshot = client.poll(submission)
    [output] = snapshot.outputs
    file = io.BytesIO()
    headers = client.provider.download_headers(output.url, utc_now())
    safe_fetch(output.url, to=file, max_bytes=50_000_000, allow=LOCAL, expected="video", headers=headers)

    assert (snapshot.state, len(submission.id) > 200, len(file.getvalue()) > 1_000) == (State.SUCCEEDED, True, True)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("refuse", ContentRejected, "blocked by our moderation system"),
        ("quota", OutOfCredit, "exceeded your current quota"),
        ("bad-param", InvalidParams, "parameter of the request is invalid"),
        ("auth", AuthenticationFailed, "Incorrect API key"),
        ("rate-limit", RateLimited, "Rate limit reached"),
        ("5xx-before", Uncertain, "overloaded"),
    ],
)
def test_refusal_that_is_quoted_in_the_message_has_its_meaning(simulator, fault, kind, words):
    with pytest.raises(kind) as caught:
        client_at(simulator).submit(make_request(ANY, prompt=f"a boat #fault:{fault}"))

    assert (type(caught.value), words in caught.value.message, paid(simulator)) == (kind, True, 0)


@pytest.mark.parametrize("model", [ANY, SORA])
@pytest.mark.parametrize("fault", ["", "poll-list-refused"])
def test_list_never_says_that_a_lost_submit_is_not_there(simulator, model, fault):
    """It has the videos of one vendor, under other ids than those of their submits; without a provider's name it is refused."""
    client, began = client_at(simulator), utc_now()
    with pytest.raises(Uncertain):
        client.submit(make_request(ANY, prompt="a boat #fault:reset-after-accept"))

    for known in ([], [client.submit(make_request(model, prompt="another boat")).id]):
        if fault:
            simulator.faults(HOST, fault, 1)
        with pytest.raises(Unsupported):
            client.look_up("job-1", spec=make_request(ANY).spec, since=began, known=known)
