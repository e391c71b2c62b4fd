"""A caller asks how a task stands: the hot path, the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from providers.simulator import wire
from providers.simulator.accounts import Account
from providers.simulator.dialect import Dialect, Refusal, Teller
from providers.simulator.faults import HEADER, POLL, known
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask

IS_POLL = "is_poll"
"""Marks a request in the log, as some vendors are asked by POST."""
Tell = Callable[[float, str | None], web.Response]
"""The answer to a batch at a moment; with `poll-unknown-state` or another fault of shape, in that shape."""


@dataclass(slots=True, kw_only=True)
class Poll:
    """One question: what was asked for, and the task if there is one that this key may see."""

    request: web.BaseRequest
    account: Account
    name: str
    task: SimTask | None


async def answer_poll(site: Site, dialect: Teller, poll: Poll) -> web.Response:
    """Raises Refused when the key polls too fast."""
    now = _noted(site, dialect, poll.request, poll.account)
    fault = _given_fault(site, dialect, poll.request)
    if fault is None and poll.task and poll.task.plan.left:
        fault = poll.task.plan.strike(POLL)
    if fault == "poll-unknown-state" and poll.task is not None:
        return dialect.odd_state(poll.task, now)
    if fault:
        return await _faulty(site, dialect, poll.request, fault, lambda: _sound(dialect, poll, now))
    return _sound(dialect, poll, now)


async def answer_batch(
    site: Site, dialect: Dialect, request: web.BaseRequest, account: Account, tasks: list[SimTask], tell: Tell
) -> web.Response:
    """One question about many tasks; the fault of any of them strikes the whole answer. Raises Refused."""
    now = _noted(site, dialect, request, account)
    fault = _given_fault(site, dialect, request) or next(filter(None, (task.plan.strike(POLL) for task in tasks)), None)
    if fault:
        return await _faulty(site, dialect, request, fault, lambda: tell(now, fault))
    return tell(now, None)


def _noted(site: Site, dialect: Dialect, request: web.BaseRequest, account: Account) -> float:
    now = site.clock.now()
    request[IS_POLL] = True
    site.tally.poll(dialect.host, now)
    if not account.may_poll(now, site.tuning):
        raise dialect.refusal(Refusal.RATE)
    return now


def _sound(dialect: Teller, poll: Poll, now: float) -> web.Response:
    if poll.task is None:
        return dialect.unknown(poll.name)
    return dialect.snapshot(poll.task, now, wire.own_base(poll.request))


def _given_fault(site: Site, dialect: Dialect, request: web.BaseRequest) -> str | None:
    by_header = request.headers.get(HEADER)
    if by_header is not None:
        return known(by_header, dialect.host)
    return site.faults.next_of(dialect.host, POLL)


async def _faulty(site: Site, dialect: Dialect, request: web.BaseRequest, fault: str, sound: Callable[[], web.Response]) -> web.Response:
    match fault:
        case "poll-429":
            raise dialect.refusal(Refusal.RATE).with_retry_after()
        case "poll-5xx":
            raise dialect.refusal(Refusal.SERVER)
        case "poll-html":
            return wire.html_reply()
        case "poll-empty":
            return wire.empty_reply()
        case "poll-badjson":
            return wire.broken_json(sound())
        case "poll-reset":
            return wire.reset(request)
        case "poll-hang":
            return await wire.hang(request, site.tuning.hang_s)
    return sound()
