"""What is the local CogVideoX service's own, over real HTTP: no keys, and answers that wait for the video."""

from __future__ import annotations

import pytest

from providers.core.client import BlockingClient
from providers.core.errors import GenerationFailed
from providers.core.transport import Timeouts
from providers.core.types import State
from providers.simulator.testing import SimulatorProcess
from tests.providers.vendors.vendor_samples import make_provider, make_request

MODEL = "cogvideox/cogvideox-2b"


def client_at(simulator: SimulatorProcess, host: str = "cogvideox") -> BlockingClient:
    provider = make_provider("cogvideox", base_url=f"{simulator.url}/hosts/{host}")
    return BlockingClient(provider=provider, timeouts=Timeouts(connect_s=20, read_s=20))


def paid(simulator: SimulatorProcess) -> int:
    return simulator.ledger(entries=False)["count"]


def test_account_check_costs_nothing(simulator):
    client_at(simulator).check_account()

    assert paid(simulator) == 0


def test_our_reference_travels_as_content_id(simulator):
    client_at(simulator).submit(make_request(MODEL, reference="job-7"))

    assert simulator.ledger()["entries"][0]["body"]["content_id"] == "job-7"


def test_service_that_answers_with_the_video_is_finished_at_once(simulator):
    simulator.settings(render_s=0.1)
    client = client_at(simulator, "cogvideox-sync")

    submission = client.submit(make_request(MODEL))
    snapshot = client.poll(submission)

    assert (submission.kind, snapshot.state, paid(simulator)) == ("finished", State.SUCCEEDED, 1)
    assert snapshot.outputs[0].url.startswith(f"{simulator.url}/media/")


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
    simulator.settings(render_s=0.1)

    with pytest.raises(GenerationFailed) as caught:
        client_at(simulator, "cogvideox-sync").submit(make_request(MODEL, prompt="a boat #fault:fail-memory"))

    assert caught.value.code == "out_of_memory"
