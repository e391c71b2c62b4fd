"""Drives a provider's conversations: sign -> send -> check -> resume. One loop, used blocking and concurrently."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from providers.core.base import Provider, date_of
from providers.core.catalog import ModelSpec
from providers.core.declared import Declaration
from providers.core.errors import (
    AuthenticationFailed,
    ClockOff,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
    Unreachable,
    Unsupported,
    is_of_the_call,
)
from providers.core.ids import NO_IDS
from providers.core.messages import say
from providers.core.payments import error_of_payment, outcome_unknown
from providers.core.redact import SECRET_HEADERS, SHORTEST, mask_for, redact
from providers.core.transport import BlockingTransport, ConcurrentTransport, Timeouts, TransportFailure
from providers.core.types import (
    Balance,
    Exchange,
    GenerationRequest,
    Snapshot,
    Submission,
    WireReply,
    WireRequest,
)

__all__ = ["BlockingClient", "Transcript", "poll_concurrently", "poll_many_concurrently"]

log = logging.getLogger("providers.client")

T = TypeVar("T")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Transcript:
    """What went over the wire, redacted: kept with the attempt as evidence."""

    request: dict[str, Any] = field(default_factory=dict)
    reply: dict[str, Any] = field(default_factory=dict)


def converse(provider: Provider, exchange: Exchange[T], *, clock: Clock = utc_now, transcript: Transcript | None = None) -> Exchange[T]:
    """Drive a conversation: sign its requests, check the replies, and translate errors.

    Send it replies or throw `TransportFailure` into it; it raises a `ProviderError`. Once the billable request may have arrived, every
    error that does not prove a refusal becomes `Uncertain`. The adapter sees each error first, at its `yield`, and may carry on.
    """
    try:
        request = next(exchange)
        while True:
            try:
                reply = yield from _ask(provider, request, clock, transcript)
            except ProviderError as error:
                request = exchange.throw(error)
                continue
            try:
                request = exchange.send(reply)
            except UnexpectedReply as error:
                if not request.billable:
                    raise
                raise _unreadable(error, request) from error
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    except ProviderError as error:
        _hide_secrets(error, provider.secrets)
        raise


def _hide_secrets(error: ProviderError, secrets: tuple[str, ...]) -> None:
    """Mask secrets in the messages: vendors quote keys ("Incorrect API key sk-..."), and messages end up in logs and on pages."""
    link: BaseException | None = error
    while isinstance(link, ProviderError):
        link.message = redact(link.message, secrets)
        link.args = (link.message,)
        link = link.__cause__


def _ask(provider: Provider, request: WireRequest, clock: Clock, transcript: Transcript | None) -> Exchange[WireReply]:
    """Send one request and return its checked reply; renew a stale signature once, by the vendor's clock where its answer has one."""
    offset = timedelta(0)
    for last_try in (False, True):
        if transcript is not None:
            transcript.request = _redacted_request(provider, request)
        signed = provider.sign(request, clock() + offset)
        try:
            reply = _masked(provider, signed, (yield signed))
        except TransportFailure as failure:
            raise _meaning(failure, request) from failure
        if transcript is not None:
            shown = {"status": reply.status, "body": reply.body[:8_000].decode("utf-8", "replace")}
            transcript.reply = redact(shown, provider.secrets)
        error = _checked(provider, reply, request)
        if error is None:
            return reply
        if not (isinstance(error, AuthenticationFailed) and error.stale):
            raise error
        ours, theirs = clock(), date_of(reply.headers)
        if last_try:
            raise _clock_off(error, ours, theirs) from error
        offset = theirs - ours if theirs else offset
    raise AssertionError("unreachable: the second try returns or raises")


def _clock_off(error: AuthenticationFailed, ours: datetime, theirs: datetime | None) -> ClockOff:
    """Return the error for a signature that the vendor rejects although it has the vendor's own time."""
    advice = say("set_clock", ours=f"{ours.astimezone(UTC):%H:%M:%S}")
    if theirs:
        advice += say("vendors_clock", theirs=f"{theirs.astimezone(UTC):%H:%M:%S}")
    return ClockOff(error.message, vendor_code=error.vendor_code, http_status=error.http_status, request_id=error.request_id, advice=advice)


def _masked(provider: Provider, signed: WireRequest, reply: WireReply) -> WireReply:
    """Return the answer without the secrets that it quotes: whatever an adapter reads of it may be stored, logged and shown."""
    mask, sent = mask_for(provider.secrets), tuple(_signatures(signed))
    headers, head = reply.headers, "\n".join(reply.headers.values()).encode("utf-8", "replace")
    if mask.covered(head, sent) != head:  # one search for all of them: nearly always there is nothing
        headers = {name: mask.covered(value.encode("utf-8", "replace"), sent).decode() for name, value in headers.items()}
    return replace(reply, headers=headers, body=mask.covered(reply.body, sent))


def _signatures(signed: WireRequest) -> Iterator[str]:
    """Yield the credentials as they were sent: a token; of a JWT its payload and signature, but not the header, which all JWTs share."""
    for name, value in signed.headers.items():
        if name.lower() in SECRET_HEADERS:
            token = value.split()[-1] if value.strip() else ""
            yield from (part for part in (value, token, *token.split(".")[1:]) if len(part) >= SHORTEST)


def _checked(provider: Provider, reply: WireReply, request: WireRequest) -> ProviderError | None:
    if 300 <= reply.status < 400:
        moved = Refused("The vendor's address has moved; check the account's base URL.", code="wrong_endpoint", http_status=reply.status)
        return _unreadable(moved, request)
    try:
        error = provider.check(reply)
    except UnexpectedReply as unread:
        return _unreadable(unread, request)
    if error is None or not request.billable:
        return error
    meant = error_of_payment(error)
    return outcome_unknown(meant) if isinstance(meant, (Refused, RateLimited)) and _names_a_task(reply) else meant


def _names_a_task(reply: WireReply) -> bool:
    """Return whether an error answer names a task beside its code: then there may be one."""
    try:
        body = reply.data()
    except UnexpectedReply:
        return False
    places = [body, *(part for name in ("data", "output") if isinstance(part := body.get(name), dict))]
    ids = (str(place.get("task_id") or "").strip().lower() for place in places)
    return any(text and text not in NO_IDS for text in ids)


def _unreadable(error: ProviderError, request: WireRequest) -> ProviderError:
    """Return the error as it is, or as `Uncertain` when the request was a paid one."""
    return outcome_unknown(error) if request.billable else error


def _meaning(failure: TransportFailure, request: WireRequest) -> ProviderError:
    if not failure.sent:
        return Unreachable(failure.words)
    if request.billable:
        return Uncertain(failure.words + say("may_be_accepted"))
    return ProviderDown(failure.words)


def _redacted_request(provider: Provider, request: WireRequest) -> dict[str, Any]:
    shown = {"method": request.method, "path": request.path, "query": dict(request.query), "json": request.json}
    if request.parts:
        shown["parts"] = {
            part.name: f"<{len(part.content)} bytes>" if part.filename else part.content.decode("utf-8", "replace")
            for part in request.parts
        }
    return redact(shown, provider.secrets)  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class BlockingClient:
    """One account, one call at a time. Every method raises `ProviderError`."""

    provider: Provider
    timeouts: Timeouts = field(default_factory=Timeouts)
    clock: Clock = utc_now

    @property
    def can_look_up(self) -> bool:
        """Return whether the vendor can be asked about our reference."""
        return self.provider.can_look_up

    def takes_reference_once(self, spec: ModelSpec) -> bool:
        """Return whether the vendor refuses a reference that it has already."""
        return self.provider.takes_reference_once(self.provider.options.surface, spec.id)

    def submit(
        self,
        request: GenerationRequest,
        *,
        transcript: Transcript | None = None,
        before_paying: Callable[[], None] = lambda: None,
    ) -> Submission:
        """Ask for a video. `before_paying` is called right before the paid request leaves, and may raise `NotSent`."""
        return self._run(self.provider.submit(request), transcript, before_paying)

    def poll(self, submission: Submission) -> Snapshot:
        try:
            return self._run(self.provider.poll(submission))
        except Refused as error:
            raise _of_a_poll(error) from error.__cause__

    def cancel(self, submission: Submission) -> None:
        self._run(self.provider.cancel(submission))

    def look_up(self, reference: str, *, spec: ModelSpec, since: datetime, known: Sequence[str] = ()) -> Submission | None:
        """Return the submission, or None when there surely is none. Raise `Unsupported` when the vendor cannot know (any more)."""
        if not self.can_still_look_up(since):
            raise Unsupported(f"{self.provider.label} no longer lists what was sent that long ago.")
        return self._run(self.provider.look_up(reference, spec, since, known))

    def can_still_look_up(self, since: datetime) -> bool:
        """Return whether the vendor may still know a request of that time."""
        limit = self.provider.look_up_within
        return self.can_look_up and (limit is None or self.clock() - since <= limit)

    def list_models(self) -> Sequence[Declaration]:
        return self._run(self.provider.list_models())

    def check_account(self) -> None:
        self._run(self.provider.check_account())

    def balance(self) -> Balance:
        return self._run(self.provider.balance(self.clock()))

    def _run(self, exchange: Exchange[T], transcript: Transcript | None = None, before_paying: Callable[[], None] = lambda: None) -> T:
        transport = BlockingTransport(base_url=self.provider.options.base_url, timeouts=self.timeouts)
        talk = converse(self.provider, exchange, clock=self.clock, transcript=transcript)
        try:
            request = next(talk)
            while True:
                if request.billable:
                    before_paying()
                try:
                    reply = transport.send(request)
                except TransportFailure as failure:
                    request = talk.throw(failure)
                else:
                    request = talk.send(reply)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


async def poll_concurrently(
    provider: Provider, submission: Submission, transport: ConcurrentTransport, *, clock: Clock = utc_now
) -> Snapshot | ProviderError:
    """Poll one of many over a shared transport. Errors are returned as values: one bad task must not end its batch."""
    return await _talk_concurrently(provider, provider.poll(submission), transport, clock)


async def poll_many_concurrently(
    provider: Provider, submissions: Sequence[Submission], transport: ConcurrentTransport, *, clock: Clock = utc_now
) -> Mapping[str, Snapshot | ProviderError]:
    """Poll at most `poll_batch` submissions through the vendor's batch call. Return answers by id; ask about the missing ones alone."""
    answer = await _talk_concurrently(provider, _together(provider, submissions), transport, clock)
    return {submission.id: answer for submission in submissions} if isinstance(answer, ProviderError) else answer


def _together(provider: Provider, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
    """Return no answers when a batch call is refused or cannot be read: it says nothing of any one task."""
    try:
        found = yield from provider.poll_many(submissions)
    except ProviderError as error:
        if not is_of_the_call(error):
            raise
        log.info("%s: a batch poll failed: %s", provider.slug, error)
        return {}
    gone = SubmissionGone(f"{provider.label} no longer knows this task.")
    return {submission.id: found.get(submission.id, gone) for submission in submissions} if provider.batch_is_whole else found


async def _talk_concurrently(provider: Provider, exchange: Exchange[T], transport: ConcurrentTransport, clock: Clock) -> T | ProviderError:
    base_url = provider.options.base_url
    talk = converse(provider, exchange, clock=clock)
    try:
        request = next(talk)
        while True:
            try:
                reply = await transport.send(base_url, request)
            except TransportFailure as failure:
                request = talk.throw(failure)
            else:
                request = talk.send(reply)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    except Refused as error:
        return _of_a_poll(error)
    except ProviderError as error:
        return error
    except Exception:  # a bug in an adapter must not delay the other tasks of the batch
        log.exception("%s: a poll failed by an error of the portal", provider.slug)
        return UnexpectedReply("The vendor's answer met an error in the portal; see the log.")


def _of_a_poll(error: Refused) -> ProviderError:
    """Return a refusal without a vendor's code as `ProviderDown`: a proxy or a wrong address says nothing about the render."""
    if error.vendor_code or isinstance(error, SubmissionGone):
        return error
    return ProviderDown(error.message, http_status=error.http_status)
