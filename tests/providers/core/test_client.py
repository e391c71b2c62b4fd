"""The loop around a conversation: what an error means depends on whether money was at stake."""

import asyncio
import logging
import traceback
from datetime import timedelta
from itertools import chain, repeat

import pytest

from providers.core.client import BlockingClient, Transcript, converse, poll_concurrently
from providers.core.errors import (
    AuthenticationFailed,
    ClockOff,
    InvalidParams,
    NotSent,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    Uncertain,
    UnexpectedReply,
    Unreachable,
)
from providers.core.transport import ConcurrentTransport, Timeouts, TransportFailure
from providers.core.types import Snapshot, State, Submission, WireReply
from tests.cases import in_one_test
from tests.providers.core.toy_vendor import NOON, SECRET, toy, toy_request
from tests.scripted_server import ScriptedServer, answer, hang, reset

IMPATIENT = Timeouts(connect_s=20, read_s=0.3)
"""For answers that never come."""
TASK = Submission(id="7", model="toy-1")
OK = WireReply(status=200, body=b"{}")


def at_the_paid_request(transcript=None):
    """Return a submit whose upload went well; the paid request is the next."""
    talk = converse(toy(), toy().submit(toy_request()), clock=lambda: NOON, transcript=transcript)
    next(talk)
    assert talk.send(OK).billable is True
    return talk


def at_the_poll():
    talk = converse(toy(), toy().poll(TASK), clock=lambda: NOON)
    next(talk)
    return talk


def outcome(talk, reply):
    """Return the conversation's result after this reply (or transport failure)."""
    try:
        talk.throw(reply) if isinstance(reply, Exception) else talk.send(reply)
    except StopIteration as done:
        return done.value
    except ProviderError as error:
        return error
    raise AssertionError("the conversation goes on")


NEVER_LEFT = TransportFailure("Nobody there.", sent=False)
LOST = TransportFailure("No answer.", sent=True)
ANSWERS = [
    (NEVER_LEFT, Unreachable, Unreachable),
    (LOST, Uncertain, ProviderDown),
    (WireReply(status=500), Uncertain, ProviderDown),
    (WireReply(status=502, body=b"<html>"), Uncertain, ProviderDown),
    (WireReply(status=408), Uncertain, ProviderDown),
    (WireReply(status=499), Uncertain, ProviderDown),
    (WireReply(status=200, body=b"<html>welcome</html>"), Uncertain, UnexpectedReply),
    (WireReply(status=200), Uncertain, UnexpectedReply),
    (WireReply(status=200, body=b"[1]"), Uncertain, UnexpectedReply),
    (WireReply(status=200, body=b"[" * 100_000), Uncertain, UnexpectedReply),
    (WireReply(status=429), RateLimited, RateLimited),
    (WireReply(status=400), Uncertain, InvalidParams),
    (WireReply(status=403, body=b"<html>"), Uncertain, AuthenticationFailed),
    (WireReply(status=401, body=b"<html>"), AuthenticationFailed, AuthenticationFailed),
    (WireReply(status=405, body=b"<html>"), Uncertain, Refused),
    (WireReply(status=413, body=b"<html>"), InvalidParams, InvalidParams),
    (WireReply(status=409), Uncertain, Refused),
    (WireReply(status=425), Uncertain, Refused),
    (WireReply(status=301), Uncertain, Refused),
    (WireReply(status=307), Uncertain, Refused),
    (WireReply(status=303), Uncertain, Refused),
    (WireReply(status=302), Uncertain, Refused),
]


@in_one_test(("reply", "when_paid"), [(reply, when_paid) for reply, when_paid, _ in ANSWERS])
def test_error_of_a_paid_request_says_whether_it_may_have_been_accepted(reply, when_paid):
    assert type(outcome(at_the_paid_request(), reply)) is when_paid


@in_one_test(("reply", "when_free"), [(reply, when_free) for reply, _, when_free in ANSWERS])
def test_error_of_a_free_request_is_never_uncertain(reply, when_free):
    assert type(outcome(at_the_poll(), reply)) is when_free


def test_failure_before_the_paid_request_is_not_uncertain():
    talk = converse(toy(), toy().submit(toy_request()))
    next(talk)

    assert type(outcome(talk, LOST)) is ProviderDown


def test_redirect_names_the_base_url_as_the_cause():
    assert outcome(at_the_poll(), WireReply(status=301)).code == "wrong_endpoint"
    paid = outcome(at_the_paid_request(), WireReply(status=301))
    assert ("check the account's base URL" in paid.message, paid.http_status) == (True, 301)


def test_uncertain_is_not_retryable_and_unreachable_is():
    assert outcome(at_the_paid_request(), LOST).retryable is False
    assert outcome(at_the_paid_request(), NEVER_LEFT).retryable is True


def test_stale_signature_is_renewed_once():
    times = chain([NOON, NOON, NOON], repeat(NOON + timedelta(seconds=9)))
    talk = converse(toy(), toy().submit(toy_request()), clock=lambda: next(times))
    next(talk)
    first = talk.send(OK)

    again = talk.send(WireReply(status=401, body=b"stale"))

    assert (first.headers["Authorization"], again.headers["Authorization"]) == (f"{SECRET} 12:00:00", f"{SECRET} 12:00:09")
    assert (again.path, again.json, again.billable) == (first.path, first.json, True)
    error = outcome(talk, WireReply(status=401, body=b"stale"))
    assert (type(error), error.retryable) == (ClockOff, True)
    assert str(error.advice) == "This server's clock says 12:00:09 UTC. Set it, for example by NTP."


@pytest.mark.parametrize(
    ("date", "signed_at"),
    [
        ("Fri, 20 Nov 2026 11:59:52 GMT", "11:59:52"),
        ("Fri, 20 Nov 2026 12:30:00 GMT", "12:30:00"),
        ("soon", "12:00:00"),
        ("Fri, 20 Nov 2026 11:59:52 -0000", "12:00:00"),
        (f"Fri, 20 Nov {10**20} 11:59:52 GMT", "12:00:00"),
    ],
)
def test_stale_signature_is_renewed_by_the_vendors_clock(date, signed_at):
    talk = at_the_paid_request()

    again = talk.send(WireReply(status=401, body=b"stale", headers={"date": date}))

    assert again.headers["Authorization"] == f"{SECRET} {signed_at}"


def test_wrong_key_is_not_tried_again():
    assert type(outcome(at_the_paid_request(), WireReply(status=401))) is AuthenticationFailed


def test_adapter_may_catch_an_error_at_its_yield():
    assert outcome(at_the_poll(), WireReply(status=451)) == Snapshot(state=State.CANCELLED, vendor_state="caught")


def test_retry_after_is_believed_up_to_an_hour():
    delays = ("7", "-1", "90000", "soon", "nan")

    waits = [outcome(at_the_poll(), WireReply(status=429, headers={"retry-after": text})).retry_after_s for text in delays]

    assert waits == [7.0, 0.0, 3600.0, None, None]


def test_secret_is_absent_from_error_and_its_causes():
    error = outcome(at_the_paid_request(), WireReply(status=401, body=b"x"))
    unread = outcome(at_the_paid_request(), WireReply(status=200, body=f"<p>{SECRET}".encode()))

    for caught in (error, unread):
        assert SECRET not in str(caught) + repr(caught) + "".join(traceback.format_exception(caught))
    assert "•••" in error.message


def test_adapter_never_reads_a_secret():
    """What it reads becomes ids, states and errors, which are stored and shown."""
    submission = outcome(at_the_paid_request(), WireReply(status=200, body=f'{{"render": {{"id": "{SECRET.upper()}"}}}}'.encode()))
    snapshot = outcome(at_the_poll(), WireReply(status=200, body=f'{{"state": "no {SECRET}"}}'.encode()))

    assert (submission.id, snapshot.vendor_state) == ("•••", "no •••")


def test_headers_of_an_answer_are_masked():
    seen = []

    class Curious(type(toy())):
        def check(self, reply):
            seen.append(reply.headers)

    talk = converse(Curious(toy().options), toy().poll(TASK), clock=lambda: NOON)
    next(talk)
    outcome(talk, WireReply(status=200, headers={"x-request-id": f"a{SECRET}b", "date": "now"}, body=b'{"state": "on"}'))

    assert seen == [{"x-request-id": "a•••b", "date": "now"}]


def test_transcript_keeps_request_and_reply_without_the_secret():
    notes = Transcript()
    talk = at_the_paid_request(notes)

    outcome(talk, WireReply(status=400, body=f'{{"error": "key {SECRET} is poor"}}'.encode()))

    assert notes.request == {"method": "POST", "path": "/renders", "query": {}, "json": {"prompt": "a boat"}}
    assert notes.reply == {"status": 400, "body": '{"error": "key ••• is poor"}'}


def test_options_do_not_show_credentials():
    assert SECRET not in repr(toy().options) + str(toy().options)


def test_blocking_client_submits_over_a_socket():
    with ScriptedServer(answer(200, b"{}"), answer(200, b'{"render": {"id": "7"}}')) as server:
        submission = BlockingClient(provider=toy(server.url)).submit(toy_request())

    assert submission == TASK
    assert [request.split(b" ")[1] for request in server.requests] == [b"/upload", b"/renders"]


def test_the_last_look_comes_right_before_the_paid_request():
    def look() -> None:
        seen.extend(server.requests)
        raise NotSent("held up")

    seen: list[bytes] = []
    with ScriptedServer(answer(200, b"{}"), answer(200, b'{"render": {"id": "7"}}')) as server, pytest.raises(NotSent):
        BlockingClient(provider=toy(server.url)).submit(toy_request(), before_paying=look)

    assert [request.split(b" ")[1] for request in seen] == [b"/upload"]
    assert server.requests == seen


def test_an_id_that_no_row_has_room_for_is_an_unknown_outcome_that_says_so():
    long = b'{"render": {"id": "' + b"7" * 2_001 + b'"}}'
    with ScriptedServer(answer(200, b"{}"), answer(200, long)) as server, pytest.raises(Uncertain, match="more than 2000 bytes"):
        BlockingClient(provider=toy(server.url)).submit(toy_request())


@pytest.mark.parametrize("action", [reset, hang], ids=["reset", "hang"])
def test_blocking_client_asks_once_when_the_paid_answer_is_lost(action, caplog):
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(answer(200, b"{}"), action, answer(200)) as server:
        client = BlockingClient(provider=toy(server.url), timeouts=IMPATIENT)
        with pytest.raises(Uncertain):
            client.submit(toy_request())

    assert len(server.requests) == 2
    assert SECRET not in caplog.text


def poll_all(url: str, count: int) -> list[object]:
    async def run() -> list[object]:
        async with ConcurrentTransport() as transport:
            return [await poll_concurrently(toy(url), TASK, transport) for _ in range(count)]

    return asyncio.run(run())


def test_concurrent_poll_returns_errors_as_values():
    with ScriptedServer(
        answer(200, b'{"state": "on"}'), answer(503), reset, reset, answer(200, b"<html>")
    ) as server:  # aiohttp asks a GET twice
        first, *rest = poll_all(server.url, 4)

    assert first == Snapshot(state=State.RUNNING, vendor_state="on")
    assert [type(error) for error in rest] == [ProviderDown, ProviderDown, UnexpectedReply]


def test_poll_takes_a_refusal_for_the_vendors_only_with_its_code():
    with ScriptedServer(answer(404), answer(404, b"gone"), answer(403)) as server:
        bare, coded = poll_all(server.url, 2)
        with pytest.raises(ProviderError) as blocking:
            BlockingClient(provider=toy(server.url)).poll(TASK)

    assert (type(bare), type(coded), coded.vendor_code) == (ProviderDown, Refused, "gone")
    assert type(blocking.value) is ProviderDown
