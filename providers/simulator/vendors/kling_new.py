"""Kling's new API, at the classic one's host and for the same accounts: the model in the path, tasks asked for by the batch."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import secrets
from typing import Any, Protocol
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.clock import milliseconds
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.intake import take_order
from providers.simulator.media import links
from providers.simulator.polling import answer_batch
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.kling_new_rules import I2V, OMNI, T2V, read_order
from providers.simulator.vendors.kling_rules import invalid
from providers.simulator.wire import json_reply, own_base

_DAY_S = 86_400
_CREATE = re.compile(rf"/({T2V}|{I2V}|{OMNI})/([^/]+)")
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


class Classic(Protocol):
    """What the host's two APIs have in common."""

    host: str

    def refusal(self, why: Refusal) -> Refused: ...
    def error(self, refused: Refused) -> web.Response: ...


class KlingNew:
    """A Dialect."""

    task_ttl_s = result_ttl_s = 30.0 * _DAY_S

    def __init__(self, site: Site, classic: Classic) -> None:
        self.site = site
        self.host = classic.host
        self.refusal, self.error = classic.refusal, classic.error

    @staticmethod
    def knows(path: str) -> bool:
        return path == _TASKS or _CREATE.fullmatch(path) is not None

    async def routed(self, request: web.BaseRequest, account: Account, path: str, query: str) -> web.Response:
        if request.headers.get("Authorization", "").count(".") == 2:
            raise Refused(401, 1002, "Authorization is invalid: this API takes an API key")
        match = _CREATE.fullmatch(path)
        if request.method == "POST" and match:
            return await self._submit(request, account, *match.groups())
        if request.method == "POST":
            return await self._list(request, account)
        if request.method == "GET" and not match:
            return await self._query(request, account, query)
        raise Refused(404, 1202, "The requested method does not exist")

    async def _submit(self, request: web.BaseRequest, account: Account, kind: str, model: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        order = await read_order(kind, model, await _json(request))
        base = own_base(request)
        return await take_order(self.site, self, request, account, order, on_accepted=lambda task: self._promise_callbacks(task, base))

    def _promise_callbacks(self, task: SimTask, base: str) -> None:
        if url := task.order.callback_url:
            moments = [task.submitted_at, task.started_at, task.ended_at]
            self.site.callbacks.add(url, moments, lambda at: _told(task, at, base))

    async def _query(self, request: web.BaseRequest, account: Account, query: str) -> web.Response:
        fields = parse_qs(query)
        given = [name for name in ("task_ids", "external_task_ids") if name in fields]
        if len(given) != 1:
            invalid("exactly one of task_ids and external_task_ids is required")
        names = fields[given[0]][0].split(",")
        if len(names) > _MAX_IDS:
            invalid(f"{given[0]} must hold at most {_MAX_IDS} ids")
        found = [task for name in names if (task := self._find(account, name, by_reference=given[0] != "task_ids"))]

        def tell(now: float, fault: str | None) -> web.Response:
            rows = [_told(task, now, own_base(request)) for task in found]
            return _enveloped([{**row, "status": _ODD_WORD} for row in rows] if fault == "poll-unknown-state" else rows)

        return await answer_batch(self.site, self, request, account, found, tell)

    def _find(self, account: Account, name: str, *, by_reference: bool) -> SimTask | None:
        task = self.site.tasks.find(account, name, self.site.clock.now())
        if task is None or task.order.kind not in {T2V, I2V, OMNI}:
            return None
        return task if (task.order.reference if by_reference else task.id) == name else None

    async def _list(self, request: web.BaseRequest, account: Account) -> web.Response:
        body = await _json(request)
        if not isinstance(body, dict):
            raise Refused(400, 1200, "request body must be a JSON object")
        limit = body.get("limit", 100)
        if not isinstance(limit, int) or not 1 <= limit <= _MAX_LISTED:
            invalid(f"limit must be between 1 and {_MAX_LISTED}")
        now = self.site.clock.now()
        wanted = _filters(body)
        since, until = _span(body)
        start = _offset(body.get("cursor") or "")
        rows = [
            _told(task, now, own_base(request))
            for task in self.site.tasks.of(account, now)
            if task.order.kind in {T2V, I2V, OMNI} and since <= milliseconds(task.submitted_at) <= until
        ]
        rows = [row for row in rows if _is_wanted(row, wanted)]
        shown, has_more = rows[start : start + limit], len(rows) > start + limit
        cursor = base64.b64encode(str(start + limit).encode()).decode() if has_more else ""
        return _enveloped({"result": shown, "count": len(shown), "next_cursor": cursor, "has_more": has_more})

    # What the Dialect asks for, beside `refusal` and `error`.

    def new_id(self) -> str:
        return str(89 * 10**16 + secrets.randbelow(10**16))

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return _enveloped(_head(task, now))

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"code": 0, "message": "SUCCEED", **_head(task, task.submitted_at)})


async def _json(request: web.BaseRequest) -> Any:
    try:
        return json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise Refused(400, 1200, "request body is not JSON") from error


def _enveloped(data: Any) -> web.Response:
    return json_reply({"code": 0, "message": "SUCCEED", "request_id": secrets.token_hex(8), "data": data})


def _head(task: SimTask, now: float) -> dict[str, Any]:
    return {
        "id": task.id,
        "status": _WORDS[task.state(now)],
        "create_time": milliseconds(task.submitted_at),
        "update_time": milliseconds(task.changed_at(now)),
        "external_id": task.order.reference,
    }


def _told(task: SimTask, now: float, base: str) -> dict[str, Any]:
    told = {**_head(task, now), "message": "", "outputs": [], "billing": []}
    match task.state(now):
        case State.SUCCEEDED:
            name = str(9_000_000 + task.number)
            url = links.link(base, task.id, name, task.ended_at + task.result_ttl_s)
            told["outputs"] = [{"type": "video", "id": name, "url": url, "watermark_url": "", "duration": str(task.order.duration_s)}]
            told["billing"] = [{"charge_type": "unit", "amount": str(task.order.extra["units"]), "package_type": "video"}]
        case State.FAILED:
            told["message"] = _FAILURES[task.failure or "fail-internal"]
    return told


def _is_wanted(row: dict[str, Any], wanted: dict[str, set[str]]) -> bool:
    return row["status"] in wanted.get("status", {row["status"]}) and "video" in wanted.get("product_type", {"video"})


def _filters(body: dict[str, Any]) -> dict[str, set[str]]:
    filters = body.get("filters") or []
    if not isinstance(filters, list):
        invalid("filters must be a list")
    for item in filters:
        if not isinstance(item, dict) or item.get("key") not in {"status", "product_type"} or not isinstance(item.get("values"), list):
            invalid("a filter needs a known key and values")
    return {item["key"]: set(map(str, item["values"])) for item in filters}


def _span(body: dict[str, Any]) -> tuple[float, float]:
    """A cursor overrides the times."""
    since, until = _moment(body, "start_time", 0), _moment(body, "end_time", math.inf)
    return (0, math.inf) if body.get("cursor") else (since, until)


def _moment(body: dict[str, Any], name: str, usual: float) -> float:
    value = body.get(name)
    if value in (None, ""):
        return usual
    if not isinstance(value, str) or not value.isdecimal():
        invalid(f"{name} must be milliseconds, as a string")
    return int(value)


def _offset(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True) or b"0")
    except (ValueError, binascii.Error):
        invalid("cursor is unknown")
