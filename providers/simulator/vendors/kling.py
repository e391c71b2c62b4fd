"""Kling's classic API v1, at the official host and at a gateway that has the same under `/kling`. The new API is in kling_new.py."""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.clock import milliseconds
from providers.simulator.dialect import Refused
from providers.simulator.host import read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.kling_auth import Doorkeeper
from providers.simulator.vendors.kling_new import DAY_S, KlingHost, KlingNew, enveloped, no_method
from providers.simulator.vendors.kling_rules import read_order
from providers.simulator.wire import json_reply, own_base

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


class Kling(KlingHost):
    """The host, with both APIs. A gateway has the classic one only, and puts `/kling` in front of every path."""

    def __init__(self, site: Site, *, host: str = "kling", is_gateway: bool = False) -> None:
        super().__init__(site)
        self.host = host
        self._is_gateway = is_gateway
        self._doorkeeper = Doorkeeper()
        self._new = KlingNew(site)

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.site.accounts.get(self.host, self._key_of(request))
        path, _, query = path.removeprefix("/kling" if self._is_gateway else "").partition("?")
        if not self._is_gateway and self._new.knows(path):
            return await self._new.answer(request, account, path, query)
        if request.method == "GET" and path == "/account/costs":
            return self._costs(account, query)
        match = _TASKS.fullmatch(path)
        kind, name = match.groups() if match else ("", None)
        match request.method, name:
            case "POST", None if kind:
                return await self._submit(request, account, kind)
            case "GET", None if kind:
                return self._list(request, account, kind, query)
            case "GET", str(quoted):
                name = unquote(quoted)
                task = self.find(account, name)
                task = task if task and task.order.kind == kind else None
                return await answer_poll(self.site, self, request, account, name, task)
        raise no_method()

    def _key_of(self, request: web.BaseRequest) -> str:
        return self._doorkeeper.key_of(request.headers.get("Authorization"), behind_s=self.site.tuning.token_clock_behind_s)

    async def _submit(self, request: web.BaseRequest, account: Account, kind: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        body = await read_json(request, Refused(400, 1200, "request body is not JSON"))
        order = await read_order(kind, body, is_gateway=self._is_gateway)
        base = own_base(request)

        def promise_callbacks(task: SimTask) -> None:
            moments = [task.submitted_at, task.started_at, task.ended_at]
            self.site.callbacks.add(order.callback_url, moments, lambda at: self._called_back(task, at, base))

        return await take_order(self.site, self, request, account, order, on_accepted=promise_callbacks)

    def _list(self, request: web.BaseRequest, account: Account, kind: str, query: str) -> web.Response:
        fields = parse_qs(query)
        page, size = _whole(fields, "pageNum", 1, 1000), _whole(fields, "pageSize", 30, 500)
        now = self.site.clock.now()
        tasks = [task for task in self.site.tasks.of(account, now) if task.order.kind == kind]
        shown = tasks[(page - 1) * size : page * size]
        return enveloped([self._report(task, now, own_base(request)) for task in shown])

    def _costs(self, account: Account, query: str) -> web.Response:
        """List the packages bought between the two dates; each render reduces what is left of the only one."""
        fields, now = parse_qs(query), milliseconds(self.site.clock.now())
        start, end = (_moment(fields, name) for name in ("start_time", "end_time"))
        used = sum(_units_of(task) for task in self.site.tasks.of(account, self.site.clock.now()))
        bought, left = now - 1000 * DAY_S, 0.0 if account.nature == "broke" else max(0.0, _PACKAGE_UNITS - used)
        pack = {
            "resource_pack_name": "Video generation, 10000 units",
            "resource_pack_id": "5a1f0c2d3e4b6978",
            "resource_pack_type": "decreasing_total",
            "total_quantity": _PACKAGE_UNITS,
            "remaining_quantity": left,
            "purchase_time": bought,
            "effective_time": bought,
            "invalid_time": now + 30_000 * DAY_S,
            "status": "online" if left else "runOut",
        }
        return enveloped({"code": 0, "msg": "SUCCEED", "resource_pack_subscribe_infos": [pack] if start <= bought <= end else []})

    # The rest of the Dialect.

    def new_id(self) -> str:
        return str(8 * 10**17 + secrets.randbelow(10**17))

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return enveloped(self._head(task, now))

    def accepted_flat(self, task: SimTask) -> web.Response:
        created = int(task.submitted_at)
        body = {"id": task.id, "task_id": task.id, "object": "video", "model": task.order.model, "created_at": created}
        return json_reply(body)

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return enveloped(self._report(task, now, base))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return enveloped({**self._head(task, now), "task_status": _ODD_WORD})

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

    def _report(self, task: SimTask, now: float, base: str) -> dict[str, Any]:
        report = self._head(task, now)
        report["task_status_msg"] = ""
        match task.state(now):
            case State.SUCCEEDED:
                report |= self._result(task, base)
            case State.FAILED:
                report["task_status_msg"] = _FAILURES[task.failure or "fail-internal"]
        return report

    def _result(self, task: SimTask, base: str) -> dict[str, Any]:
        name = str(9_000_000 + task.number)
        video = {"id": name, "url": task.link(base, name), "watermark_url": "", "duration": f"{task.order.duration_s}.0"}
        return {
            "task_result": {"videos": [video]},
            "watermark_info": {"enabled": bool(task.order.body.get("watermark_info", {}).get("enabled"))},
            "final_unit_deduction": f"{_units_of(task):g}",
            "final_balance_deduction": {"quota": "", "list_price": ""},
        }

    def _called_back(self, task: SimTask, at: float, base: str) -> dict[str, Any]:
        report = self._report(task, at, base)
        report["task_info"] = {**report["task_info"], "parent_video": {"id": "", "url": "", "duration": ""}}
        report.setdefault("final_unit_deduction", "")
        report.setdefault("final_balance_deduction", {"quota": "", "list_price": ""})
        report.setdefault("task_result", {"videos": []})
        return report


def _units_of(task: SimTask) -> float:
    return _UNITS[task.order.extra.get("mode", "std")] * task.order.duration_s / 5


def _moment(fields: dict[str, list[str]], name: str) -> int:
    text = fields.get(name, [""])[0]
    if not text.isdecimal():
        raise Refused(400, 1201, f"{name} must be a Unix time in milliseconds")
    return int(text)


def _whole(fields: dict[str, list[str]], name: str, usual: int, at_most: int) -> int:
    text = fields.get(name, [str(usual)])[0]
    if not text.isdecimal() or not 1 <= int(text) <= at_most:
        raise Refused(400, 1201, f"{name} must be between 1 and {at_most}")
    return int(text)
