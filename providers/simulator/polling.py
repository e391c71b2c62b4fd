"""A caller asks how a task stands: the hot path, the same for every vendor."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from providers.simulator import wire
from providers.simulator.accounts import Account
from providers.simulator.dialect import Dialect, Refusal
from providers.simulator.faults import HEADER, POLL, known
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask


@dataclass(slots=True, kw_only=True)
class Poll:
    """One question: what was asked for, and the task if there is one that this key may see."""

    request: web.BaseRequest
    account: Account
    name: str
    task: SimTask | None


async def answer_poll(site: Site, dialect: Dialect, poll: Poll) -> web.Response:
    """Raises Refused when the key polls too fast."""
    now = site.clock.now()
    site.tally.poll(dialect.host, now)
    if not poll.account.may_poll(now, site.tuning):
        raise dialect.refusal(Refusal.RATE)
    if fault := _fault_of(site, dialect, poll):
        return await _faulty(site, dialect, poll, fault, now)
    return _sound(dialect, poll, now)


def _sound(dialect: Dialect, poll: Poll, now: float) -> web.Response:
    if poll.task is None:
        return dialect.unknown(poll.name)
    return dialect.snapshot(poll.task, now, wire.own_base(poll.request))


def _fault_of(site: Site, dialect: Dialect, poll: Poll) -> str | None:
    by_header = poll.request.headers.get(HEADER)
    if by_header is not None:
        return known(by_header)
    if by_control := site.faults.next_of(dialect.host, POLL):
        return by_control
    return poll.task.plan.strike(POLL) if poll.task and poll.task.plan.left else None


async def _faulty(site: Site, dialect: Dialect, poll: Poll, fault: str, now: float) -> web.Response:
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
            return wire.broken_json(_sound(dialect, poll, now))
        case "poll-reset":
            return wire.reset(poll.request)
        case "poll-hang":
            return await wire.hang(poll.request, site.tuning.hang_s)
        case "poll-unknown-state" if poll.task is not None:
            return dialect.odd_state(poll.task, now)
    return _sound(dialect, poll, now)
