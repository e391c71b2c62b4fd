"""Kling's classic API v1, official host and the gateway that speaks the same under `/kling`. The new API is in kling_new.py."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.clock import milliseconds
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.intake import answered, take_order
from providers.simulator.media import links
from providers.simulator.polling import Poll, answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.kling_auth import Doorkeeper
from providers.simulator.vendors.kling_new import KlingNew
from providers.simulator.vendors.kling_rules import read_order
from providers.simulator.wire import json_reply, own_base

_DAY_S = 86_400
_TASKS = re.compile(r"/v1/videos/(text2video|image2video|multi-image2video)(?:/([^/?]+))?")
_WORDS = {
    State.QUEUED: "submitted",
    State.RUNNING: "processing",
    State.SUCCEEDED: "succeed",
    State.FAILED: "failed",
}
_ODD_WORD = "upscaling"
_FAILURES = {"fail-content": "Failure to pass the risk control system", "fail-internal": "Internal error, please retry"}
_UNITS = {"std": 1, "pro": 2, "4k": 8}
_PACKAGE_UNITS = 10_000
_REFUSALS: dict[Refusal, tuple[int, int | str, str]] = {
    Refusal.AUTH: (401, 1000, "Authentication failed"),
    Refusal.ARREARS: (429, 1101, "Account in arrears"),
    Refusal.RATE: (429, 1302, "Too many requests"),
    Refusal.RATE_WITH_200: (200, 1303, "parallel task over resource pack limit"),
    Refusal.SLOTS: (429, 1303, "parallel task over resource pack limit"),
    Refusal.BAD_PARAM: (400, 1201, "Invalid request parameters"),
    Refusal.CONTENT: (400, 1301, "The request content contains sensitive information"),
    Refusal.DUPLICATE: (400, 1201, "external_task_id already exists"),
    Refusal.SERVER: (503, 5001, "Server temporarily unavailable"),
    Refusal.OPENAI_STYLE: (400, "invalid_request_error", "The upstream refused the request"),
}


class Kling:
    """A Vendor and its Dialect. `prefix` is what a gateway puts in front of every path."""

    task_ttl_s = result_ttl_s = 30.0 * _DAY_S

    def __init__(self, site: Site, *, host: str, prefix: str = "", is_gateway: bool = False) -> None:
        self.site = site
        self.host = host
        self._prefix = prefix
        self._is_gateway = is_gateway
        self._door = Doorkeeper()
        self._new = KlingNew(site, self)

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        return await answered(self.site, self, self._routed(request, path), is_order=request.method == "POST")

    async def _routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.site.accounts.get(self.host, self._door.key_of(request.headers.get("Authorization")))
        path, _, query = path.removeprefix(self._prefix).partition("?")
        if not self._is_gateway and self._new.knows(path):
            return await self._new.routed(request, account, path, query)
        match = _TASKS.fullmatch(path)
        if request.method == "GET" and path == "/account/costs":
            return self._costs(account, query)
        if match is None:
            raise Refused(404, 1202, "The requested method does not exist")
        kind, name = match.groups()
        if request.method == "POST" and name is None:
            return await self._submit(request, account, kind)
        if request.method != "GET":
            raise Refused(404, 1202, "The requested method does not exist")
        if name is None:
            return self._list(request, account, kind, query)
        return await self._one(request, account, kind, name)

    async def _submit(self, request: web.BaseRequest, account: Account, kind: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        try:
            body = json.loads(await request.read())
        except ValueError as error:
            raise Refused(400, 1200, "request body is not JSON") from error
        order = await read_order(kind, body, is_gateway=self._is_gateway)
        base = own_base(request)
        return await take_order(self.site, self, request, account, order, on_accepted=lambda task: self._promise_callbacks(task, base))

    def _promise_callbacks(self, task: SimTask, base: str) -> None:
        if url := task.order.callback_url:
            moments = [task.submitted_at, task.started_at, task.ended_at]
            self.site.callbacks.add(url, moments, lambda at: self._called_back(task, at, base))

    async def _one(self, request: web.BaseRequest, account: Account, kind: str, name: str) -> web.Response:
        name = unquote(name)
        task = self.site.tasks.find(account, name, self.site.clock.now())
        if task is not None and task.order.kind != kind:
            task = None
        return await answer_poll(self.site, self, Poll(request=request, account=account, name=name, task=task))

    def _list(self, request: web.BaseRequest, account: Account, kind: str, query: str) -> web.Response:
        fields = parse_qs(query)
        page, size = _whole(fields, "pageNum", 1, 1000), _whole(fields, "pageSize", 30, 500)
        now = self.site.clock.now()
        tasks = [task for task in self.site.tasks.of(account, now) if task.order.kind == kind]
        shown = tasks[(page - 1) * size : page * size]
        return _enveloped([self._told(task, now, own_base(request)) for task in shown])

    def _costs(self, account: Account, query: str) -> web.Response:
        """Packages bought between the two dates; what is left of one falls with each render."""
        fields, now = parse_qs(query), milliseconds(self.site.clock.now())
        start, end = (_moment(fields, name) for name in ("start_time", "end_time"))
        bought, left = now - 1000 * _DAY_S, self._units_left(account)
        pack = {
            "resource_pack_name": "Video generation, 10000 units",
            "resource_pack_id": "5a1f0c2d3e4b6978",
            "resource_pack_type": "decreasing_total",
            "total_quantity": _PACKAGE_UNITS,
            "remaining_quantity": left,
            "purchase_time": bought,
            "effective_time": bought,
            "invalid_time": now + 30_000 * _DAY_S,
            "status": "online" if left else "runOut",
        }
        return _enveloped({"code": 0, "msg": "SUCCEED", "resource_pack_subscribe_infos": [pack] if start <= bought <= end else []})

    def _units_left(self, account: Account) -> float:
        if account.nature == "broke":
            return 0
        return max(0.0, _PACKAGE_UNITS - sum(_units_of(task) for task in self.site.tasks.of(account, self.site.clock.now())))

    # What the Dialect asks for.

    def new_id(self) -> str:
        return str(8 * 10**17 + secrets.randbelow(10**17))

    def refusal(self, why: Refusal) -> Refused:
        return Refused(*_REFUSALS[why])

    def error(self, refused: Refused) -> web.Response:
        if isinstance(refused.code, str):
            inner = {"message": refused.message, "type": refused.code, "code": "upstream_error"}
            return json_reply({"error": inner}, refused.status, refused.headers)
        body = {"code": refused.code, "message": refused.message, "request_id": _request_id()}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return _enveloped(self._head(task, now))

    def accepted_flat(self, task: SimTask) -> web.Response:
        created = int(task.submitted_at)
        body = {"id": task.id, "task_id": task.id, "object": "video", "model": task.order.model, "created_at": created}
        return json_reply(body)

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return _enveloped(self._told(task, now, base))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return _enveloped({**self._head(task, now), "task_status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:
        return self.error(Refused(404, 1203, f"task {name} does not exist"))

    # The parts of an answer.

    def _head(self, task: SimTask, now: float) -> dict[str, Any]:
        return {
            "task_id": task.id,
            "task_status": _WORDS[task.state(now)],
            "task_info": {"external_task_id": task.order.reference},
            "created_at": milliseconds(task.submitted_at),
            "updated_at": milliseconds(task.changed_at(now)),
        }

    def _told(self, task: SimTask, now: float, base: str) -> dict[str, Any]:
        told = self._head(task, now)
        told["task_status_msg"] = ""
        match task.state(now):
            case State.SUCCEEDED:
                told |= self._result(task, base)
            case State.FAILED:
                told["task_status_msg"] = _FAILURES[task.failure or "fail-internal"]
        return told

    def _result(self, task: SimTask, base: str) -> dict[str, Any]:
        name = str(9_000_000 + task.number)
        url = links.link(base, task.id, name, task.ended_at + task.result_ttl_s)
        video = {"id": name, "url": url, "watermark_url": "", "duration": f"{task.order.duration_s}.0"}
        return {
            "task_result": {"videos": [video]},
            "watermark_info": {"enabled": bool(task.order.body.get("watermark_info", {}).get("enabled"))},
            "final_unit_deduction": f"{_units_of(task):g}",
            "final_balance_deduction": {"quota": "", "list_price": ""},
        }

    def _called_back(self, task: SimTask, at: float, base: str) -> dict[str, Any]:
        told = self._told(task, at, base)
        told["task_info"] = {**told["task_info"], "parent_video": {"id": "", "url": "", "duration": ""}}
        told.setdefault("final_unit_deduction", "")
        told.setdefault("final_balance_deduction", {"quota": "", "list_price": ""})
        told.setdefault("task_result", {"videos": []})
        return told


def _enveloped(data: Any) -> web.Response:
    return json_reply({"code": 0, "message": "SUCCEED", "request_id": _request_id(), "data": data})


def _units_of(task: SimTask) -> float:
    return _UNITS[task.order.extra.get("mode", "std")] * task.order.duration_s / 5


def _moment(fields: dict[str, list[str]], name: str) -> int:
    text = fields.get(name, [""])[0]
    if not text.isdecimal():
        raise Refused(400, 1201, f"{name} must be a Unix time in milliseconds")
    return int(text)


def _request_id() -> str:
    return secrets.token_hex(8)


def _whole(fields: dict[str, list[str]], name: str, usual: int, at_most: int) -> int:
    text = fields.get(name, [str(usual)])[0]
    if not text.isdecimal() or not 1 <= int(text) <= at_most:
        raise Refused(400, 1201, f"{name} must be between 1 and {at_most}")
    return int(text)
