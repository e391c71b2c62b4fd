"""Many submissions at once: who shares a call, what a list of tasks proves, and to whom headers are shown."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from providers.core.base import Options
from providers.core.client import BlockingClient
from providers.core.errors import ProviderDown, ProviderError, RateLimited, SubmissionGone, Unsupported
from providers.core.listings import Listed, require_absence
from providers.core.polling import poll_all
from providers.core.transport import ConcurrentTransport, Timeouts
from providers.core.types import Exchange, Snapshot, State, Submission, WireRequest
from tests.cases import in_one_test
from tests.providers.core.toy_vendor import NOON, SECRET, Toy, toy, toy_request
from tests.scripted_server import ScriptedServer, answer


class TwoTongues(Toy):
    """Old submissions are asked about alone, new ones by twos and by kind."""

    poll_batch = 2
    can_look_up = True
    look_up_within = timedelta(hours=1)

    def poll_group(self, submission: Submission) -> str | None:
        return submission.kind or None

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        kind, names = submissions[0].kind, ",".join(one.id for one in submissions)
        reply = yield WireRequest(method="GET", path=f"/batch/{kind}/{names}")
        found = reply.data()["found"]
        return {one: Snapshot(state=State.RUNNING, vendor_state="on") for one in found}

    def look_up(self, *_facts):
        return None
        yield


class Fragmentary(TwoTongues):
    """Its batches may leave out what it has."""

    batch_is_whole = False


def two_tongues(url: str = "https://toy.example", vendor: type[TwoTongues] = TwoTongues) -> TwoTongues:
    return vendor(Options(surface="only", base_url=url, credentials={"api_key": SECRET}))


def ask(url: str, submissions: list[Submission], vendor: type[TwoTongues] = TwoTongues) -> list[Snapshot | ProviderError]:
    async def run() -> list[Snapshot | ProviderError]:
        async with ConcurrentTransport(timeouts=Timeouts(connect_s=20, read_s=20)) as transport:
            return await poll_all(two_tongues(url, vendor), submissions, transport)

    return asyncio.run(run())


def test_batches_hold_one_group_and_answers_keep_their_places():
    tasks = [Submission(id=name, model="toy-1", kind=kind) for name, kind in (("1", "b"), ("2", ""), ("3", "a"), ("4", "b"), ("5", "b"))]
    same = answer(200, b'{"state": "alone", "found": ["1", "3", "4"]}')

    with ScriptedServer(same, same, same, same) as server:
        answers = ask(server.url, tasks)

    assert sorted(request.split(b" ")[1] for request in server.requests) == [b"/batch/a/3", b"/batch/b/1,4", b"/batch/b/5", b"/renders/2"]
    assert [getattr(one, "vendor_state", type(one)) for one in answers] == ["on", "alone", "on", "on", SubmissionGone]


def test_trouble_with_a_batch_is_everyones_answer():
    with ScriptedServer(answer(503)) as server:
        answers = ask(server.url, [Submission(id=name, model="toy-1", kind="a") for name in "12"])

    assert [type(one) for one in answers] == [ProviderDown, ProviderDown]


@pytest.mark.parametrize("refusal", [answer(400, b"odd"), answer(404), answer(200, b"<html>")], ids=["refused", "not there", "unreadable"])
def test_batch_that_is_refused_or_unreadable_is_asked_about_one_by_one(refusal):
    alone = answer(200, b'{"state": "alone"}')

    with ScriptedServer(refusal, alone, alone) as server:
        answers = ask(server.url, [Submission(id=name, model="toy-1", kind="a") for name in "12"])

    assert [one.vendor_state for one in answers] == ["alone", "alone"]
    assert sorted(request.split(b" ")[1] for request in server.requests) == [b"/batch/a/1,2", b"/renders/1", b"/renders/2"]


@pytest.mark.parametrize(("status", "kind"), [(401, ProviderDown), (402, ProviderDown), (429, RateLimited)])
def test_batch_that_the_account_is_refused_for_is_not_asked_about_again(status, kind):
    with ScriptedServer(answer(status, b"odd")) as server:
        answers = ask(server.url, [Submission(id=name, model="toy-1", kind="a") for name in "12"])

    assert [type(one) for one in answers] == [kind, kind]


def test_task_that_a_list_of_unknown_reach_leaves_out_is_asked_about_alone():
    with ScriptedServer(answer(200, b'{"found": ["1"]}'), answer(200, b'{"state": "alone"}')) as server:
        answers = ask(server.url, [Submission(id=name, model="toy-1", kind="a") for name in "12"], Fragmentary)

    assert [one.vendor_state for one in answers] == ["on", "alone"]
    assert server.requests[1].startswith(b"GET /renders/2 ")


@pytest.mark.parametrize(
    ("made", "known"),
    [([], ()), ([-3600.0], ()), ([5.0], ("0",)), ([-3600.0, 5.0], ("1",))],
)
def test_list_proves_an_absence_when_every_task_is_older_or_known(made, known):
    listed = [Listed(id=str(n), created_at=NOON + timedelta(seconds=at)) for n, at in enumerate(made)]

    assert require_absence(listed, since=NOON, known=known) is None


@pytest.mark.parametrize("made_at", [None, NOON, NOON - timedelta(minutes=5), NOON + timedelta(days=1)])
def test_list_with_a_task_that_may_be_ours_proves_nothing(made_at):
    with pytest.raises(Unsupported):
        require_absence([Listed(id="7", created_at=made_at)], since=NOON, known=("8",))


def test_look_up_is_pointless_once_the_vendor_forgets():
    def look(age: timedelta) -> object:
        return BlockingClient(provider=two_tongues(), clock=lambda: NOON + age).look_up("r", spec=toy_request().spec, since=NOON)

    assert look(timedelta(hours=1)) is None
    with pytest.raises(Unsupported):
        look(timedelta(hours=1, seconds=1))


@in_one_test(
    ("url", "shown"),
    [
        ("https://toy.example/renders/7/content", {"Authorization": f"{SECRET} 12:00:00"}),
        ("http://toy.example/renders/7/content", {}),
        ("https://toy.example:8443/renders/7", {}),
        ("https://toy.example.evil.example/renders/7", {}),
        ("https://toy.example@evil.example/renders/7", {}),
    ],
)
def test_headers_are_shown_to_the_accounts_own_origin_alone(url, shown):
    assert toy().download_headers(url, NOON) == shown
