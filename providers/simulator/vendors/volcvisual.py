"""Volcengine's visual service, the official door to Jimeng's video models: two signed actions, submit and get result."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.intake import answered, take_order
from providers.simulator.media import links
from providers.simulator.polling import answer_batch
from providers.simulator.site import Site
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
}


class VolcVisual:
    """A Vendor and its Dialect."""

    host = "volcvisual"
    task_ttl_s = 12 * _HOUR_S
    result_ttl_s = _HOUR_S

    def __init__(self, site: Site) -> None:
        self.site = site

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        query = parse_qs(path.partition("?")[2])
        action = query.get("Action", [""])[0]
        return await answered(self.site, self, self._routed(request, action, query.get("Version")), is_order=action == _SUBMIT)

    async def _routed(self, request: web.BaseRequest, action: str, version: list[str] | None) -> web.Response:
        if request.method != "POST" or (action, version) not in ((_SUBMIT, [_VERSION]), (_RESULT, [_VERSION])):
            raise Refused(404, "InvalidActionOrVersion", f"Could not find operation {action}.")
        access = await key_of(request, f"/hosts/{self.host}")
        account = self.site.accounts.get(self.host, access)
        return await (self._submit if action == _SUBMIT else self._result)(request, account)

    async def _submit(self, request: web.BaseRequest, account: Account) -> web.Response:
        self.site.tally.submits[self.host] += 1
        return await take_order(self.site, self, request, account, await read_order(await _body(request)))

    async def _result(self, request: web.BaseRequest, account: Account) -> web.Response:
        body = await _body(request)
        name = body.get("task_id")
        if not isinstance(name, str) or not name:
            invalid("task_id is required")
        task = self.site.tasks.find(account, name, self.site.clock.now())
        if task is not None and task.order.model != body.get("req_key"):
            invalid("req_key is not that of the task")

        def tell(now: float, fault: str | None) -> web.Response:
            if task is None:
                return self._unknown(name)
            if fault == "poll-unknown-state":
                return _ok({"status": _ODD_WORD, "video_url": ""})
            if fault == "poll-busy-code" and now < task.ended_at:
                return json_reply(_envelope(*_BUSY, {"status": _WORDS[task.state(now)]}))
            return self._snapshot(task, now, own_base(request))

        return await answer_batch(self.site, self, request, account, [task] if task else [], tell)

    # What the Dialect asks for.

    def new_id(self) -> str:
        return str(76 * 10**17 + secrets.randbelow(10**17))

    def refusal(self, why: Refusal) -> Refused:
        return Refused(*_REFUSALS[why])

    def error(self, refused: Refused) -> web.Response:
        if isinstance(refused.code, int):
            return json_reply(_envelope(refused.code, refused.message, None), refused.status, refused.headers)
        error = {"Code": refused.code, "Message": refused.message}
        head = {"RequestId": secrets.token_hex(16), "Version": _VERSION, "Service": SERVICE, "Region": REGION, "Error": error}
        return json_reply({"ResponseMetadata": head}, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - a state is told only on asking
        return _ok({"task_id": task.id})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"code": _OK, "task_id": task.id, "message": "Success"})

    # How a task is told.

    def _snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        state = task.state(now)
        if state is State.FAILED:
            code, message = _FAILURES[task.failure or "fail-internal"]
            return json_reply(_envelope(code, message, {"status": _WORDS[state]}))
        url = links.link(base, task.id, task.id[-8:], task.ended_at + task.result_ttl_s) if state is State.SUCCEEDED else ""
        return _ok({"status": _WORDS[state], "video_url": url})

    def _unknown(self, name: str) -> web.Response:
        task = self.site.tasks.any_with_id(name)
        is_expired = task is not None and task.is_gone(self.site.clock.now())
        return _ok({"status": "expired" if is_expired else "not_found", "video_url": ""})


async def _body(request: web.BaseRequest) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        invalid("the body is not JSON")
    if not isinstance(body, dict):
        invalid("the body is not an object")
    return body


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
