"""The adapters over real HTTP against the simulator, which was written from the vendors' pages alone."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from option_values import setting_for, slots_for, values_of
from vendor_samples import NOON, make_provider, make_request

from providers.core.catalog import ModelSpec
from providers.core.client import BlockingClient, Transcript, poll_concurrently, utc_now
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
)
from providers.core.transport import ConcurrentTransport, Timeouts
from providers.core.types import Snapshot, State, Submission
from providers.simulator.testing import SimulatorProcess
from providers.vendors import ALL_MODELS

QUICK = Timeouts(connect_s=2, read_s=3)
IMPATIENT = Timeouts(connect_s=2, read_s=0.3)
DOORS = {
    "official-jwt": ("kling", "hosts/kling"),
    "official-key": ("kling", "hosts/kling"),
    "gateway": ("kling", "hosts/dmxapi"),
    "beijing": ("dashscope", "hosts/dashscope/api/v1"),
    "cn": ("zhipu", "hosts/zhipu/api/paas/v4"),
    "official": ("volcvisual", "hosts/volcvisual"),
    "local": ("cogvideox", "hosts/cogvideox"),
    "web": ("jimeng", "hosts/jimeng"),
    "volcengine": ("ark", "hosts/ark/api/v3"),
    "compatible": ("openai-videos", "hosts/openai/v1"),
    "china": ("minimax", "hosts/minimax"),
}
OF_THEIR_OWN = {"local"}
"""No keys, no error codes: these have tests of their own."""
EVERY_DOOR = pytest.mark.parametrize("door", [door for door in DOORS if door not in OF_THEIR_OWN])
VENDOR_DOORS = pytest.mark.parametrize("door", ["official-jwt", "beijing", "cn", "official", "web", "volcengine", "compatible", "china"])
MODELS = {
    "kling": "kling/kling-v1",
    "dashscope": "dashscope/wanx2.1-t2v-turbo",
    "zhipu": "zhipu/cogvideox-3",
    "volcvisual": "volcvisual/jimeng_t2v_v30",
    "jimeng": "jimeng/jimeng-video-2.0",
    "ark": "ark/doubao-seedance-1-5-pro-251215",
    "openai-videos": "openai-videos/gateway-model",
    "minimax": "minimax/MiniMax-H3",
}


def door_to(slug: str) -> str:
    """The vendor's first surface."""
    return next(door for door, (vendor, _path) in DOORS.items() if vendor == slug)


def door_of(spec: ModelSpec) -> str:
    """A surface that offers the model."""
    offering = [door for door in spec.surfaces if door in DOORS]
    return offering[0] if offering else door_to(spec.provider)


def client_at(simulator: SimulatorProcess, door: str, *, timeouts: Timeouts = QUICK, **keys: str) -> BlockingClient:
    slug, path = DOORS[door]
    return BlockingClient(provider=make_provider(slug, door, f"{simulator.url}/{path}", **keys), timeouts=timeouts)


def a_request(door: str, prompt: str = "a boat", **facts):
    return make_request(MODELS[DOORS[door][0]], prompt=prompt, **facts)


def poll_many(client: BlockingClient, submissions: list[Submission], timeouts: Timeouts = QUICK) -> list[Snapshot | ProviderError]:
    async def run() -> list[Snapshot | ProviderError]:
        async with ConcurrentTransport(timeouts=timeouts) as transport:
            return await asyncio.gather(*(poll_concurrently(client.provider, one, transport) for one in submissions))

    return asyncio.run(run())


def paid(simulator: SimulatorProcess) -> int:
    return simulator.ledger(entries=False)["count"]


@pytest.mark.parametrize("spec", ALL_MODELS.values(), ids=ALL_MODELS.keys())
def test_every_model_renders(simulator, spec):
    client = client_at(simulator, door_of(spec))

    submission = client.submit(make_request(spec.name))
    waiting = client.poll(submission)
    simulator.advance(60)
    blocking, [concurrent] = client.poll(submission), poll_many(client, [submission])

    assert waiting.state in {State.QUEUED, State.RUNNING}
    assert blocking.state is concurrent.state is State.SUCCEEDED
    assert blocking.outputs[0].url.startswith(f"{simulator.url}/{'hosts' if blocking.outputs[0].headers_needed else 'media'}/")
    assert blocking.outputs[0].expires_in == spec.result_life
    assert paid(simulator) == 1


@pytest.mark.parametrize("spec", ALL_MODELS.values(), ids=ALL_MODELS.keys())
def test_every_value_of_every_option_is_taken(simulator, spec):
    client = client_at(simulator, door_of(spec))
    wishes = [setting_for(spec, name, value) for name in spec.params.model_fields for value in values_of(spec, name)]
    requests = [make_request(spec.name, slots_for(spec, wish), reference=f"r-{n}", **wish) for n, wish in enumerate(wishes)]

    accepted = {client.submit(request).id for request in requests}

    assert len(accepted) == paid(simulator) == len(wishes)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("kling/kling-v1", {}),
        ("kling/kling-v2-5-turbo", {"mode": "pro"}),
        ("kling/kling-v3", {}),
        ("dashscope/wanx2.1-kf2v-plus", {}),
        ("zhipu/cogvideox-3", {}),
    ],
)
def test_first_and_last_frame_are_accepted(simulator, model, params):
    client = client_at(simulator, door_of(ALL_MODELS[model]))

    assert client.submit(make_request(model, ["first_frame", "last_frame"], **params)).id
    assert paid(simulator) == 1


@pytest.mark.parametrize("camera", [{"camera": "forward_up"}, {"camera": "simple", "camera_axis": "zoom", "camera_amount": -10.0}])
def test_camera_movements_are_accepted(simulator, camera):
    assert client_at(simulator, "official-jwt").submit(make_request("kling/kling-v1", **camera)).id


@EVERY_DOOR
def test_account_check_costs_nothing_and_tells_a_bad_key(simulator, door):
    good, bad = (
        client_at(simulator, door),
        client_at(simulator, door, access_key="bad-a", secret_key="bad-s", api_key="bad-key", cookie="sessionid=bad-session"),
    )

    assert good.check_account().message
    with pytest.raises(AuthenticationFailed):
        bad.check_account()
    assert paid(simulator) == 0


@EVERY_DOOR
def test_many_tasks_are_polled_at_once(simulator, door):
    client = client_at(simulator, door)
    submissions = [client.submit(a_request(door, f"boat {n}", reference=f"many-{n}")) for n in range(20)]

    simulator.advance(60)

    assert {snapshot.state for snapshot in poll_many(client, submissions)} == {State.SUCCEEDED}


REFUSALS = [
    ("refuse", ContentRejected),
    ("auth", AuthenticationFailed),
    ("quota", OutOfCredit),
    ("bad-param", InvalidParams),
    ("rate-limit", RateLimited),
]


@pytest.mark.parametrize(("fault", "kind"), REFUSALS)
@EVERY_DOOR
def test_refused_submit_is_told_apart_and_unpaid(simulator, door, fault, kind):
    with pytest.raises(kind) as caught:
        client_at(simulator, door).submit(a_request(door, f"a boat #fault:{fault}"))

    assert (type(caught.value), paid(simulator)) == (kind, 0)
    assert caught.value.vendor_code


def test_concurrency_limit_is_read_also_with_http_200(simulator):
    with pytest.raises(RateLimited) as caught:
        client_at(simulator, "official-jwt").submit(a_request("official-jwt", "a boat #fault:rate-limit-200"))

    assert (caught.value.vendor_code, caught.value.http_status, paid(simulator)) == ("1303", 200, 0)


def test_gateways_own_error_shape_is_read(simulator):
    with pytest.raises(Refused) as caught:
        client_at(simulator, "gateway").submit(a_request("gateway", "a boat #fault:openai-error"))

    assert (type(caught.value), caught.value.http_status, paid(simulator)) == (InvalidParams, 400, 0)


def test_task_id_at_the_top_level_is_read(simulator):
    client = client_at(simulator, "gateway")

    submission = client.submit(a_request("gateway", "a boat #fault:task-id-top-level"))

    assert client.poll(submission).state in {State.QUEUED, State.RUNNING}


@pytest.mark.parametrize("fault", ["502-after", "reset-after-accept", "hang-after-accept", "html-200", "empty-body", "bad-json"])
@EVERY_DOOR
def test_paid_submit_without_a_clear_answer_is_uncertain(simulator, door, fault):
    with pytest.raises(Uncertain):
        client_at(simulator, door, timeouts=IMPATIENT).submit(a_request(door, f"a boat #fault:{fault}"))

    assert paid(simulator) == 1


@EVERY_DOOR
def test_vendor_that_is_down_leaves_it_uncertain(simulator, door):
    with pytest.raises(Uncertain):
        client_at(simulator, door).submit(a_request(door, "a boat #fault:5xx-before"))

    assert paid(simulator) == 0


@pytest.mark.parametrize("door", ["official-jwt", "official-key", "gateway"])
def test_lost_submit_is_found_by_our_reference(simulator, door):
    client, request = client_at(simulator, door), a_request(door, "a boat #fault:reset-after-accept", reference="lost-1")
    with pytest.raises(Uncertain):
        client.submit(request)

    found = client.look_up("lost-1", spec=request.spec, since=NOON)

    assert found is not None
    assert found.id == simulator.ledger()["entries"][0]["task_id"]
    assert client.poll(found).state in {State.QUEUED, State.RUNNING}


def test_look_up_finds_nothing_where_nothing_was_accepted(simulator):
    client = client_at(simulator, "official-jwt")

    assert client.look_up("never-sent", spec=ALL_MODELS["kling/kling-v1"], since=NOON) is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("poll-429", RateLimited),
        ("poll-5xx", ProviderDown),
        ("poll-html", UnexpectedReply),
        ("poll-empty", UnexpectedReply),
        ("poll-badjson", UnexpectedReply),
        ("poll-reset", ProviderDown),
    ],
)
@VENDOR_DOORS
def test_poll_fault_is_retryable_and_passes(simulator, door, fault, kind):
    client = client_at(simulator, door)
    submission = client.submit(a_request(door, f"a boat #fault:{fault}:1"))
    simulator.advance(60)

    with pytest.raises(kind) as caught:
        client.poll(submission)

    assert caught.value.retryable is True
    assert client.poll(submission).state is State.SUCCEEDED


@VENDOR_DOORS
def test_undocumented_state_passes(simulator, door, caplog):
    client = client_at(simulator, door)
    submission = client.submit(a_request(door, "a boat #fault:poll-unknown-state:1"))
    simulator.advance(60)

    with caplog.at_level(logging.WARNING):
        first = client.poll(submission)

    assert first.state is State.RUNNING
    assert "undocumented task status" in caplog.text
    assert client.poll(submission).state is State.SUCCEEDED


@pytest.mark.parametrize(("fault", "kind"), [("fail-content", ContentRejected), ("fail-internal", GenerationFailed)])
@VENDOR_DOORS
def test_failed_render_keeps_the_vendors_words(simulator, door, fault, kind):
    client = client_at(simulator, door)
    submission = client.submit(a_request(door, f"a boat #fault:{fault}"))
    simulator.advance(60)

    snapshot = client.poll(submission)

    assert (snapshot.state, type(snapshot.error)) == (State.FAILED, kind)
    assert snapshot.error.message


@pytest.mark.parametrize("prompt", ["a boat #fault:expire", None])
@VENDOR_DOORS
def test_task_that_the_vendor_forgot_is_gone(simulator, door, prompt):
    client = client_at(simulator, door)
    slug = DOORS[door][0]
    unknown = Submission(id="0385dc79-0000-4000-8000-000000000001", model=MODELS[slug].partition("/")[2], kind="text2video")
    submission = client.submit(a_request(door, prompt)) if prompt else unknown
    simulator.advance(3600)

    assert [type(error) for error in poll_many(client, [submission])] == [SubmissionGone]


def test_waiting_task_can_be_cancelled_and_a_rendering_one_cannot(simulator):
    simulator.settings(queue_s=30)
    client = client_at(simulator, "beijing")
    waiting, rendering = (client.submit(a_request("beijing", f"boat {n}")) for n in range(2))

    client.cancel(waiting)
    simulator.advance(31)

    assert client.poll(waiting).state is State.CANCELLED
    with pytest.raises(Refused) as caught:
        client.cancel(rendering)
    assert caught.value.vendor_code == "UnsupportedOperation"


def test_clock_that_is_wrong_is_told_as_a_stale_signature(simulator):
    late = client_at(simulator, "official-jwt")
    asleep = BlockingClient(provider=late.provider, timeouts=QUICK, clock=lambda: utc_now() - timedelta(hours=2))

    with pytest.raises(AuthenticationFailed) as caught:
        asleep.check_account()

    assert caught.value.stale is True


@EVERY_DOOR
def test_no_secret_in_logs_transcripts_or_errors(simulator, door, caplog):
    caplog.set_level(logging.DEBUG)
    client, notes = client_at(simulator, door), Transcript()

    client.submit(a_request(door), transcript=notes)
    with pytest.raises(ContentRejected) as caught:
        client.submit(a_request(door, "a boat #fault:refuse", reference="job-2"), transcript=notes)

    shown = caplog.text + repr(notes) + repr(caught.value) + repr(client)
    assert [secret for secret in ("sim-secret", "sk-portal-test", "sim-session", "eyJ") if secret in shown] == []
