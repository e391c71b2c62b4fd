"""MiniMax, two APIs at one host and for one account. The first (Hailuo): submit, query, then ask for the file's address."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.media import links
from providers.simulator.polling import answer_poll
from providers.simulator.serve_media import deliver
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.minimax_rules import read_order
from providers.simulator.vendors.minimax_v2 import MiniMaxV2
from providers.simulator.wire import json_reply, own_base

_HOUR_S = 3600.0
_WEEK_S = 7 * 24 * _HOUR_S
_FILE_STEP = 9
"""A file's id is its task's id plus this."""
_CALLED_BACK = {"Success": "success", "Fail": "failed"}
_ODD_WORD = "Upscaling"
_FAILURES = {"fail-content": (1027, "output new_sensitive"), "fail-internal": (0, "video generation failed")}
_REFUSALS = {
    Refusal.AUTH: (200, 1004, "login fail: Please carry the API secret key in the 'Authorization' field of the request header"),
    Refusal.ARREARS: (200, 1008, "insufficient balance"),
    Refusal.RATE: (200, 1002, "rate limit"),
    Refusal.RATE_WITH_200: (200, 1002, "rate limit"),
    Refusal.SLOTS: (200, 1041, "conn limit"),
    Refusal.BAD_PARAM: (200, 2013, "invalid params"),
    Refusal.CONTENT: (200, 1026, "input new_sensitive"),
    Refusal.DUPLICATE: (200, 2013, "invalid params"),
    Refusal.SERVER: (200, 1024, "internal error"),
    Refusal.OPENAI_STYLE: (200, 2013, "invalid params"),
    Refusal.OVERLOADED: (200, 1002, "rate limit"),
    Refusal.PLAN_USED_UP: (200, 2056, "usage limit exceeded"),
}


class MiniMax:
    """The host, with both APIs behind it."""

    def __init__(self, site: Site) -> None:
        self._first, self._second = MiniMaxV1(site), MiniMaxV2(site)

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        return await (self._second if path.startswith("/v2/") else self._first).handle(request, path)


class MiniMaxV1(Host):
    """The first API. All answers are HTTP 200: the code is in `base_resp`."""

    host = "minimax"
    refusals = _REFUSALS
    task_ttl_s = _WEEK_S
    result_ttl_s = _HOUR_S

    async def routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        account = self.account_of_bearer(request)
        path, _, query = path.partition("?")
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        match request.method, path:
            case "POST", "/v1/video_generation":
                self.site.tally.submits[self.host] += 1
                order = await read_order(await read_json(request, Refused(200, 2013, "invalid params, not JSON")))
                return await take_order(self.site, self, request, account, order, on_accepted=self._promise_callbacks)
            case "GET", "/v1/query/video_generation":
                name = fields.get("task_id", "")
                return await answer_poll(self.site, self, request, account, name, self.find(account, name))
            case "GET", "/v1/files/retrieve":
                return await self._file(request, self._of_file(account, fields.get("file_id", "")))
            case "GET", "/v1/files/retrieve_content":
                return await deliver(self.site, request, self._of_file(account, fields.get("file_id", "")))
        raise Refused(404, 2013, "no such page")

    def _promise_callbacks(self, task: SimTask) -> None:
        def body_at(at: float) -> dict[str, Any]:
            body = _report(task, at)
            return {**body, "status": _CALLED_BACK.get(body["status"], "processing")}

        url, moments = task.order.callback_url, [task.started_at, task.ended_at]
        self.site.callbacks.add(url, moments, body_at, is_signed=False, challenged_at=task.submitted_at)

    def find(self, account: Account, name: str) -> SimTask | None:
        task = super().find(account, name)
        return task if task and task.order.kind == "v1" else None

    def _of_file(self, account: Account, file_id: str) -> SimTask:
        task = self.find(account, str(int(file_id) - _FILE_STEP)) if file_id.isdecimal() else None
        if task is None or task.state(self.site.clock.now()) is not State.SUCCEEDED:
            raise Refused(200, 2013, "invalid params, file_id not exist")
        return task

    async def _file(self, request: web.BaseRequest, task: SimTask) -> web.Response:
        """Answer with the file's address. Its id is a number here and a string in the query, as at the vendor."""
        url = links.link(own_base(request), task.id, task.id[-8:], self.site.clock.now() + task.result_ttl_s)
        file = {
            "file_id": int(_file_id(task)),
            "bytes": len(await self.site.clips.bytes_of(task.clip)),
            "created_at": int(task.ended_at),
            "filename": "output.mp4",
            "purpose": "video_generation",
            "download_url": url,
        }
        return _answered({"file": file})

    # The Dialect.

    def new_id(self) -> str:
        return str(17 * 10**13 + secrets.randbelow(10**13))

    def error(self, refused: Refused) -> web.Response:
        body = {"base_resp": {"status_code": refused.code, "status_msg": refused.message}}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        return _answered({"task_id": task.id})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"data": {"task_id": task.id}})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:  # noqa: ARG002 - the answer has no address
        return json_reply(_report(task, now))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply({**_report(task, now), "status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:  # noqa: ARG002 - the answer has no name
        return self.error(Refused(200, 2013, "invalid params, invalid task_id"))


def _answered(body: dict[str, Any]) -> web.Response:
    return json_reply({**body, "base_resp": {"status_code": 0, "status_msg": "success"}})


def _file_id(task: SimTask) -> str:
    return str(int(task.id) + _FILE_STEP)


def _report(task: SimTask, now: float) -> dict[str, Any]:
    report: dict[str, Any] = {"task_id": task.id, "status": _word(task, now), "file_id": ""}
    code, message = 0, "success"
    match report["status"]:
        case "Success":
            size = {"video_width": task.order.width_px, "video_height": task.order.height_px}
            report |= {"file_id": _file_id(task), **size}
        case "Fail":
            code, message = _FAILURES[task.failure or "fail-internal"]
    return {**report, "base_resp": {"status_code": code, "status_msg": message}}


def _word(task: SimTask, now: float) -> str:
    match task.state(now):
        case State.QUEUED:
            return "Queueing" if now < (task.submitted_at + task.started_at) / 2 else "Preparing"
        case State.RUNNING:
            return "Processing"
        case State.SUCCEEDED:
            return "Success"
    return "Fail"
