"""What surfaces and single vendors do beyond the contract of every model, over real HTTP against the simulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from providers.core.client import BlockingClient, utc_now
from providers.core.errors import AuthenticationFailed, ClockOff, DuplicateReference, InvalidParams, RateLimited, Refused, Uncertain
from providers.core.transport import Timeouts
from providers.core.types import State
from providers.vendors import ALL_MODELS, PROVIDERS
from tests.providers.simulator.simulator_callers import until
from tests.providers.vendors.option_values import KNOWN_AT_THE_VENDOR, PROMPTS, setting_for, slots_for, values_of
from tests.providers.vendors.simulated_surfaces import PATIENT, SIMULATED, a_request, ask, client_at, paid, surface_of
from tests.providers.vendors.vendor_samples import NOON, make_request

IMPATIENT = Timeouts(connect_s=20, read_s=0.3)
EVERY_SURFACE = pytest.mark.parametrize("surface", SIMULATED)
WITH_A_KEY = pytest.mark.parametrize("surface", [surface for surface in SIMULATED if surface != "local"])


def choices_of(spec):
    """Return each value of each option that the simulator's vendor takes from anybody."""
    choices = [(name, value) for name in spec.params.model_fields for value in values_of(spec, name)]
    return [(name, value) for name, value in choices if (spec.name, name) not in KNOWN_AT_THE_VENDOR]


def submitted(simulator, spec, choices, *, first=0):
    """Submit a request with each of these choices, numbered from `first`, and return the ids."""
    client, ids = client_at(simulator, surface_of(spec)), []
    for number, (name, value) in enumerate(choices, first):
        setting, prompt = setting_for(spec, name, value), PROMPTS.get((spec.name, name), "a boat")
        ids.append(client.submit(make_request(spec.name, slots_for(spec, setting), prompt=prompt, reference=f"r-{number}", **setting)).id)
    return ids


@pytest.mark.parametrize("slug", PROVIDERS)
def test_every_value_of_an_option_is_taken_by_the_first_model_that_has_it(simulator, slug):
    tried, ids = set(), []
    for spec in PROVIDERS[slug].models.values():
        new = [(name, value) for name, value in choices_of(spec) if (name, repr(value)) not in tried]
        tried |= {(name, repr(value)) for name, value in new}
        ids += submitted(simulator, spec, new, first=len(ids))

    assert len(set(ids)) == paid(simulator) == len(tried)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ALL_MODELS.values(), ids=ALL_MODELS.keys())
def test_every_value_of_every_option_is_taken(simulator, spec):
    choices = choices_of(spec)

    assert len(set(submitted(simulator, spec, choices))) == paid(simulator) == len(choices)


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
    client = client_at(simulator, surface_of(ALL_MODELS[model]))

    assert client.submit(make_request(model, ["first_frame", "last_frame"], **params)).id
    assert paid(simulator) == 1


@pytest.mark.parametrize("camera", [{"camera": "forward_up"}, {"camera": "simple", "camera_axis": "zoom", "camera_amount": -10.0}])
def test_camera_movements_are_accepted(simulator, camera):
    assert client_at(simulator, "gateway").submit(make_request("kling/kling-v1", **camera)).id


@WITH_A_KEY
def test_account_check_costs_nothing_and_recognises_a_bad_key(simulator, surface):
    good, bad = (
        client_at(simulator, surface),
        client_at(simulator, surface, access_key="bad-a", secret_key="bad-s", api_key="bad-key", cookie="sessionid=bad-session"),
    )

    good.check_account()
    with pytest.raises(AuthenticationFailed):
        bad.check_account()
    assert paid(simulator) == 0


@EVERY_SURFACE
def test_many_tasks_are_polled_at_once(simulator, surface):
    client = client_at(simulator, surface)
    submissions = [client.submit(a_request(surface, f"boat {n}", reference=f"many-{n}")) for n in range(4)]

    simulator.advance(60)

    assert {snapshot.state for snapshot in ask(client, submissions)} == {State.SUCCEEDED}


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


@EVERY_SURFACE
def test_paid_submit_that_hangs_is_uncertain(simulator, surface):
    with pytest.raises(Uncertain):
        client_at(simulator, surface, timeouts=IMPATIENT).submit(a_request(surface, "a boat #fault:hang-after-accept"))

    until(simulator.ledger, "count", {1})  # it may read the request after its caller has left


@pytest.mark.parametrize("surface", ["official-jwt", "official-key", "gateway"])
def test_lost_submit_is_found_by_our_reference(simulator, surface):
    client, request = client_at(simulator, surface), a_request(surface, "a boat #fault:reset-after-accept", reference="lost-1")
    with pytest.raises(Uncertain):
        client.submit(request)

    found = client.look_up("lost-1", spec=request.spec, since=NOON)

    assert found is not None
    assert found.id == simulator.ledger()["entries"][0]["task_id"]
    assert client.poll(found).state in {State.QUEUED, State.RUNNING}


def test_look_up_finds_nothing_where_nothing_was_accepted(simulator):
    client = client_at(simulator, "official-jwt")

    assert client.look_up("never-sent", spec=ALL_MODELS["kling/kling-v2-5-turbo"], since=NOON) is None


@pytest.mark.parametrize(
    ("model", "surface"), [("kling/kling-v2-5-turbo", "official-jwt"), ("kling/kling-3.0", "official-key"), ("zhipu/cogvideox-3", "cn")]
)
def test_reference_sent_twice_is_distinguished_from_bad_parameters(simulator, model, surface):
    client, request = client_at(simulator, surface), make_request(model, reference="sent-1")
    client.submit(request)

    with pytest.raises(DuplicateReference):
        client.submit(request)

    assert paid(simulator) == 1


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


@pytest.mark.parametrize("ahead", [timedelta(seconds=8), timedelta(minutes=-30)])
@pytest.mark.parametrize("surface", ["official-jwt", "official"])
def test_wrong_clock_is_corrected_by_the_vendors_answer(simulator, surface, ahead):
    """A vendor whose clock is 8 s behind ours, or half an hour ahead; Volcengine takes a quarter of an hour."""
    provider = client_at(simulator, surface).provider
    client = BlockingClient(provider=provider, timeouts=PATIENT, clock=lambda: utc_now() + ahead)

    client.check_account()

    assert client.submit(a_request(surface)).id
    assert paid(simulator) == 1


def test_clock_that_the_vendors_answer_does_not_correct_is_named(simulator):
    simulator.settings(token_clock_behind_s=60)

    with pytest.raises(ClockOff, match=r"not yet valid .* This server's clock says .* UTC\. .* The vendor's clock says .* UTC") as caught:
        client_at(simulator, "official-jwt").submit(a_request("official-jwt"))

    assert caught.value.retryable is True
    assert paid(simulator) == 0


def test_account_check_of_jimeng_is_asked_for_as_the_page_of_images_does(simulator):
    assert client_at(simulator, "web").check_account() is None


@pytest.mark.parametrize(
    ("surface", "fault", "kind"),
    [
        ("web", "robot-check", AuthenticationFailed),
        ("web", "model-offline", InvalidParams),
        ("official", "not-opened", AuthenticationFailed),
    ],
)
def test_refusal_with_advice_is_sure(simulator, surface, fault, kind):
    with pytest.raises(kind) as caught:
        client_at(simulator, surface).submit(a_request(surface, f"a boat #fault:{fault}"))

    assert caught.value.advice
    assert paid(simulator) == 0
