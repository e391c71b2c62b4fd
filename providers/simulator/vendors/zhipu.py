"""Zhipu (open.bigmodel.cn, z.ai), video generation: submit and poll. No answer shows a queue; nothing can be listed or cancelled."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from providers.simulator.clock import BEIJING
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.zhipu_auth import key_of
from providers.simulator.vendors.zhipu_rules import MODELS, Model, read_order
from providers.simulator.wire import json_reply

_DAY_S = 86_400
_WINDOW_S = 3_600.0
"""How long a used-up plan stays closed."""
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


class Zhipu(Host):
    refusals = _REFUSALS
    task_ttl_s = 30.0 * _DAY_S
    result_ttl_s = 1.0 * _DAY_S

    def __init__(self, site: Site, *, host: str = "zhipu", models: Mapping[str, Model] = MODELS) -> None:
        super().__init__(site)
        self.host = host
        self._models = models

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.site.accounts.get(self.host, key_of(request.headers.get("Authorization")))
        path = path.partition("?")[0]
        if request.method == "GET" and path.startswith(_POLL):
            name = path.removeprefix(_POLL)
            task = self.find(account, name)
            if task is not None and task.id != name:
                task = None  # tasks cannot be polled by `request_id`
            return await answer_poll(self.site, self, request, account, name, task)
        if request.method == "POST" and path == _SUBMIT:
            self.site.tally.submits[self.host] += 1
            body = await read_json(request, Refused(400, "1210", "the request body is not JSON"))
            return await take_order(self.site, self, request, account, await read_order(body, self._models))
        raise Refused(404, "1212", "This method is not supported")

    # The Dialect.

    def new_id(self) -> str:
        return str(88 * 10**16 + secrets.randbelow(10**16))

    def refusal(self, why: Refusal) -> Refused:
        if why is Refusal.PLAN_USED_UP:
            opens_at = datetime.fromtimestamp(self.site.clock.now() + _WINDOW_S, BEIJING)
            return Refused(429, "1308", f"Usage limit reached for 5 hour. Your limit will reset at {opens_at:%Y-%m-%d %H:%M:%S}")
        return super().refusal(why)

    def error(self, refused: Refused) -> web.Response:
        body = {"error": {"code": str(refused.code), "message": refused.message}}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no queue
        return json_reply({"id": task.id, **_head(task, _RUNNING)})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"task_id": task.id, **_head(task, _RUNNING)})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        match task.state(now):
            case State.SUCCEEDED:
                url = task.link(base, task.id[-8:])
                return json_reply({**_head(task, _DONE), "video_result": [{"url": url, "cover_image_url": url.replace(".mp4?", ".png?")}]})
            case State.FAILED if task.failure == "fail-content":
                error = {"code": "1301", "message": "The output may contain unsafe or sensitive content"}
                return json_reply({**_head(task, _FAILED), "error": error})
            case State.FAILED:  # any other failure comes without a reason
                return json_reply(_head(task, _FAILED))
        return json_reply(_head(task, _RUNNING))

    def odd_state(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no queue
        return json_reply(_head(task, _ODD_WORD))

    def unknown(self, name: str) -> web.Response:
        return self.error(Refused(404, "1211", f"task {name} does not exist"))


def _head(task: SimTask, word: str) -> dict[str, Any]:
    return {"model": task.order.model, "request_id": task.order.extra["request_id"], "task_status": word}
