"""Kling's new API, at the classic one's host and for the same accounts: the model is in the path, tasks are polled in batches."""

from __future__ import annotations

import base64
import binascii
import math
import re
import secrets
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.clock import milliseconds
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_batch
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.kling_lists import invalid
from providers.simulator.vendors.kling_new_rules import KINDS, read_order
from providers.simulator.wire import json_reply, own_base

DAY_S = 86_400
_CREATE = re.compile(rf"/({'|'.join(KINDS)})/([^/]+)")
_TASKS = "/tasks"
_MAX_IDS = 20
_MAX_LISTED = 500
_WORDS = {
    State.QUEUED: "submitted",
    State.RUNNING: "processing",
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
}
_ODD_WORD = "upscaling"
_FAILURES = {"fail-content": "content risk", "fail-internal": "internal error, please retry"}


class KlingHost(Host):
    """What the host's two APIs have in common."""

    task_ttl_s = result_ttl_s = 30.0 * DAY_S
    refusals = {
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

    def error(self, refused: Refused) -> web.Response:
        if isinstance(refused.code, str):
            inner = {"message": refused.message, "type": refused.code, "code": "upstream_error"}
            return json_reply({"error": inner}, refused.status, refused.headers)
        body = {"code": refused.code, "message": refused.message, "request_id": secrets.token_hex(8)}
        return json_reply(body, refused.status, refused.headers)


class KlingNew(KlingHost):
    host = "kling"

    @staticmethod
    def knows(path: str) -> bool:
        return path == _TASKS or _CREATE.fullmatch(path) is not None

    async def answer(self, request: web.BaseRequest, account: Account, path: str, query: str) -> web.Response:
        if request.headers.get("Authorization", "").count(".") == 2:
            raise Refused(401, 1002, "Authorization is invalid: this API takes an API key")
        match = _CREATE.fullmatch(path)
        if request.method == "POST" and match:
            return await self._submit(request, account, *match.groups())
        if request.method == "POST":
            return await self._list(request, account)
        if request.method == "GET" and not match:
            return await self._query(request, account, query)
        raise no_method()

    async def _submit(self, request: web.BaseRequest, account: Account, kind: str, model: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        order = await read_order(kind, model, await _json(request))
        base = own_base(request)

        def promise_callbacks(task: SimTask) -> None:
            moments = [task.submitted_at, task.started_at, task.ended_at]
            self.site.callbacks.add(order.callback_url, moments, lambda at: _report(task, at, base))

        return await take_order(self.site, self, request, account, order, on_accepted=promise_callbacks)

    async def _query(self, request: web.BaseRequest, account: Account, query: str) -> web.Response:
        fields = parse_qs(query)
        given = [name for name in ("task_ids", "external_task_ids") if name in fields]
        if len(given) != 1:
            invalid("exactly one of task_ids and external_task_ids is required")
        names = fields[given[0]][0].split(",")
        if len(names) > _MAX_IDS:
            invalid(f"{given[0]} must hold at most {_MAX_IDS} ids")
        tasks = [(name, self.find(account, name)) for name in names]
        found = [
            task
            for name, task in tasks
            if task and task.order.kind in KINDS and name == (task.id if given[0] == "task_ids" else task.order.reference)
        ]

        def answer_at(now: float, fault: str | None) -> web.Response:
            rows = [_report(task, now, own_base(request)) for task in found]
            return enveloped([{**row, "status": _ODD_WORD} for row in rows] if fault == "poll-unknown-state" else rows)

        return await answer_batch(self.site, self, request, account, found, answer_at)

    async def _list(self, request: web.BaseRequest, account: Account) -> web.Response:
        body = await _json(request)
        if not isinstance(body, dict):
            raise Refused(400, 1200, "request body must be a JSON object")
        limit = body.get("limit", 100)
        if not isinstance(limit, int) or not 1 <= limit <= _MAX_LISTED:
            invalid(f"limit must be between 1 and {_MAX_LISTED}")
        now = self.site.clock.now()
        wanted = _filters(body)
        since, until = _moment(body, "start_time", 0), _moment(body, "end_time", math.inf)
        if body.get("cursor"):  # it overrides the times
            since, until = 0, math.inf
        try:
            start = int(base64.b64decode(body.get("cursor") or "", validate=True) or b"0")
        except (ValueError, binascii.Error):
            invalid("cursor is unknown")
        rows = [
            _report(task, now, own_base(request))
            for task in self.site.tasks.of(account, now)
            if task.order.kind in KINDS and since <= milliseconds(task.submitted_at) <= until
        ]
        rows = [
            row
            for row in rows
            if row["status"] in wanted.get("status", {row["status"]}) and "video" in wanted.get("product_type", {"video"})
        ]
        shown, has_more = rows[start : start + limit], len(rows) > start + limit
        cursor = base64.b64encode(str(start + limit).encode()).decode() if has_more else ""
        return enveloped({"result": shown, "count": len(shown), "next_cursor": cursor, "has_more": has_more})

    # The rest of the Dialect.

    def new_id(self) -> str:
        return str(89 * 10**16 + secrets.randbelow(10**16))

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return enveloped(_head(task, now))

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"code": 0, "message": "SUCCEED", **_head(task, task.submitted_at)})


def no_method() -> Refused:
    return Refused(404, 1202, "The requested method does not exist")


async def _json(request: web.BaseRequest) -> Any:
    return await read_json(request, Refused(400, 1200, "request body is not JSON"), when_empty=b"{}")


def enveloped(data: Any) -> web.Response:
    return json_reply({"code": 0, "message": "SUCCEED", "request_id": secrets.token_hex(8), "data": data})


def _head(task: SimTask, now: float) -> dict[str, Any]:
    return {
        "id": task.id,
        "status": _WORDS[task.state(now)],
        "create_time": milliseconds(task.submitted_at),
        "update_time": milliseconds(task.changed_at(now)),
        "external_id": task.order.reference,
    }


def _report(task: SimTask, now: float, base: str) -> dict[str, Any]:
    report = {**_head(task, now), "message": "", "outputs": [], "billing": []}
    match task.state(now):
        case State.SUCCEEDED:
            name = str(9_000_000 + task.number)
            url, duration = task.link(base, name), str(task.order.duration_s)
            report["outputs"] = [{"type": "video", "id": name, "url": url, "watermark_url": "", "duration": duration}]
            report["billing"] = [{"charge_type": "unit", "amount": str(task.order.extra["units"]), "package_type": "video"}]
        case State.FAILED:
            report["message"] = _FAILURES[task.failure or "fail-internal"]
    return report


def _filters(body: dict[str, Any]) -> dict[str, set[str]]:
    filters = body.get("filters") or []
    if not isinstance(filters, list):
        invalid("filters must be a list")
    for item in filters:
        if not isinstance(item, dict) or item.get("key") not in {"status", "product_type"} or not isinstance(item.get("values"), list):
            invalid("a filter needs a known key and values")
    return {item["key"]: set(map(str, item["values"])) for item in filters}


def _moment(body: dict[str, Any], name: str, usual: float) -> float:
    value = body.get(name)
    if value in (None, ""):
        return usual
    if not isinstance(value, str) or not value.isdecimal():
        invalid(f"{name} must be milliseconds, as a string")
    return int(value)
