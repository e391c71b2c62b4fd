"""A valid order becomes a task, or is refused, or its answer is lost: the same steps for every vendor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from providers.simulator import wire
from providers.simulator.accounts import Account, masked
from providers.simulator.dialect import Dialect, Refusal, Refused
from providers.simulator.faults import AFTER, BEFORE, HEADER, Plan, known, parse, usual_count
from providers.simulator.ledger import Entry, elided
from providers.simulator.site import Site
from providers.simulator.tasks import Order, SimTask, schedule

_REFUSALS = {
    "refuse": Refusal.CONTENT,
    "auth": Refusal.AUTH,
    "quota": Refusal.ARREARS,
    "bad-param": Refusal.BAD_PARAM,
    "rate-limit": Refusal.RATE,
    "rate-limit-200": Refusal.RATE_WITH_200,
    "5xx-before": Refusal.SERVER,
    "openai-error": Refusal.OPENAI_STYLE,
    "trial-over": Refusal.TRIAL_OVER,
    "overloaded": Refusal.OVERLOADED,
    "plan-used-up": Refusal.PLAN_USED_UP,
    "robot-check": Refusal.ROBOT,
    "model-offline": Refusal.OFFLINE,
    "not-opened": Refusal.NOT_OPENED,
}

_SILENCES = {"reset-before", "reset-after-accept", "hang-before", "hang-after-accept"}


async def answered(site: Site, dialect: Dialect, answer: Awaitable[web.StreamResponse], *, is_order: bool) -> web.StreamResponse:
    """Return the vendor's answer: its own error when it refuses. Count the refusals of orders."""
    try:
        return await answer
    except Refused as refused:
        if is_order:
            site.tally.refused[dialect.host] += 1
        return dialect.error(refused)


async def take_order(
    site: Site,
    dialect: Dialect,
    request: web.BaseRequest,
    account: Account,
    order: Order,
    on_accepted: Callable[[SimTask], None] | None = None,
) -> web.Response:
    """Accept an order, bill it and answer. Raise Refused when nothing was accepted, UnknownFault for a misspelt fault."""
    now = site.clock.now()
    plan = parse(order.prompt, dialect.host)
    fault = _fault_of(site, dialect, request, order, plan)
    if fault in BEFORE and fault in _SILENCES:
        return await _silence(site, request, fault)
    if fault in BEFORE:
        refused = dialect.refusal(_REFUSALS[fault])
        raise refused.with_retry_after() if fault == "rate-limit" else refused
    if account.nature == "broke":
        raise dialect.refusal(Refusal.ARREARS)
    if not account.may_submit(now):
        raise dialect.refusal(Refusal.RATE)
    if not account.has_free_slot(now, site.tuning):
        raise dialect.refusal(Refusal.SLOTS)
    if site.tasks.has_reference(account, order.reference):
        raise dialect.refusal(Refusal.DUPLICATE)
    task = _accept(site, dialect, account, order, plan, now)
    if on_accepted is not None:
        on_accepted(task)
    return await _answer(site, dialect, request, task, fault)


def _fault_of(site: Site, dialect: Dialect, request: web.BaseRequest, order: Order, plan: Plan) -> str | None:
    by_header = request.headers.get(HEADER)
    if by_header is None:
        return site.faults.at_submit(dialect.host, order.prompt, plan)
    if known(by_header, dialect.host) in (*BEFORE, *AFTER):
        return by_header
    plan.left[by_header] = usual_count(by_header)
    return None


def _accept(site: Site, dialect: Dialect, account: Account, order: Order, plan: Plan, now: float) -> SimTask:
    number, tuning = site.tasks.next_number(), site.tuning
    site.faults.adopt(dialect.host, plan)
    started_at, ended_at = schedule(plan, number, now, tuning)
    task_id = dialect.new_id()
    task = SimTask(
        id=task_id,
        number=number,
        account=account,
        order=order,
        plan=plan,
        submitted_at=now,
        started_at=started_at,
        ended_at=ended_at,
        task_ttl_s=dialect.task_ttl_s if tuning.task_ttl_s is None else tuning.task_ttl_s,
        result_ttl_s=dialect.result_ttl_s if tuning.result_ttl_s is None else tuning.result_ttl_s,
        clip=order.clip(task_id, is_faststart=not plan.has("media-not-faststart")),
    )
    account.hold(number, min(ended_at, now + order.gives_up_after_s))
    site.tasks.add(task)
    site.ledger.add(
        Entry(
            vendor=dialect.host,
            account=masked(account.key),
            task_id=task_id,
            reference=order.reference or order.mark or None,
            prompt=order.prompt,
            model=order.model,
            body=elided(order.body),
            accepted_at=now,
        )
    )
    site.clips.prepare(task.clip)
    return task


async def _answer(site: Site, dialect: Dialect, request: web.BaseRequest, task: SimTask, fault: str | None) -> web.Response:
    """Answer the submit of a task that is accepted and billed."""
    if fault in _SILENCES:
        return await _silence(site, request, fault)
    sound = dialect.accepted(task, task.submitted_at)
    match fault:
        case "task-id-top-level":
            return dialect.accepted_flat(task)
        case "502-after":
            return wire.html_reply(502)
        case "html-200":
            return wire.html_reply()
        case "empty-body":
            return wire.empty_reply()
        case "bad-json":
            return wire.broken_json(sound)
    return sound


async def _silence(site: Site, request: web.BaseRequest, fault: str) -> web.Response:
    return wire.reset(request) if fault.startswith("reset") else await wire.hang(request, site.tuning.hang_s)
