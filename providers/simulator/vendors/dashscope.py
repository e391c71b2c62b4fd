"""Alibaba DashScope, video synthesis: submit, poll, list and cancel."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account, nature
from providers.simulator.clock import BEIJING, beijing_text, milliseconds
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.dashscope_media_models import MediaModel
from providers.simulator.vendors.dashscope_media_rules import media_usage
from providers.simulator.vendors.dashscope_models import AREAS_PX, MODELS, Model
from providers.simulator.vendors.dashscope_rules import read_order
from providers.simulator.wire import json_reply

_DAY_S = 86_400
_POLL = "/api/v1/tasks/"
_SUBMIT = re.compile(r"/api/v1/services/aigc/(video-generation|image2video)/video-synthesis")
_CANCEL = re.compile(r"/api/v1/tasks/([^/]+)/cancel")
_REGION = "cn-beijing"
_WORDS = {
    State.QUEUED: "PENDING",
    State.RUNNING: "RUNNING",
    State.SUCCEEDED: "SUCCEEDED",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELED",
}
_ODD_WORD = "POSTPROCESSING"
_FAILURES = {
    "fail-content": ("DataInspectionFailed", "Output data may contain inappropriate content."),
    "fail-internal": ("InternalError.Algo", "An internal error has occurred during algorithm execution."),
}
_REFUSALS = {
    Refusal.AUTH: (401, "InvalidApiKey", "Invalid API-key provided."),
    Refusal.ARREARS: (400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    Refusal.RATE: (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    Refusal.RATE_WITH_200: (200, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    Refusal.SLOTS: (429, "Throttling", "Too many tasks are being processed, please try again later."),
    Refusal.BAD_PARAM: (400, "InvalidParameter", "Input data is invalid."),
    Refusal.CONTENT: (400, "DataInspectionFailed", "Input data may contain inappropriate content."),
    Refusal.DUPLICATE: (400, "InvalidParameter", "Duplicate request."),
    Refusal.SERVER: (503, "ModelUnavailable", "Model is unavailable, please try again later."),
    Refusal.OPENAI_STYLE: (400, "InvalidParameter", "Input data is invalid."),
}


class DashScope(Host):
    """DashScope in one region, where the keys of another are unknown."""

    refusals = _REFUSALS
    task_ttl_s = result_ttl_s = 1.0 * _DAY_S

    def __init__(self, site: Site, *, host: str = "dashscope", region: str = "", models: Mapping[str, Model | MediaModel] = MODELS) -> None:
        super().__init__(site)
        self.host = host
        self._region = region
        self._models = models

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.account_of_bearer(request, self._region)
        if nature(request.headers.get("X-DashScope-WorkSpace", "")) == "bad":
            raise Refused(403, "Workspace.AccessDenied", "Workspace access denied.")
        if request.method == "GET" and path.startswith(_POLL):
            name = path[len(_POLL) :].partition("?")[0]
            return await answer_poll(self.site, self, request, account, name, self.find(account, name))
        path, _, query = path.partition("?")
        if request.method == "GET" and path == "/api/v1/tasks":
            return self._list(account, query)
        if request.method == "POST" and (match := _CANCEL.fullmatch(path)):
            return self._cancel(account, match[1])
        if request.method == "POST" and (match := _SUBMIT.fullmatch(path)):
            return await self._submit(request, account, match[1])
        raise Refused(404, "InvalidParameter", "url error, please check url!")

    async def _submit(self, request: web.BaseRequest, account: Account, task_group: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        if request.headers.get("X-DashScope-Async") != "enable":
            raise Refused(403, "AccessDenied", "current user api does not support synchronous calls.")
        not_json = Refused(400, "InvalidParameter", "Required body invalid, please check the request body format.")
        body = await read_json(request, not_json)
        resolves_oss = request.headers.get("X-DashScope-OssResourceResolve") == "enable"
        order = await read_order(task_group, body, self._models, resolves_oss=resolves_oss)
        return await take_order(self.site, self, request, account, order)

    def _cancel(self, account: Account, task_id: str) -> web.Response:
        now = self.site.clock.now()
        task = self.find(account, task_id)
        if task is None or task.state(now) is not State.QUEUED:
            message = "Failed to cancel the task, please confirm if the task is in PENDING status."
            raise Refused(400, "UnsupportedOperation", message)
        task.cancel(now)
        return json_reply({"request_id": _request_id()})

    def _list(self, account: Account, query: str) -> web.Response:
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        page, size = _whole(fields, "page_no", 1), _whole(fields, "page_size", 10)
        now = self.site.clock.now()
        rows = [self._row(task, now) for task in _filtered(self.site.tasks.of(account, now), fields, now)]
        return json_reply(
            {
                "request_id": _request_id(),
                "data": rows[(page - 1) * size : page * size],
                "total": len(rows),
                "total_page": -(-len(rows) // size),
                "page_no": page,
                "page_size": size,
            }
        )

    def _row(self, task: SimTask, now: float) -> dict[str, Any]:
        group = "image2video" if task.order.kind == "kf2v" else "video-generation"
        row = {
            "api_key_id": "1",
            "caller_parent_id": "2",
            "caller_uid": "3",
            "gmt_create": milliseconds(task.submitted_at),
            "model_name": task.order.model,
            "region": _REGION,
            "request_id": task.id,
            "status": _WORDS[task.state(now)],
            "task_id": task.id,
            "user_api_unique_key": f"apikey:v1:aigc:{group}:video-synthesis:{task.order.model}",
        }
        if now >= task.started_at:
            row["start_time"] = milliseconds(task.started_at)
        if now >= task.ended_at:
            row["end_time"] = milliseconds(task.ended_at)
        return row

    # The Dialect.

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def error(self, refused: Refused) -> web.Response:
        body = {"code": refused.code, "message": refused.message, "request_id": _request_id()}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return _answered({"task_status": _WORDS[task.state(now)], "task_id": task.id})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"task_id": task.id, "task_status": "PENDING", "request_id": _request_id()})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        match task.state(now):
            case State.SUCCEEDED:
                result = {**_head(task, now), "video_url": task.link(base, task.id[:8]), "orig_prompt": task.order.extra["orig_prompt"]}
                if task.order.extra["is_extended"]:
                    result["actual_prompt"] = f"{result['orig_prompt']}, soft evening light, slow camera, fine detail"
                return _answered(result, usage=_usage(task))
            case State.FAILED:
                code, message = _FAILURES[task.failure or "fail-internal"]
                return _answered({**_head(task, now), "code": code, "message": message})
        return _answered(_head(task, now))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return _answered({**_head(task, now), "task_status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:
        return _answered({"task_id": name, "task_status": "UNKNOWN"})


def _head(task: SimTask, now: float) -> dict[str, Any]:
    head = {
        "task_id": task.id,
        "task_status": _WORDS[task.state(now)],
        "submit_time": beijing_text(task.submitted_at),
    }
    if task.cancelled_at is not None:
        return {**head, "end_time": beijing_text(task.cancelled_at)}
    if now >= task.started_at:
        head["scheduled_time"] = beijing_text(task.started_at)
    if now >= task.ended_at:
        head["end_time"] = beijing_text(task.ended_at)
    return head


def _usage(task: SimTask) -> dict[str, Any]:
    order = task.order
    if order.kind == "media":
        return media_usage(order)
    size = f"{order.width_px}*{order.height_px}"
    if not order.extra["is_newer"]:
        return {"video_duration": order.duration_s, "video_ratio": size, "video_count": 1}
    # the nearest named area: a square or an upright video of 1080P has no side of 1080
    sharpness = min(AREAS_PX, key=lambda name: abs(AREAS_PX[name] - order.width_px * order.height_px))
    return {
        "duration": order.duration_s,
        "size": size,
        "input_video_duration": 0,
        "output_video_duration": order.duration_s,
        "video_count": 1,
        "SR": sharpness.removesuffix("P"),
    }


def _filtered(tasks: Iterable[SimTask], fields: dict[str, str], now: float) -> Iterable[SimTask]:
    after, before = _moment(fields, "start_time"), _moment(fields, "end_time")
    for task in tasks:
        if after is not None and task.submitted_at < after:
            continue
        if before is not None and task.submitted_at > before:
            continue
        if fields.get("model_name", task.order.model) != task.order.model:
            continue
        if fields.get("status", _WORDS[task.state(now)]) == _WORDS[task.state(now)]:
            yield task


def _moment(fields: dict[str, str], name: str) -> float | None:
    """Read `YYYYMMDDhhmmss` in Beijing time, or epoch milliseconds: the vendor's pages show both. Raise Refused."""
    text = fields.get(name)
    if text is None:
        return None
    if text.isdecimal() and len(text) == 13:
        return int(text) / 1000
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).astimezone(UTC).timestamp()
    except ValueError as error:
        raise Refused(400, "InvalidParameter", f"{name} must be YYYYMMDDhhmmss") from error


def _whole(fields: dict[str, str], name: str, usual: int) -> int:
    text = fields.get(name, str(usual))
    if not text.isdecimal() or int(text) < 1:
        raise Refused(400, "InvalidParameter", f"{name} must be a positive integer")
    return int(text)


def _answered(output: dict[str, Any], **more: Any) -> web.Response:
    return json_reply({"request_id": _request_id(), "output": output, **more})


def _request_id() -> str:
    return secrets.token_hex(16)
