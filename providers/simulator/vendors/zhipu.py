"""Zhipu (open.bigmodel.cn, z.ai), video generation: submit and poll. No queue is told, nothing can be listed or cancelled."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.intake import answered, take_order
from providers.simulator.media import links
from providers.simulator.polling import Poll, answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.zhipu_auth import key_of
from providers.simulator.vendors.zhipu_rules import read_order
from providers.simulator.wire import json_reply

_DAY_S = 86_400
_WINDOW_S = 3_600.0
"""From now until a plan that is used up opens again."""
_BEIJING = timezone(timedelta(hours=8))
_SUBMIT = "/api/paas/v4/videos/generations"
_POLL = "/api/paas/v4/async-result/"
_RUNNING, _DONE, _FAILED = "PROCESSING", "SUCCESS", "FAIL"
_ODD_WORD = "REVIEWING"
_REFUSALS = {
    Refusal.AUTH: (401, "1000", "Authentication failed"),
    Refusal.ARREARS: (429, "1113", "Your account is in arrears, please recharge and try again"),
    Refusal.RATE: (429, "1302", "Rate limit reached for requests"),
    Refusal.RATE_WITH_200: (200, "1302", "Rate limit reached for requests"),
    Refusal.SLOTS: (429, "1302", "Too many tasks at once for this account"),
    Refusal.BAD_PARAM: (400, "1214", "Invalid parameters, please check the documentation"),
    Refusal.CONTENT: (400, "1301", "The input may contain unsafe or sensitive content"),
    Refusal.DUPLICATE: (400, "1214", "request_id must be unique"),
    Refusal.SERVER: (500, "1234", "Network error, please try again later"),
    Refusal.OPENAI_STYLE: (400, "1210", "Incorrect parameters for this API call"),
    Refusal.OVERLOADED: (429, "1305", "The service may be temporarily overloaded, please try again later"),
}


class Zhipu:
    """A Vendor and its Dialect."""

    host = "zhipu"
    task_ttl_s = 30.0 * _DAY_S
    result_ttl_s = 1.0 * _DAY_S

    def __init__(self, site: Site) -> None:
        self.site = site

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        return await answered(self.site, self, self._routed(request, path), is_order=request.method == "POST")

    async def _routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.site.accounts.get(self.host, key_of(request.headers.get("Authorization")))
        path = path.partition("?")[0]
        if request.method == "GET" and path.startswith(_POLL):
            return await self._poll(request, account, path.removeprefix(_POLL))
        if request.method == "POST" and path == _SUBMIT:
            return await self._submit(request, account)
        raise Refused(404, "1212", "This method is not supported")

    async def _poll(self, request: web.BaseRequest, account: Account, name: str) -> web.Response:
        task = self.site.tasks.find(account, name, self.site.clock.now())
        if task is not None and task.id != name:
            task = None  # `request_id` is no name to ask by
        return await answer_poll(self.site, self, Poll(request=request, account=account, name=name, task=task))

    async def _submit(self, request: web.BaseRequest, account: Account) -> web.Response:
        self.site.tally.submits[self.host] += 1
        try:
            body = json.loads(await request.read())
        except ValueError as error:
            raise Refused(400, "1210", "the request body is not JSON") from error
        return await take_order(self.site, self, request, account, await read_order(body))

    # What the Dialect asks for.

    def new_id(self) -> str:
        return str(88 * 10**16 + secrets.randbelow(10**16))

    def refusal(self, why: Refusal) -> Refused:
        if why is Refusal.PLAN_USED_UP:
            opens_at = datetime.fromtimestamp(self.site.clock.now() + _WINDOW_S, _BEIJING)
            return Refused(429, "1308", f"Usage limit reached for 5 hour. Your limit will reset at {opens_at:%Y-%m-%d %H:%M:%S}")
        return Refused(*_REFUSALS[why])

    def error(self, refused: Refused) -> web.Response:
        body = {"error": {"code": str(refused.code), "message": refused.message}}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - a queue is not told
        return json_reply({"id": task.id, **_head(task, _RUNNING)})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"task_id": task.id, **_head(task, _RUNNING)})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        match task.state(now):
            case State.SUCCEEDED:
                return json_reply({**_head(task, _DONE), "video_result": [_result(task, base)]})
            case State.FAILED:
                return json_reply({**_head(task, _FAILED), **_reason(task)})
        return json_reply(_head(task, _RUNNING))

    def odd_state(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - a queue is not told
        return json_reply(_head(task, _ODD_WORD))

    def unknown(self, name: str) -> web.Response:
        return self.error(Refused(404, "1211", f"task {name} does not exist"))


def _head(task: SimTask, word: str) -> dict[str, Any]:
    return {"model": task.order.model, "request_id": task.order.extra["request_id"], "task_status": word}


def _result(task: SimTask, base: str) -> dict[str, str]:
    url = links.link(base, task.id, task.id[-8:], task.ended_at + task.result_ttl_s)
    return {"url": url, "cover_image_url": url.replace(".mp4?", ".png?")}


def _reason(task: SimTask) -> dict[str, Any]:
    """Only a word about content; any other failure comes without one."""
    if task.failure == "fail-content":
        return {"error": {"code": "1301", "message": "The output may contain unsafe or sensitive content"}}
    return {}
