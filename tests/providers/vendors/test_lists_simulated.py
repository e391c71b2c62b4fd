"""What vendors' lists and keys are good for, over real HTTP against the simulator: batches, look-ups, stops, files behind the key."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from providers.core.client import BlockingClient, utc_now
from providers.core.errors import Refused, SubmissionGone, Uncertain, Unsupported
from providers.core.fetch import Expired, NetworkPolicy, safe_fetch
from providers.core.types import State, Submission
from providers.simulator.testing import SimulatorProcess
from tests.providers.vendors.simulated_surfaces import ask, client_at, first_surface, paid
from tests.providers.vendors.vendor_samples import make_request

ARK, HAILUO, H3 = "ark/doubao-seedance-1-0-pro-250528", "minimax/MiniMax-Hailuo-02", "minimax/MiniMax-H3"
VIDU, VIDU_SLOTS = "vidu/viduq3-turbo", (["first_frame"], ["first_frame", "last_frame"], ["references"])
WAN, SORA, KLING, KLING_NEW = "dashscope/wanx2.1-t2v-turbo", "openai-videos/sora-2", "kling/kling-v2-5-turbo", "kling/kling-3.0"
LOCAL = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))


def client_for(simulator: SimulatorProcess, model: str) -> BlockingClient:
    slug = model.partition("/")[0]
    return client_at(simulator, "official-key" if slug == "kling" else first_surface(slug))


@pytest.mark.parametrize("models", [[ARK], [HAILUO, H3], [KLING, KLING_NEW], [WAN]])
def test_many_of_one_account_are_asked_together(simulator, models):
    client = client_for(simulator, models[0])
    requests = [make_request(model, prompt=f"boat {n}", reference=f"{model}-{n}") for n in range(12) for model in models]
    submissions = [client.submit(request) for request in requests]
    forgotten = Submission(id="890000000000000999", model=models[-1].partition("/")[2], kind="text2video")

    simulator.advance(60)
    *known, unknown = ask(client, [*submissions, forgotten])

    assert {snapshot.state for snapshot in known} == {State.SUCCEEDED}
    assert type(unknown) is SubmissionGone


@pytest.mark.parametrize(("fault", "asked"), [("poll-list-refused", 1 + 7), ("poll-list-unfiltered", 1 + 6)])
def test_tasks_of_h3_are_seen_though_their_list_is_refused_or_not_filtered(simulator, fault, asked):
    client = client_for(simulator, H3)
    submissions = [client.submit(make_request(H3, prompt=f"boat {n}")) for n in range(12)]
    simulator.advance(60)
    simulator.faults("minimax", fault, 1)

    *known, unknown = ask(client, [*submissions[:6], Submission(id="272000000000000", model="MiniMax-H3")])

    assert ({snapshot.state for snapshot in known}, type(unknown)) == ({State.SUCCEEDED}, SubmissionGone)
    assert len(simulator.requests()["polls"]) == asked


@pytest.mark.parametrize("model", [ARK, WAN, SORA])
def test_list_distinguishes_a_lost_submit_from_one_that_never_came(simulator, model):
    client, began = client_for(simulator, model), utc_now()
    first = client.submit(make_request(model))

    def look(known: list[str]) -> Submission | None:
        return client.look_up("r-1", spec=make_request(model).spec, since=began, known=known)

    assert look([first.id]) is None
    with pytest.raises(Uncertain):
        client.submit(make_request(model, prompt="a boat #fault:reset-after-accept", reference="r-2"))
    with pytest.raises(Unsupported):
        look([first.id])
    assert look([entry["task_id"] for entry in simulator.ledger()["entries"]]) is None


@pytest.mark.parametrize("model", [ARK, WAN, SORA, VIDU])
def test_list_is_not_asked_about_what_it_no_longer_holds(simulator, model):
    client = client_for(simulator, model)

    with pytest.raises(Unsupported):
        client.look_up("r-1", spec=make_request(model).spec, since=utc_now() - timedelta(days=8))


@pytest.mark.parametrize("model", [KLING_NEW, VIDU])
def test_lost_submit_is_found_by_our_reference(simulator, model):
    client, request = (
        client_for(simulator, model),
        make_request(model, prompt="a boat #fault:reset-after-accept", reference="lost-9"),
    )
    with pytest.raises(Uncertain):
        client.submit(request)

    found = client.look_up("lost-9", spec=request.spec, since=utc_now())

    assert found == Submission(id=simulator.ledger()["entries"][0]["task_id"], model=model.partition("/")[2])
    assert client.look_up("never-sent", spec=request.spec, since=utc_now()) is None


@pytest.mark.parametrize("model", [ARK, H3, VIDU])
def test_waiting_task_is_stopped_and_a_finished_one_is_not_wiped_out(simulator, model):
    simulator.settings(queue_s=30)
    client = client_for(simulator, model)
    waiting, rendering = (client.submit(make_request(model, prompt=f"boat {n}", reference=f"r-{n}")) for n in range(2))

    client.cancel(waiting)
    simulator.advance(120)

    assert client.poll(waiting).state is State.CANCELLED
    with pytest.raises(Refused):
        client.cancel(rendering)
    assert client.poll(rendering).state is State.SUCCEEDED


def test_file_behind_the_key_is_fetched_with_it_alone(simulator):
    client = client_for(simulator, SORA)
    submission = client.submit(make_request(SORA))
    simulator.advance(60)
    [output] = client.poll(submission).outputs
    headers, file = client.provider.download_headers(output.url, utc_now()), io.BytesIO()

    fetched = safe_fetch(output.url, to=file, max_bytes=50_000_000, allow=LOCAL, expected="video", headers=headers)

    assert fetched.size_bytes == len(file.getvalue()) > 1_000
    with pytest.raises(Expired):
        safe_fetch(output.url, to=io.BytesIO(), max_bytes=50_000_000, allow=LOCAL, expected="video")


@pytest.mark.parametrize(
    ("model", "slots"),
    [(ARK, ["first_frame"]), (HAILUO, ["first_frame", "last_frame"]), (H3, ["references"]), *((VIDU, slots) for slots in VIDU_SLOTS)],
)
def test_images_are_accepted_in_their_slots(simulator, model, slots):
    assert client_for(simulator, model).submit(make_request(model, slots)).id
    assert paid(simulator) == 1
