"""MiniMax's second API (H3): submit, regenerate, query, list by ids, and delete, which cancels what still waits."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.media import links
from providers.simulator.polling import answer_batch, answer_poll
from providers.simulator.tasks import Order, SimTask, State
from providers.simulator.vendors.minimax_v2_rules import invalid, read_order, read_regeneration
from providers.simulator.wire import json_reply, own_base

_HOUR_S = 3600.0
_WEEK_S = 7 * 24 * _HOUR_S
_ORDERS, _AGAIN, _QUERY = "/v2/video_generation", "/v2/video_regeneration", "/v2/query/video_generation"
_ODD_WORD = "upscaling"
_FAILURES = {"fail-content": ("1027", "output new_sensitive"), "fail-internal": ("1033", "system error")}
_REFUSALS = {
    Refusal.AUTH: (401, 1004, "login fail"),
    Refusal.ARREARS: (402, 1008, "insufficient balance"),
    Refusal.RATE: (429, 1002, "rate limit"),
    Refusal.RATE_WITH_200: (200, 1002, "rate limit"),
    Refusal.SLOTS: (429, 1041, "conn limit"),
    Refusal.BAD_PARAM: (400, 2013, "invalid params"),
    Refusal.CONTENT: (422, 1026, "input new_sensitive"),
    Refusal.DUPLICATE: (400, 2013, "invalid params"),
    Refusal.SERVER: (500, 1000, "unknown error"),
    Refusal.OPENAI_STYLE: (400, 2013, "invalid params"),
    Refusal.OVERLOADED: (529, 1000, "overloaded, please try again later"),
    Refusal.PLAN_USED_UP: (429, 2056, "usage limit exceeded"),
}
_TYPES = {
    200: "rate_limit_error",
    400: "bad_request_error",
    401: "authorized_error",
    402: "insufficient_balance_error",
    404: "bad_request_error",
    422: "unprocessable_entity_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class MiniMaxV2(Host):
    host = "minimax"
    refusals = _REFUSALS
    task_ttl_s = _WEEK_S
    result_ttl_s = 9 * _HOUR_S

    async def routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        account = self.account_of_bearer(request)
        path, _, query = path.partition("?")
        match request.method:
            case "POST" if path == _ORDERS:
                return await self._submit(request, account, read_order)
            case "POST" if path == _AGAIN:
                return await self._submit(request, account, read_regeneration)
            case "GET" if path == _QUERY:
                return await self._list(request, account, query)
            case "GET" if path.startswith(_QUERY + "/"):
                name = path.removeprefix(_QUERY + "/")
                return await answer_poll(self.site, self, request, account, name, self.find(account, name))
            case "DELETE" if path.startswith(_ORDERS + "/"):
                return self._delete(account, path.removeprefix(_ORDERS + "/"))
        raise Refused(404, 2013, "no such page")

    async def _submit(self, request: web.BaseRequest, account: Account, read: Callable[[object], Awaitable[Order]]) -> web.Response:
        self.site.tally.submits[self.host] += 1
        base = own_base(request)
        order = await read(await read_json(request, Refused(400, 2013, "invalid params, not JSON")))
        return await take_order(self.site, self, request, account, order, on_accepted=lambda task: self._promise_callbacks(task, base))

    def _promise_callbacks(self, task: SimTask, base: str) -> None:
        def body_at(at: float) -> dict[str, Any] | None:
            # no page says that a cancelled task is called back
            return {"task": _report(task, at, base)} if task.cancelled_at is None else None

        url, moments = task.order.callback_url, [task.started_at, task.ended_at]
        self.site.callbacks.add(url, moments, body_at, is_signed=False, challenged_at=task.submitted_at)

    async def _list(self, request: web.BaseRequest, account: Account, query: str) -> web.Response:
        fields = parse_qs(query)
        page, size = _whole(fields, "page_num", 1), _whole(fields, "page_size", 10)
        now, base = self.site.clock.now(), own_base(request)
        mine = [task for task in self.site.tasks.of(account, now) if task.order.kind == "v2"]
        found = list(_filtered(mine, fields, now))
        shown = found[(page - 1) * size : page * size]

        def answer_at(at: float, fault: str | None) -> web.Response:
            if fault == "poll-list-refused":
                raise Refused(400, 2013, "invalid params, filter.task_ids")
            listed = mine[:size] if fault == "poll-list-unfiltered" else shown
            items = [_report(task, at, base) for task in listed]
            if fault == "poll-unknown-state":
                items = [{**item, "status": _ODD_WORD} for item in items]
            return json_reply({"items": items, "total": len(found)})

        return await answer_batch(self.site, self, request, account, shown, answer_at)

    def find(self, account: Account, name: str) -> SimTask | None:
        task = super().find(account, name)
        return task if task and task.order.kind == "v2" else None

    def _delete(self, account: Account, name: str) -> web.Response:
        now = self.site.clock.now()
        task = self.find(account, name)
        if task is None:
            invalid("invalid task_id")
        state = task.state(now)
        if state in {State.RUNNING, State.CANCELLED}:
            invalid(f"a task that is {state.value} can neither be cancelled nor deleted")
        if state is State.QUEUED:
            task.cancel(now)
            return json_reply({"task_id": name, "action": "cancelled", "status": "cancelled"})
        task.is_deleted = True
        return json_reply({"task_id": name, "action": "deleted", "status": state.value})

    # The Dialect.

    def new_id(self) -> str:
        return str(27 * 10**13 + secrets.randbelow(10**13))

    def error(self, refused: Refused) -> web.Response:
        error = {
            "type": _TYPES.get(refused.status, "server_error"),
            "message": f"{refused.message} ({refused.code})",
            "http_code": str(refused.status),
        }
        return json_reply({"type": "error", "error": error, "request_id": secrets.token_hex(16)}, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        return json_reply({"task_id": task.id})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"id": task.id})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return json_reply({"task": _report(task, now, base)})

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply({"task": {**_report(task, now, ""), "status": _ODD_WORD}})

    def unknown(self, name: str) -> web.Response:  # noqa: ARG002 - the answer has no name
        return self.error(Refused(400, 2013, "invalid params, invalid task_id"))


def _report(task: SimTask, now: float, base: str) -> dict[str, Any]:
    state, extra = task.state(now), task.order.extra
    report: dict[str, Any] = {
        "id": task.id,
        "model": task.order.model,
        "status": state.value,
        "created_at": int(task.submitted_at),
        "updated_at": int(task.changed_at(now)),
        "resolution": extra["resolution"],
        "duration": task.order.duration_s,
        "ratio": extra["ratio"],
        "task_type": extra["task_type"],
        "modality": "video",
    }
    if state is State.FAILED:
        code, message = _FAILURES[task.failure or "fail-internal"]
        report["error"] = {"code": code, "message": message}
    if state is State.SUCCEEDED:
        url = links.link(base, task.id, task.id[-8:], now + task.result_ttl_s)
        seconds = task.order.duration_s
        report |= {"content": {"url": url}, "usage": {"total_seconds": seconds, "input_seconds": 0, "output_seconds": seconds}}
    return report


def _filtered(tasks: Iterable[SimTask], fields: dict[str, list[str]], now: float) -> Iterable[SimTask]:
    """Yield the tasks that match. Ids may be repeated or joined by commas: the vendor does not say which."""
    wanted = {name for value in fields.get("filter.task_ids", []) for name in value.split(",")}
    for task in tasks:
        if wanted and task.id not in wanted:
            continue
        if fields.get("filter.model", [task.order.model]) != [task.order.model]:
            continue
        if fields.get("filter.status", [task.state(now).value]) == [task.state(now).value]:
            yield task


def _whole(fields: dict[str, list[str]], name: str, usual: int) -> int:
    text = fields.get(name, [str(usual)])[0]
    if not text.isdecimal() or not 1 <= int(text) <= 500:
        invalid(f"{name} must be between 1 and 500")
    return int(text)
