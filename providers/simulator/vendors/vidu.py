"""Vidu (api.vidu.cn, api.vidu.com): four paths to submit to, one to ask, a list, a stop while a task waits, the credits left.

https://platform.vidu.com/docs/get-generation, `/tasks-list`, `/cancel-generation`, `/get-account-info`, `/callback-signature` and
https://platform.vidu.cn/docs/error-code; read 2026-11-29. A cancelled task is `failed` with `UserCancelled` and costs nothing, as a
public client saw it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_batch, answer_poll
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.vidu_rules import MODELS, read_order
from providers.simulator.wire import json_reply, own_base

_DAY_S = 86_400.0
_LISTED_S = 7 * _DAY_S
_CALLBACK_TRIES = 3
_PREFIX = "/ent/v2/"
_ODD_WORD = "reviewing"
_CREDITS = 10_000
_FAILURES = {"fail-content": "CreationPolicyViolation", "fail-internal": "InternalServiceFailure"}
_REFUSALS = {
    Refusal.AUTH: (401, "Unauthorized", "unauthorized"),
    Refusal.ARREARS: (400, "CreditInsufficient", "insufficient credits"),
    Refusal.RATE: (429, "TooManyRequests", "too many requests"),
    Refusal.RATE_WITH_200: (200, "TooManyRequests", "too many requests"),
    Refusal.SLOTS: (429, "QuotaExceeded", "quota exceeded"),
    Refusal.BAD_PARAM: (400, "FieldInvalid", "invalid field: duration"),
    Refusal.CONTENT: (400, "TaskPromptPolicyViolation", "prompt policy violation"),
    Refusal.DUPLICATE: (409, "Conflict", "resource conflict"),
    Refusal.SERVER: (500, "InternalServiceFailure", "internal service failure"),
    Refusal.OPENAI_STYLE: (400, "BadRequest", "bad request"),
}


class Vidu(Host):
    host = "vidu"
    refusals = _REFUSALS
    task_ttl_s = 30 * _DAY_S
    result_ttl_s = _DAY_S

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.account_of_bearer(request, scheme="Token")
        path, _, query = path.partition("?")
        parts = path.removeprefix(_PREFIX).split("/") if path.startswith(_PREFIX) else []
        match request.method, parts:
            case "POST", [kind] if kind in MODELS:
                return await self._submit(request, account, kind)
            case "GET", ["tasks"]:
                return await self._list(request, account, parse_qs(query))
            case "GET", ["tasks", name, "creations"]:
                return await answer_poll(self.site, self, request, account, name, self.find(account, name))
            case "POST", ["tasks", name, "cancel"]:
                return self._cancel(account, name)
            case "GET", ["credits"]:
                return self._credits(account)
        raise Refused(404, "NotFound", "not found")

    async def _submit(self, request: web.BaseRequest, account: Account, kind: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        order = await read_order(kind, await read_json(request, Refused(400, "BadRequest", "bad request")))
        base = own_base(request)
        return await take_order(self.site, self, request, account, order, on_accepted=lambda task: self._promise_callbacks(task, base))

    def _promise_callbacks(self, task: SimTask, base: str) -> None:
        def body_at(at: float) -> dict[str, Any] | None:
            return _report(task, at, base) if task.cancelled_at is None else None

        def sign(url: str, body: bytes) -> dict[str, str]:  # noqa: ARG001 - the body is not signed
            return _signature(task.account.key, url)

        url, callbacks = task.order.callback_url, self.site.callbacks
        talk = callbacks.add(url, [task.started_at], body_at, sign=sign)
        callbacks.add(url, [task.ended_at], body_at, sign=sign, tries=_CALLBACK_TRIES, talk=talk)

    async def _list(self, request: web.BaseRequest, account: Account, fields: dict[str, list[str]]) -> web.Response:
        """Answer with the tasks of seven days, newest first. The page spells the paging fields in two ways."""
        now, base = self.site.clock.now(), own_base(request)
        states, ids = fields.get("states"), fields.get("task_ids")
        found = [
            task
            for task in self.site.tasks.of(account, now)
            if task.submitted_at > now - _LISTED_S and (ids is None or task.id in ids) and (states is None or _word(task, now) in states)
        ]
        size = _whole(fields, ("pager.pagesz", "paper.pagesz"), 10, most=100)
        start = _whole(fields, ("pager.page_token",), 0) or size * _whole(fields, ("pager.page", "paper.page"), 0)
        shown, rest = found[start : start + size], found[start + size :]

        def answer_at(at: float, fault: str | None) -> web.Response:
            rows = [_row(task, at, base) | ({"state": _ODD_WORD} if fault == "poll-unknown-state" else {}) for task in shown]
            return json_reply({"tasks": rows, "next_page_token": str(start + size) if rest else ""})

        return await answer_batch(self.site, self, request, account, shown, answer_at)

    def _cancel(self, account: Account, name: str) -> web.Response:
        now = self.site.clock.now()
        task = self.find(account, name)
        if task is None:
            raise Refused(404, "TaskNotFound", "task not found")
        if task.state(now) is not State.QUEUED:
            raise Refused(400, "BadRequest", "task state is scheduled, can not cancel")
        task.cancel(now)
        return json_reply({})

    def _credits(self, account: Account) -> web.Response:
        now = self.site.clock.now()
        spent = sum(_credits_of(task, now) for task in self.site.tasks.of(account, now))
        remains = {"type": "metered", "credit_remain": 0 if account.nature == "broke" else _CREDITS - spent}
        usage = {"concurrency_limit": self.site.tuning.slots, "current_concurrency": account.in_flight, "queue_count": 0}
        return json_reply({"remains": [remains | usage], "packages": []})

    # The Dialect.

    def new_id(self) -> str:
        return str(2 * 10**15 + secrets.randbelow(10**15))

    def error(self, refused: Refused) -> web.Response:
        code = refused.status if refused.status >= 400 else 429
        metadata = {"trace_id": secrets.token_hex(16)}
        body = {"code": code, "reason": refused.code, "message": refused.message, "metadata": metadata}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return json_reply({"task_id": task.id, **_said(task, now)})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"id": task.id, "state": "created"})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return json_reply(_report(task, now, base))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply({**_report(task, now, ""), "state": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:  # noqa: ARG002 - the answer has no name
        return self.error(Refused(404, "TaskNotFound", "task not found"))


def _signature(key: str, url: str) -> dict[str, str]:
    """Return the headers of a call to the address, signed with the key with which the task was made."""
    date, nonce, target = formatdate(usegmt=True), secrets.token_hex(16), urlsplit(url)
    signed = f"POST\n{target.path or '/'}\n{target.query}\nvidu\n{date}\nDate:{date}\nx-request-nonce:{nonce}\n"
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return {
        "Date": date,
        "x-request-nonce": nonce,
        "X-HMAC-SIGNED-HEADERS": "Date;x-request-nonce",
        "X-HMAC-SIGNATURE": base64.b64encode(digest).decode(),
        "X-HMAC-ALGORITHM": "hmac-sha256",
        "X-HMAC-ACCESS-KEY": "vidu",
    }


def _word(task: SimTask, now: float) -> str:
    match task.state(now):
        case State.QUEUED:
            return "created" if now < (task.submitted_at + task.started_at) / 2 else "queueing"
        case State.RUNNING:
            return "processing"
        case State.SUCCEEDED:
            return "success"
    return "failed"


def _credits_of(task: SimTask, now: float) -> int:
    """Return what the task costs: nothing when it fails or was cancelled."""
    return 0 if _word(task, now) == "failed" else task.order.extra["credits"]


def _said(task: SimTask, now: float) -> dict[str, Any]:
    """Return what a submit and the list repeat of the order."""
    order = task.order
    return {
        "state": _word(task, now),
        "model": order.model,
        "prompt": order.prompt,
        "images": ["…" for _ in order.body.get("images", ())],
        **order.extra["facts"],
        "seed": order.body.get("seed", 0),
        "payload": order.body.get("payload", ""),
        "off_peak": False,
        "credits": _credits_of(task, now),
        "created_at": f"{datetime.fromtimestamp(task.submitted_at, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
    }


def _result(task: SimTask, now: float, base: str) -> dict[str, Any]:
    """Return the code of a failure and the files of a success."""
    word = _word(task, now)
    code = _FAILURES[task.failure or "fail-internal"] if word == "failed" and task.cancelled_at is None else ""
    creations = []
    if word == "success":
        url = task.link(base, task.id[-8:])
        creations = [{"id": task.id[::-1], "url": url, "cover_url": url.replace(".mp4?", ".png?"), "watermarked_url": ""}]
    return {"err_code": "UserCancelled" if task.cancelled_at is not None else code, "creations": creations}


def _report(task: SimTask, now: float, base: str) -> dict[str, Any]:
    facts = {"credits": _credits_of(task, now), "payload": task.order.body.get("payload", ""), "bgm": False, "off_peak": False}
    return {"id": task.id, "state": _word(task, now), **facts, **_result(task, now, base)}


def _row(task: SimTask, now: float, base: str) -> dict[str, Any]:
    result = _result(task, now, base)
    size = {"width": task.order.width_px, "height": task.order.height_px}
    video = {"duration": float(task.order.duration_s), "fps": 24, "resolution": size}
    creations = [{**creation, "video": video} for creation in result["creations"]]
    return {"id": task.id, "key_id": "1", "type": task.order.kind, **_said(task, now), **result, "creations": creations}


def _whole(fields: dict[str, list[str]], names: tuple[str, ...], usual: int, *, most: int = 10**9) -> int:
    text = next((fields[name][0] for name in names if name in fields), str(usual))
    if not text.isdecimal() or int(text) > most:
        raise Refused(400, "FieldInvalid", f"invalid field: {names[0]}")
    return int(text)
