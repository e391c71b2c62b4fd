"""A gateway that runs new-api: its addresses for Kling, for Jimeng at Volcengine, and for the OpenAI Videos API. Its answers are in
newapi_answers.py.

QuantumNous/new-api, read 2026-11-28: router/video-router.go@01f6839, router/web-router.go@01dc8d6, middleware/kling_adapter.go@938d2ac,
middleware/jimeng_adapter.go@938d2ac, middleware/auth.go@040b46a, middleware/distributor.go@003d7c0, relay/relay_task.go@00fca48,
relay/common/relay_utils.go@0d158eb, controller/video_proxy.go@05393ff.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web

from providers.simulator.accounts import Account, nature
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import read_object
from providers.simulator.intake import answered, take_order
from providers.simulator.polling import answer_poll
from providers.simulator.serve_media import deliver
from providers.simulator.site import Site
from providers.simulator.tasks import Order, SimTask, State
from providers.simulator.vendors import kling_models, kling_rules, openai_rules, volcvisual_rules
from providers.simulator.vendors import newapi_answers as answers
from providers.simulator.vendors.newapi_answers import Aborted
from providers.simulator.wire import html_reply, json_reply

Body = dict[str, Any]
_DAY_S = 86_400.0
_KLING = re.compile(r"/kling/v1/videos/(text2video|image2video)(?:/([^/]+))?")
_VIDEO = re.compile(r"/v1/videos(?:/([^/]+)(/content)?)?")
_SUBMIT, _RESULT = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MODELS = {"kling": frozenset(kling_models.MODELS), "jimeng": frozenset(volcvisual_rules.MODELS), "sora": frozenset(openai_rules.MODELS)}
Shape = Callable[..., dict[str, Any]]
_ODD_WORD = "PAUSED"
_RATIOS = {"1280x720": "16:9", "1920x1080": "16:9", "720x1280": "9:16", "1080x1920": "9:16"}


class NewApi:
    """The gateway, with one Dialect for each vendor behind it."""

    host = "newapi"

    def __init__(self, site: Site) -> None:
        self.site = site

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        path, _, query = path.partition("?")
        action = parse_qs(query).get("Action", [""])[0]
        is_order = request.method == "POST" and action != _RESULT
        return await answered(self.site, Channel("sora"), self._routed(request, path, action), is_order=is_order)

    async def _routed(self, request: web.BaseRequest, path: str, action: str) -> web.StreamResponse:
        method = request.method
        if (kling := _KLING.fullmatch(path)) and (method == "POST") is (kling[2] is None):
            return await self._kling(request, kling[1], kling[2])
        if path == "/jimeng/" and method == "POST":
            return await self._jimeng(request, action)
        if (video := _VIDEO.fullmatch(path)) and (method == "POST") is (video[1] is None):
            return await self._video(request, video[1], is_content=bool(video[2]))
        if path == "/v1/models" and method == "GET":
            self._account(request)
            names = sorted(name for models in _MODELS.values() for name in models)
            data = [{"id": name, "object": "model", "owned_by": "custom"} for name in names]
            return json_reply({"success": True, "object": "list", "data": data})
        if path.startswith("/v1"):
            raise Aborted(404, "", f"Invalid URL ({method} {path})", kind="invalid_request_error")
        return html_reply()  # the console's first page

    def _account(self, request: web.BaseRequest) -> Account:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not key or nature(key) == "bad":
            raise Channel("sora").refusal(Refusal.AUTH)
        return self.site.accounts.get(self.host, key)

    async def _kling(self, request: web.BaseRequest, kind: str, name: str | None) -> web.Response:
        account = self._account(request)
        if name is not None:
            return await self._poll(request, account, unquote(name), answers.general)
        body = await _json_of(request)
        _choose_channel(body.get("model_name") or body.get("model"), "kling")
        _require_prompt(body)
        return await self._submit(request, account, "kling", lambda: kling_rules.read_order(kind, body, is_gateway=True))

    async def _jimeng(self, request: web.BaseRequest, action: str) -> web.Response:
        if not action:
            raise Aborted(400, "", "Action query parameter is required")
        body = await _json_of(request)
        name = body.get("task_id")
        if action == _RESULT and not (isinstance(name, str) and name):
            raise Aborted(400, "", "task_id is required for CVSync2AsyncGetResult")
        account = self._account(request)
        if action == _RESULT:
            return await self._poll(request, account, str(name), answers.general)
        _choose_channel(body.get("req_key"), "jimeng")
        _require_prompt(body)
        return await self._submit(request, account, "jimeng", lambda: volcvisual_rules.read_order(body))

    async def _video(self, request: web.BaseRequest, name: str | None, *, is_content: bool) -> web.StreamResponse:
        account = self._account(request)
        if is_content:
            task = self._find(account, unquote(name or ""))
            if task is None:
                raise Aborted(404, "", "Task not found", kind="invalid_request_error")
            if task.state(self.site.clock.now()) is not State.SUCCEEDED:
                raise Aborted(400, "", "Task is not completed yet", kind="invalid_request_error")
            return await deliver(self.site, request, task)
        if name is not None:
            return await self._poll(request, account, unquote(name), answers.video)
        try:
            body = await openai_rules.read_body(request)
        except Refused as refused:
            raise Aborted(400, "", f"无效的请求, {refused.message}") from refused
        platform = _choose_channel(body.get("model"), "sora", "kling")
        _require_prompt(body)
        if platform == "sora":
            return await self._submit(request, account, platform, lambda: openai_rules.read_order(body))
        seconds, ratio = str(body.get("seconds") or "5"), _RATIOS.get(str(body.get("size")), "1:1")  # a file is not passed on
        payload = {"model_name": body["model"], "prompt": body["prompt"], "mode": "std", "duration": seconds, "aspect_ratio": ratio}
        return await self._submit(request, account, platform, lambda: kling_rules.read_order("text2video", payload, is_gateway=False))

    async def _submit(
        self, request: web.BaseRequest, account: Account, platform: str, read: Callable[[], Awaitable[Order]]
    ) -> web.Response:
        self.site.tally.submits[self.host] += 1
        channel = Channel(platform)
        if account.nature == "broke":  # the price is reserved before the vendor behind it sees anything
            raise channel.refusal(Refusal.ARREARS)
        try:
            order = await read()
        except Refused as refused:
            raise answers.behind(platform, refused) from refused
        order.extra["platform"] = platform
        return await take_order(self.site, channel, request, account, order)

    async def _poll(self, request: web.BaseRequest, account: Account, name: str, shape: Shape) -> web.Response:
        task = self._find(account, name)
        channel = Channel(task.order.extra["platform"] if task else "sora", shape)
        return await answer_poll(self.site, channel, request, account, name, task)

    def _find(self, account: Account, name: str) -> SimTask | None:
        """Return the task with the gateway's own id: the gateway does not keep the reference that it passes on."""
        task = self.site.tasks.find(account, name, self.site.clock.now())
        return task if task is not None and task.id == name else None


class Channel:
    """The Dialect of one vendor behind the gateway; `shape` makes the answer to a poll."""

    host = NewApi.host
    task_ttl_s = result_ttl_s = 30 * _DAY_S

    def __init__(self, platform: str, shape: Shape = answers.general) -> None:
        self._platform = platform
        self._shape = shape

    def new_id(self) -> str:
        return "task_" + "".join(secrets.choice(_LETTERS) for _ in range(32))

    def refusal(self, why: Refusal) -> Refused:
        return answers.refusal_of(self._platform, why)

    def error(self, refused: Refused) -> web.Response:
        return answers.error_reply(refused)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        if task.plan.has("accepted-as-error"):
            return json_reply(answers.accepted_as_error(task), 202)
        return json_reply(answers.accepted(task))

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply(answers.accepted(task))

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return json_reply(self._shape(task, now, base))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply(self._shape(task, now, "", _ODD_WORD))

    def unknown(self, name: str) -> web.Response:  # noqa: ARG002 - the answer has no name
        return answers.error_reply(Refused(400, "task_not_exist", "task_not_exist"))


async def _json_of(request: web.BaseRequest) -> Body:
    return await read_object(request, Aborted(400, "", "Invalid request body"))


def _choose_channel(model: object, *platforms: str) -> str:
    """Return the first vendor behind the gateway that has the model. Raise Aborted."""
    if not isinstance(model, str) or not model:
        raise Aborted(400, "", "未指定模型名称，模型名称不能为空")
    for platform in platforms:
        if model in _MODELS[platform]:
            return platform
    raise Aborted(503, "model_not_found", f"分组 default 下模型 {model} 无可用渠道（distributor）")


def _require_prompt(body: Body) -> None:
    if not str(body.get("prompt") or "").strip():
        raise Refused(400, "invalid_request", "prompt is required")
