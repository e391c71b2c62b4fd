"""The adapter of Jimeng's web site over real HTTP: batches, disputed states, look-up, sign and credits."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from providers.core.client import BlockingClient
from providers.core.errors import AuthenticationFailed, ContentRejected, ProviderError, RateLimited, SubmissionGone, Uncertain, Unsupported
from providers.core.polling import poll_all
from providers.core.transport import ConcurrentTransport, Timeouts
from providers.core.types import Balance, Snapshot, State, Submission
from providers.simulator.testing import SimulatorProcess
from providers.vendors import ALL_MODELS
from tests.providers.vendors.vendor_samples import NOON, make_provider, make_request

BOTH = pytest.mark.parametrize("model", ["jimeng/jimeng-video-2.0", "jimeng/seedance-2.0"])
OLD = "jimeng/jimeng-video-2.0"


def client_at(simulator: SimulatorProcess, **keys: str) -> BlockingClient:
    provider = make_provider("jimeng", base_url=f"{simulator.url}/hosts/jimeng", **keys)
    return BlockingClient(provider=provider, timeouts=Timeouts(connect_s=20, read_s=20))


def poll_batch(client: BlockingClient, submissions: list[Submission]) -> list[Snapshot | ProviderError]:
    async def run() -> list[Snapshot | ProviderError]:
        async with ConcurrentTransport() as transport:
            return await poll_all(client.provider, submissions, transport)

    return asyncio.run(run())


@BOTH
def test_batch_is_one_request_and_reports_missing_tasks(simulator, model):
    client = client_at(simulator)
    submissions = []
    for number in range(3):
        submissions.append(client.submit(make_request(model, reference=f"job-{number}")))
        simulator.advance(60)
    unknown = Submission(id="3599999999999", model=submissions[0].model, kind=submissions[0].kind.partition(" ")[0])

    *known, missing = poll_batch(client, [*submissions, unknown])

    assert [snapshot.state for snapshot in known] == [State.SUCCEEDED] * 3
    assert isinstance(missing, SubmissionGone)
    assert len(simulator.requests()["polls"]) == 1


@pytest.mark.parametrize("fault", ["poll-mget-refused", "poll-mget-lacks"])
def test_history_shows_what_the_older_question_does_not(simulator, fault):
    client = client_at(simulator)
    submissions = [client.submit(make_request(OLD, reference=f"job-{number}")) for number in range(2)]
    simulator.advance(60)
    simulator.faults("jimeng", fault, 100)

    answers = poll_batch(client, submissions)

    assert [(one.state, len(one.outputs)) for one in answers] == [(State.SUCCEEDED, 1)] * 2
    assert [poll["path"].rpartition("/")[2] for poll in simulator.requests()["polls"]] == ["mget_generate_task", "get_history_by_ids"]


@BOTH
@pytest.mark.parametrize("status", ["10", "45"])
def test_file_settles_a_disputed_status(simulator, model, status):
    client = client_at(simulator)
    submission = client.submit(make_request(model, prompt=f"a boat #fault:done-status-{status}"))
    simulator.advance(60)

    snapshot = client.poll(submission)

    assert (snapshot.state, snapshot.vendor_state, len(snapshot.outputs)) == (State.SUCCEEDED, status, 1)


@BOTH
@pytest.mark.parametrize(("status", "kind"), [("10", ContentRejected), ("40", ContentRejected), ("100", SubmissionGone)])
def test_terminal_status_without_a_file_is_a_failure(simulator, model, status, kind):
    client = client_at(simulator)
    submission = client.submit(make_request(model, prompt=f"a boat #fault:fail-status-{status}"))
    simulator.advance(60)

    snapshot = client.poll(submission)

    assert (snapshot.state, snapshot.vendor_state, type(snapshot.error)) == (State.FAILED, status, kind)


@BOTH
def test_lost_submit_is_found_by_our_submit_id(simulator, model):
    client, request = client_at(simulator), make_request(model, prompt="a boat #fault:reset-after-accept", reference="lost-1")
    with pytest.raises(Uncertain):
        client.submit(request)

    found = client.look_up("lost-1", spec=request.spec, since=NOON)
    simulator.advance(60)

    assert client.poll(found).state is State.SUCCEEDED
    assert simulator.ledger(entries=False)["count"] == 1


@BOTH
def test_absence_from_the_history_proves_nothing(simulator, model):
    with pytest.raises(Unsupported):
        client_at(simulator).look_up("never-sent", spec=ALL_MODELS[model], since=NOON)


def test_second_render_at_once_is_rate_limited(simulator):
    simulator.settings(slots=1)
    client = client_at(simulator)
    client.submit(make_request(OLD))

    with pytest.raises(RateLimited) as caught:
        client.submit(make_request(OLD, reference="job-2"))

    assert caught.value.vendor_code in {"1010", "1310"}


def test_credits_are_shown(simulator):
    assert client_at(simulator).balance() == Balance(amount=Decimal(10000), unit="credits")


@pytest.mark.parametrize("sign", ["computed", "0123456789abcdef" * 2])
def test_sign_of_either_making_is_taken_where_the_site_is_loose(simulator, sign):
    assert client_at(simulator, sign=sign).submit(make_request(OLD)).id


def test_only_a_computed_sign_is_taken_where_the_site_is_strict(simulator):
    simulator.settings(strict_sign=1)

    assert client_at(simulator).submit(make_request(OLD)).id
    assert client_at(simulator, app_version="8.4.0").submit(make_request(OLD, reference="job-3")).id
    with pytest.raises(AuthenticationFailed) as caught:
        client_at(simulator, sign="0123456789abcdef" * 2).submit(make_request(OLD, reference="job-2"))
    assert caught.value.vendor_code == "1014"
