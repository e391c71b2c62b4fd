"""Volcengine Ark, content generation tasks (Seedance): create, get, list, and delete, which cancels what still waits."""

from __future__ import annotations

import math
import secrets
import string
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.clock import BEIJING
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_batch, answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import Order, SimTask
from providers.simulator.vendors.ark_models import MODELS, Model
from providers.simulator.vendors.ark_rules import FPS, read_order
from providers.simulator.wire import json_reply, own_base

_DAY_S = 86_400
_TASKS = "/api/v3/contents/generations/tasks"
_CALLBACK_TRIES = 4
_EXPIRED = "expired"
_ODD_WORD = "rendering"
_FAILURES = {
    "fail-content": (
        "OutputVideoSensitiveContentDetected",
        "The request failed because the output video may contain sensitive information.",
    ),
    "fail-internal": ("InternalServiceError", "The service encountered an unexpected internal error."),
}
_QUEUE_IS_FULL = "The number of queued tasks of your account has reached its limit, please try again later."
_TRIAL_IS_OVER = "Your account has exhausted the free trial quota of this model, please activate the model service."
_REFUSALS = {
    Refusal.AUTH: (401, "AuthenticationError", "The API key in the request is missing or invalid."),
    Refusal.ARREARS: (403, "AccountOverdueError", "The request failed because your account has an overdue balance."),
    Refusal.RATE: (429, "ModelAccountRpmRateLimitExceeded", "The requests per minute limit of this model has been exceeded."),
    Refusal.RATE_WITH_200: (200, "ModelAccountRpmRateLimitExceeded", "The requests per minute limit of this model has been exceeded."),
    Refusal.SLOTS: (429, "QuotaExceeded", _QUEUE_IS_FULL),
    Refusal.TRIAL_OVER: (429, "QuotaExceeded", _TRIAL_IS_OVER),
    Refusal.BAD_PARAM: (400, "InvalidParameter", "A parameter specified in the request is not valid."),
    Refusal.CONTENT: (
        400,
        "InputTextSensitiveContentDetected",
        "The request failed because the input text may contain sensitive information.",
    ),
    Refusal.DUPLICATE: (400, "InvalidParameter", "A parameter specified in the request is not valid."),
    Refusal.SERVER: (500, "InternalServiceError", "The service encountered an unexpected internal error."),
    Refusal.OPENAI_STYLE: (400, "InvalidParameter", "A parameter specified in the request is not valid."),
}
_TYPES = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests", 500: "InternalServerError"}


class Ark(Host):
    """Ark in one region, where the keys of another are unknown."""

    refusals = _REFUSALS
    task_ttl_s = 7.0 * _DAY_S
    result_ttl_s = 1.0 * _DAY_S

    def __init__(self, site: Site, *, host: str = "ark", region: str = "", models: Mapping[str, Model] = MODELS) -> None:
        super().__init__(site)
        self.host = host
        self._region = region
        self._models = models

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        account = self.account_of_bearer(request, self._region)
        path, _, query = path.partition("?")
        match request.method, path.removeprefix(_TASKS).removeprefix("/"):
            case _ if not path.startswith(_TASKS):
                raise _not_found("The requested resource")
            case "POST", "":
                return await self._submit(request, account)
            case "GET", "":
                return await self._list(request, account, query)
            case "GET", name:
                return await answer_poll(self.site, self, request, account, name, self.find(account, name))
            case "DELETE", name if name:
                return self._delete(account, name)
        raise _not_found("The requested resource")

    async def _submit(self, request: web.BaseRequest, account: Account) -> web.Response:
        self.site.tally.submits[self.host] += 1
        body = await read_json(request, Refused(400, "InvalidParameter", "The request body is not JSON."))
        base = own_base(request)
        order = await read_order(body, self._models, lambda name: self._draft(account, name))
        return await take_order(self.site, self, request, account, order, on_accepted=lambda task: self._promise_callbacks(task, base))

    def _draft(self, account: Account, name: str) -> Order | None:
        """Return the order of the account's draft with this id, once it has succeeded."""
        task = self.find(account, name)
        if task is None or not task.order.extra["facts"].get("draft") or _word(task, self.site.clock.now()) != "succeeded":
            return None
        return task.order

    def _promise_callbacks(self, task: SimTask, base: str) -> None:
        def body_at(at: float) -> dict[str, Any] | None:
            # "cancelled" is not among the documented statuses of a callback
            return _report(task, at, base) if task.cancelled_at is None else None

        url = task.order.callback_url
        talk = self.site.callbacks.add(url, [task.submitted_at, task.started_at], body_at, is_signed=False)
        self.site.callbacks.add(url, [min(task.ended_at, _expiry(task))], body_at, is_signed=False, tries=_CALLBACK_TRIES, talk=talk)

    def find(self, account: Account, name: str) -> SimTask | None:
        task = super().find(account, name)
        return None if task is None or _is_swept(task, self.site.clock.now()) else task

    async def _list(self, request: web.BaseRequest, account: Account, query: str) -> web.Response:
        fields = parse_qs(query)
        page, size = _whole(fields, "page_num", 1), _whole(fields, "page_size", 10)
        now, base = self.site.clock.now(), own_base(request)
        found = list(_filtered(self.site.tasks.of(account, now), fields, now))
        shown = found[(page - 1) * size : page * size]

        def answer_at(at: float, fault: str | None) -> web.Response:
            items = [_report(task, at, base) for task in shown]
            if fault == "poll-unknown-state":
                items = [{**item, "status": _ODD_WORD} for item in items]
            return json_reply({"items": items, "total": len(found)})

        return await answer_batch(self.site, self, request, account, shown, answer_at)

    def _delete(self, account: Account, name: str) -> web.Response:
        now = self.site.clock.now()
        task = self.find(account, name)
        if task is None:
            raise _not_found(f"The task {name}")
        word = _word(task, now)
        if word == "queued":
            task.cancel(now)
        elif word in {"running", "cancelled"}:
            raise Refused(403, "OperationDenied.InvalidState", f"A task that is {word} cannot be cancelled or deleted.")
        else:
            task.is_deleted = True
        return json_reply({})

    # The Dialect.

    def new_id(self) -> str:
        moment = datetime.fromtimestamp(self.site.clock.now(), UTC).astimezone(BEIJING)
        tail = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
        return f"cgt-{moment:%Y%m%d%H%M%S}-{tail}"

    def error(self, refused: Refused) -> web.Response:
        message = f"{refused.message} Request ID: {secrets.token_hex(16)}"
        error = {"code": refused.code, "message": message, "param": "", "type": _TYPES.get(refused.status, "BadRequest")}
        return json_reply({"error": error}, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        return json_reply({"id": task.id})

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"task_id": task.id})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return json_reply(_report(task, now, base))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply({**_report(task, now, ""), "status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:
        return self.error(_not_found(f"The task {name}"))


def _not_found(what: str) -> Refused:
    return Refused(404, "NotFound.Resource", f"{what} is not found.")


def _is_swept(task: SimTask, now: float) -> bool:
    """Return whether the task was cancelled more than a day ago: Ark keeps it no longer."""
    return task.cancelled_at is not None and now >= task.cancelled_at + _DAY_S


def _expiry(task: SimTask) -> float:
    """Return when the task expires; infinity if it ends earlier."""
    moment = task.submitted_at + task.order.gives_up_after_s
    return moment if moment < task.ended_at and task.cancelled_at is None else math.inf


def _word(task: SimTask, now: float) -> str:
    return _EXPIRED if now >= _expiry(task) else task.state(now).value


def _report(task: SimTask, now: float, base: str) -> dict[str, Any]:
    word = _word(task, now)
    report: dict[str, Any] = {"id": task.id, "model": task.order.model, "status": word, "error": None}
    if word == "failed":
        code, message = _FAILURES[task.failure or "fail-internal"]
        report["error"] = {"code": code, "message": message}
    if word == "succeeded":
        order = task.order
        url = task.link(base, task.id[-8:])
        last_frame = {"last_frame_url": url.replace(".mp4?", ".png?").replace(".mov?", ".png?")} if order.extra["has_last_frame"] else {}
        tokens = order.width_px * order.height_px * FPS * order.duration_s // 1024
        usage = {"completion_tokens": tokens, "total_tokens": tokens}
        report |= {"content": {"video_url": url, **last_frame}, "usage": usage}
    moments = {"created_at": int(task.submitted_at), "updated_at": int(_expiry(task) if word == _EXPIRED else task.changed_at(now))}
    return {**report, **task.order.extra["facts"], **moments}


def _filtered(tasks: Iterable[SimTask], fields: dict[str, list[str]], now: float) -> Iterable[SimTask]:
    wanted = fields.get("filter.task_ids")
    for task in tasks:
        if _is_swept(task, now) or (wanted is not None and task.id not in wanted):
            continue
        if fields.get("filter.status", [_word(task, now)]) != [_word(task, now)]:
            continue
        if fields.get("filter.model", [task.order.model]) != [task.order.model]:
            continue
        tier = task.order.extra["facts"]["service_tier"]
        if fields.get("filter.service_tier", [tier]) == [tier]:
            yield task


def _whole(fields: dict[str, list[str]], name: str, usual: int) -> int:
    text = fields.get(name, [str(usual)])[0]
    if not text.isdecimal() or not 1 <= int(text) <= 500:
        raise Refused(400, "InvalidParameter", f"The parameter `{name}` must be between 1 and 500.")
    return int(text)
