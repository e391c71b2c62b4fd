"""A caller asks for the state of a task: the hot path, the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from providers.simulator import wire
from providers.simulator.accounts import Account
from providers.simulator.dialect import Dialect, Refusal, SinglePollDialect
from providers.simulator.faults import POLL
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask

IS_POLL = "is_poll"
"""Marks a request in the log, as some vendors are asked by POST."""
AnswerAt = Callable[[float, str | None], web.Response]
"""The answer at a moment; with `poll-unknown-state` or another fault of shape, in that shape."""


async def answer_poll(
    site: Site, dialect: SinglePollDialect, request: web.BaseRequest, account: Account, name: str, task: SimTask | None
) -> web.Response:
    """Answer a poll of one task, or of a name that this key has no task for. Raise Refused when the key polls too fast."""

    def answer_at(now: float, fault: str | None) -> web.Response:
        if task is None:
            return dialect.unknown(name)
        if fault == "poll-unknown-state":
            return dialect.odd_state(task, now)
        return dialect.snapshot(task, now, wire.own_base(request))

    return await answer_batch(site, dialect, request, account, [task] if task else [], answer_at)


async def answer_batch(
    site: Site, dialect: Dialect, request: web.BaseRequest, account: Account, tasks: list[SimTask], answer_at: AnswerAt
) -> web.Response:
    """Answer one poll of many tasks; a fault of any of them strikes the whole answer. Raise Refused."""
    now = site.clock.now()
    request[IS_POLL] = True
    site.tally.poll(dialect.host, now)
    if not account.may_poll(now):
        raise dialect.refusal(Refusal.RATE)
    fault = site.faults.asked(request, dialect.host, POLL) or next(filter(None, (task.plan.strike(POLL) for task in tasks)), None)
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
            return wire.broken_json(answer_at(now, fault))
        case "poll-reset":
            return wire.reset(request)
        case "poll-hang":
            return await wire.hang(request, site.tuning.hang_s)
    return answer_at(now, fault)
