"""Volcengine's visual service, the official API of Jimeng's video models: two signed actions, submit and get result."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_object
from providers.simulator.intake import answered, take_order
from providers.simulator.polling import answer_batch
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.volcvisual_rules import invalid, read_order
from providers.simulator.vendors.volcvisual_sign import REGION, SERVICE, key_of
from providers.simulator.wire import json_reply, own_base

_HOUR_S = 3600.0
_SUBMIT, _RESULT = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"
_VERSION = "2022-08-31"
_OK = 10_000
_WORDS = {
    State.QUEUED: "in_queue",
    State.RUNNING: "generating",
    State.SUCCEEDED: "done",
    State.FAILED: "done",
}
_ODD_WORD = "upscaling"
_BUSY = (50430, "Request Has Reached API Concurrent Limit, Please Try Later")
_FAILURES = {"fail-content": (50511, "Post Img Risk Not Pass"), "fail-internal": (50501, "Internal RPC Error")}
_REFUSALS: dict[Refusal, tuple[int, int | str, str]] = {
    Refusal.AUTH: (401, "InvalidAccessKey", "The access key does not exist."),
    Refusal.ARREARS: (403, "AccountOverdue", "The account is overdue."),
    Refusal.RATE: (429, 50429, "Request Has Reached API Limit, Please Try Later"),
    Refusal.RATE_WITH_200: (200, 50429, "Request Has Reached API Limit, Please Try Later"),
    Refusal.SLOTS: (429, 50430, "Request Has Reached API Concurrent Limit, Please Try Later"),
    Refusal.BAD_PARAM: (400, 50215, "Input invalid for this service"),
    Refusal.CONTENT: (400, 50412, "Text Risk Not Pass"),
    Refusal.DUPLICATE: (400, 50215, "Input invalid for this service"),
    Refusal.SERVER: (500, 50500, "Internal Error"),
    Refusal.OPENAI_STYLE: (400, 50215, "Input invalid for this service"),
    Refusal.NOT_OPENED: (400, 50400, "Access Denied: Internal Error"),
}


class VolcVisual(Host):
    host = "volcvisual"
    refusals = _REFUSALS
    task_ttl_s = 12 * _HOUR_S
    result_ttl_s = _HOUR_S

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        is_order = f"Action={_SUBMIT}" in path
        return await answered(self.site, self, self.routed(request, path), is_order=is_order)

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        query = parse_qs(path.partition("?")[2])
        action = query.get("Action", [""])[0]
        if request.method != "POST" or action not in (_SUBMIT, _RESULT) or query.get("Version") != [_VERSION]:
            raise Refused(404, "InvalidActionOrVersion", f"Could not find operation {action}.")
        account = self.site.accounts.get(self.host, await key_of(request, f"/hosts/{self.host}"))
        if action == _SUBMIT:
            self.site.tally.submits[self.host] += 1
        body = await read_object(request, Refused(400, 50215, "Input invalid for this service: the body is not a JSON object"))
        if action == _SUBMIT:
            return await take_order(self.site, self, request, account, await read_order(body))
        return await self._result(request, account, body)

    async def _result(self, request: web.BaseRequest, account: Account, body: dict[str, Any]) -> web.Response:
        name = body.get("task_id")
        if not isinstance(name, str) or not name:
            invalid("task_id is required")
        task = self.find(account, name)
        if task is not None and task.order.model != body.get("req_key"):
            invalid("req_key is not that of the task")

        def answer_at(now: float, fault: str | None) -> web.Response:
            if task is None:
                forgotten = self.site.tasks.any_with_id(name)
                word = "expired" if forgotten is not None and forgotten.is_gone(self.site.clock.now()) else "not_found"
                return _ok({"status": word, "video_url": ""})
            if fault == "poll-unknown-state":
                return _ok({"status": _ODD_WORD, "video_url": ""})
            if fault == "poll-busy-code" and now < task.ended_at:
                return json_reply(_envelope(*_BUSY, {"status": _WORDS[task.state(now)]}))
            state = task.state(now)
            if state is State.FAILED:
                return json_reply(_envelope(*_FAILURES[task.failure or "fail-internal"], {"status": _WORDS[state]}))
            url = task.link(own_base(request), task.id[-8:]) if state is State.SUCCEEDED else ""
            return _ok({"status": _WORDS[state], "video_url": url})

        return await answer_batch(self.site, self, request, account, [task] if task else [], answer_at)

    # The Dialect.

    def new_id(self) -> str:
        return str(76 * 10**17 + secrets.randbelow(10**17))

    def error(self, refused: Refused) -> web.Response:
        if isinstance(refused.code, int):
            return json_reply(_envelope(refused.code, refused.message, None), refused.status, refused.headers)
        error = {"Code": refused.code, "Message": refused.message}
        head = {"RequestId": secrets.token_hex(16), "Version": _VERSION, "Service": SERVICE, "Region": REGION, "Error": error}
        return json_reply({"ResponseMetadata": head}, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        return _ok({"task_id": task.id})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"code": _OK, "task_id": task.id, "message": "Success"})


def _ok(data: dict[str, Any]) -> web.Response:
    return json_reply(_envelope(_OK, "Success", data))


def _envelope(code: int, message: str, data: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "code": code,
        "data": data,
        "message": message,
        "request_id": secrets.token_hex(16),
        "status": code,
        "time_elapsed": "35ms",
    }
