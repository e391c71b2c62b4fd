"""OpenRouter's videos API: submit, poll, the file for those who have the key, the list of models, what is left of a key's limit.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation, https://openrouter.ai/docs/api/reference/errors-and-debugging and
the OpenAPI document of https://github.com/OpenRouterTeam/typescript-sdk (@cb9393a); read 2026-11-29. Ids look as public clients saw them;
the file needs the key and comes whole, whatever range is asked for, as one of them measured.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_poll
from providers.simulator.serve_media import deliver
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.openrouter_rules import ROWS, read_order
from providers.simulator.wire import json_reply, own_base

_HOUR_S = 3600.0
_API = "/api/v1"
_CALLBACK_TRIES = 3
_LIMIT_USD = 1_000
_ODD_WORD = "moderating"
_WORDS = {State.QUEUED: "pending", State.RUNNING: "in_progress", State.SUCCEEDED: "completed", State.FAILED: "failed"}
_FAILURES = {"fail-content": "Content policy violation", "fail-internal": "Provider returned error"}
_FLAGGED = "Your chosen model requires moderation and your input was flagged"
_REFUSALS = {
    Refusal.AUTH: (401, 401, "User not found."),
    Refusal.ARREARS: (402, 402, "Insufficient credits. Add more using https://openrouter.ai/credits"),
    Refusal.RATE: (429, 429, "Rate limit exceeded"),
    Refusal.RATE_WITH_200: (200, 429, "Rate limit exceeded"),
    Refusal.SLOTS: (429, 429, "Rate limit exceeded"),
    Refusal.BAD_PARAM: (400, 400, "Invalid request parameters"),
    Refusal.CONTENT: (403, 403, _FLAGGED),
    Refusal.DUPLICATE: (400, 400, "Invalid request parameters"),
    Refusal.SERVER: (502, 502, "Provider returned error"),
    Refusal.OPENAI_STYLE: (400, 400, "Invalid request parameters"),
}


class OpenRouter(Host):
    host = "openrouter"
    refusals = _REFUSALS
    task_ttl_s = 24 * _HOUR_S
    result_ttl_s = _HOUR_S

    async def routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        path = path.partition("?")[0].removeprefix(_API)
        if request.method == "GET" and path == "/videos/models":  # needs no key
            return json_reply({"data": list(ROWS.values())})
        account = self.account_of_bearer(request)
        match request.method, path.split("/")[1:]:
            case "POST", ["videos"]:
                return await self._submit(request, account)
            case "GET", ["videos", name]:
                return await answer_poll(self.site, self, request, account, name, self.find(account, name))
            case "GET", ["videos", name, "content"]:
                return await self._content(request, account, name)
            case "GET", ["key"]:
                return self._key(account)
        raise Refused(404, 404, "Resource not found")

    async def _submit(self, request: web.BaseRequest, account: Account) -> web.Response:
        self.site.tally.submits[self.host] += 1
        order = await read_order(await read_json(request, Refused(400, 400, "Invalid JSON")))
        base = own_base(request)
        return await take_order(self.site, self, request, account, order, on_accepted=lambda task: self._promise_callback(task, base))

    def _promise_callback(self, task: SimTask, base: str) -> None:
        def body_at(at: float) -> dict[str, Any]:
            job = {name: value for name, value in _report(task, at, base).items() if name != "polling_url"}
            created = datetime.fromtimestamp(at, UTC)
            return {
                "type": f"video.generation.{job['status']}",
                "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
                "data": {**job, "model": task.order.model},
            }

        def sign(url: str, body: bytes) -> dict[str, str]:  # noqa: ARG001 - the address is not signed
            job = json.loads(body)["data"]
            secret, sent = self.site.tuning.webhook_secret, int(time.time() - self.site.tuning.webhook_age_s)
            digest = hmac.new(secret.encode(), f"{sent},".encode() + body, hashlib.sha256).hexdigest()
            signed = {"X-OpenRouter-Signature": f"t={sent},v1={digest}"} if secret else {}
            return {"X-OpenRouter-Idempotency-Key": f"{job['id']}-{job['status']}"} | signed

        self.site.callbacks.add(task.order.callback_url, [task.ended_at], body_at, sign=sign, tries=_CALLBACK_TRIES)

    async def _content(self, request: web.BaseRequest, account: Account, name: str) -> web.StreamResponse:
        task = self.find(account, name)
        now = self.site.clock.now()
        if task is None or task.state(now) is not State.SUCCEEDED or now >= task.ended_at + task.result_ttl_s:
            raise Refused(404, 404, "Resource not found")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "range"}
        return await deliver(self.site, request.clone(headers=headers), task)

    def _key(self, account: Account) -> web.Response:
        now = self.site.clock.now()
        used = sum(_cost(task, now) for task in self.site.tasks.of(account, now))
        left = 0 if account.nature == "broke" else _LIMIT_USD - used
        return json_reply(
            {"data": {"label": "sk-or-...", "limit": _LIMIT_USD, "limit_remaining": left, "usage": used, "is_free_tier": False}}
        )

    # The Dialect.

    def new_id(self) -> str:
        return f"gen-vid-{int(self.site.clock.now())}-{secrets.token_hex(10)}"

    def error(self, refused: Refused) -> web.Response:
        error: dict[str, Any] = {"message": refused.message, "code": refused.code}
        if refused.message == _FLAGGED:
            error["metadata"] = {"reasons": ["violence"], "flagged_input": "…", "provider_name": "Google", "model_slug": "google/veo-3.1"}
        return json_reply({"error": error}, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - a job begins as pending
        return json_reply({"id": task.id, "polling_url": _address(task, ""), "status": "pending"}, 202)

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"data": {"id": task.id, "status": "pending"}}, 202)

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        return json_reply(_report(task, now, base))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply({**_report(task, now, ""), "status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:
        return self.error(Refused(404, 404, f"Video job {name} not found"))


def _address(task: SimTask, base: str) -> str:
    """Return where the job is asked about; a path where the caller's own address is not known, as the OpenAPI document shows it."""
    return f"{base}/hosts/openrouter{_API}/videos/{task.id}"


def _cost(task: SimTask, now: float) -> float:
    cost: float = task.order.extra["cost"]
    return 0.0 if task.state(now) is State.FAILED else cost


def _report(task: SimTask, now: float, base: str) -> dict[str, Any]:
    state = task.state(now)
    report: dict[str, Any] = {"id": task.id, "polling_url": _address(task, base), "status": _WORDS[state]}
    if state is State.QUEUED:
        return report
    report["generation_id"] = task.id
    if state is State.SUCCEEDED:
        usage = {"cost": task.order.extra["cost"], "is_byok": False}
        report |= {"unsigned_urls": [f"{_address(task, base)}/content?index=0"], "usage": usage}
    if state is State.FAILED:
        report["error"] = _FAILURES[task.failure or "fail-internal"]
    return report
