"""The OpenAI Videos API, as a gateway serves it: create, retrieve, list, delete, remix, and the content, for which it requires the key."""

from __future__ import annotations

import asyncio
import io
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from PIL import Image

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_batch, answer_poll
from providers.simulator.serve_media import deliver
from providers.simulator.tasks import Order, SimTask, State
from providers.simulator.vendors.openai_rules import MODELS, invalid, read_body, read_order
from providers.simulator.wire import json_reply, own_base

_HOUR_S = 3600.0
_WEEK_S = 7 * 24 * _HOUR_S
_VIDEOS = "/v1/videos"
_BORN = 1_759_708_800
_FASTEST_POLL_MS = 50
_WORDS = {
    State.QUEUED: "queued",
    State.RUNNING: "in_progress",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
}
_ODD_WORD = "post_processing"
_FAILURES = {
    "fail-content": ("moderation_blocked", "Your request was blocked by our moderation system."),
    "fail-internal": ("video_generation_failed", "The video could not be generated."),
}
_PICTURES = {"thumbnail": ("WEBP", "image/webp"), "spritesheet": ("JPEG", "image/jpeg")}
_REFUSALS = {
    Refusal.AUTH: (401, "invalid_api_key", "Incorrect API key provided."),
    Refusal.ARREARS: (429, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
    Refusal.RATE: (429, "rate_limit_exceeded", "Rate limit reached for requests."),
    Refusal.RATE_WITH_200: (200, "rate_limit_exceeded", "Rate limit reached for requests."),
    Refusal.SLOTS: (429, "rate_limit_exceeded", "Too many videos are being generated at once."),
    Refusal.BAD_PARAM: (400, "invalid_value", "A parameter of the request is invalid."),
    Refusal.CONTENT: (400, "moderation_blocked", "Your request was blocked by our moderation system."),
    Refusal.DUPLICATE: (400, "invalid_value", "A parameter of the request is invalid."),
    Refusal.SERVER: (503, "server_error", "The server is overloaded, please try again later."),
    Refusal.OPENAI_STYLE: (400, "invalid_value", "The upstream refused the request."),
}
_TYPES = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}


class OpenAIVideos(Host):
    host = "openai"
    refusals = _REFUSALS
    task_ttl_s = _WEEK_S
    result_ttl_s = _HOUR_S

    async def routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        account = self.account_of_bearer(request)
        path, _, query = path.partition("?")
        if request.method == "GET" and path == "/v1/models":
            models = [{"id": name, "object": "model", "created": _BORN, "owned_by": "system"} for name in MODELS]
            return json_reply({"object": "list", "data": models})
        top, _, rest = path.removeprefix(_VIDEOS).partition("/")
        if not path.startswith(_VIDEOS) or top:
            raise _no_such_route(request, path)
        name, _, verb = rest.partition("/")
        match request.method, name, verb:
            case "POST", "", "":
                self.site.tally.submits[self.host] += 1
                return await take_order(self.site, self, request, account, await read_order(await read_body(request)))
            case "POST", name, "remix" if name:
                return await self._remix(request, account, name)
            case "GET", "", "":
                return await self._list(request, account, query)
            case "GET", name, "":
                return await answer_poll(self.site, self, request, account, name, self.find(account, name))
            case "GET", name, "content":
                return await self._content(request, account, name, query)
            case "DELETE", name, "" if name:
                if (task := self.find(account, name)) is None:
                    raise _not_found(name)
                task.is_deleted = True
                return json_reply({"id": name, "object": "video.deleted", "deleted": True})
        raise _no_such_route(request, path)

    async def _remix(self, request: web.BaseRequest, account: Account, name: str) -> web.Response:
        self.site.tally.submits[self.host] += 1
        prompt = (await read_body(request)).get("prompt")
        if not isinstance(prompt, str) or not prompt:
            invalid("prompt", "Missing required parameter: 'prompt'.", "missing_required_parameter")
        was = self._completed(account, name).order
        order: Order = replace(was, prompt=prompt, body={"prompt": prompt}, extra={**was.extra, "remixed_from": name})
        return await take_order(self.site, self, request, account, order)

    async def _list(self, request: web.BaseRequest, account: Account, query: str) -> web.Response:
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        tasks = self.listed([task for task in self.site.tasks.of(account, self.site.clock.now()) if not self._has_expired(task)])
        if fields.get("order", "desc") == "asc":
            tasks.reverse()
        names = [task.id for task in tasks]
        start = names.index(fields["after"]) + 1 if fields.get("after") in names else 0
        limit = fields.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= 100:
            invalid("limit", "Expected an integer between 1 and 100.", "integer_out_of_range")
        stop = start + int(limit)

        def answer_at(now: float, fault: str | None) -> web.Response:
            if fault == "poll-list-refused":
                raise self.list_refusal()
            data = [self.row(task, now) for task in tasks[start:stop]]
            if fault == "poll-unknown-state":
                data = [{**row, "status": _ODD_WORD} for row in data]
            ends = {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
            return json_reply({"object": "list", "data": data, **ends, "has_more": stop < len(tasks)})

        return await answer_batch(self.site, self, request, account, tasks[start:stop], answer_at)

    def listed(self, tasks: list[SimTask]) -> list[SimTask]:
        """Return those of the account's tasks that the list has."""
        return tasks

    def row(self, task: SimTask, now: float) -> dict[str, Any]:
        """Return one task as the list has it."""
        return _report(task, now)

    def list_refusal(self) -> Refused:
        """Return the refusal of a service that has no list."""
        return Refused(404, "unknown_url", "Invalid URL (GET /v1/videos)")

    async def _content(self, request: web.BaseRequest, account: Account, name: str, query: str) -> web.StreamResponse:
        task = self._completed(account, name)
        variant = parse_qs(query).get("variant", ["video"])[0]
        if variant in _PICTURES:
            kind, content_type = _PICTURES[variant]
            return web.Response(body=await asyncio.to_thread(_picture, task.number, kind), content_type=content_type)
        if variant != "video":
            invalid("variant", "Supported values are: video, thumbnail, spritesheet.")
        if task.plan.has("content-redirect"):
            return web.Response(status=302, headers={"Location": task.link(own_base(request), task.id[-8:])})
        return await deliver(self.site, request, task)

    def _completed(self, account: Account, name: str) -> SimTask:
        task = self.find(account, name)
        if task is None:
            raise _not_found(name)
        if task.state(self.site.clock.now()) is not State.SUCCEEDED:
            raise Refused(404, "not_found", f"Video {name} is not ready.")
        return task

    def find(self, account: Account, name: str) -> SimTask | None:
        task = super().find(account, name)
        return None if task is None or self._has_expired(task) else task

    def _has_expired(self, task: SimTask) -> bool:
        """Return whether the video has expired, and its record with it."""
        return self.site.clock.now() >= task.ended_at + task.result_ttl_s

    # The Dialect.

    def new_id(self) -> str:
        return f"video_{secrets.token_hex(16)}"

    def error(self, refused: Refused) -> web.Response:
        return json_reply({"error": described(refused)}, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:
        return json_reply(_report(task, now), headers=_poll_after(task, now, self.site.tuning.poll_after_s))

    def accepted_flat(self, task: SimTask) -> web.Response:
        report = _report(task, task.submitted_at)
        return json_reply({"task_id": report.pop("id"), **report})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:  # noqa: ARG002 - the answer has no address
        return json_reply(_report(task, now), headers=_poll_after(task, now, self.site.tuning.poll_after_s))

    def odd_state(self, task: SimTask, now: float) -> web.Response:
        return json_reply({**_report(task, now), "status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:
        return self.error(_not_found(name))


def described(refused: Refused) -> dict[str, Any]:
    """Return the error in OpenAI's shape."""
    code, _, param = str(refused.code).partition(":")
    kind = code if code == "insufficient_quota" else _TYPES.get(refused.status, "invalid_request_error")
    return {"message": refused.message, "type": kind, "param": param or None, "code": code}


def _not_found(name: str) -> Refused:
    return Refused(404, "not_found", f"Video with id '{name}' not found.")


def _no_such_route(request: web.BaseRequest, path: str) -> Refused:
    return Refused(404, "unknown_url", f"Invalid URL ({request.method} {path})")


def _report(task: SimTask, now: float) -> dict[str, Any]:
    state = task.state(now)
    extra = task.order.extra
    error = None
    if state is State.FAILED:
        code, message = _FAILURES[task.failure or "fail-internal"]
        error = {"code": code, "message": message}
    is_done = state is State.SUCCEEDED
    return {
        "id": task.id,
        "object": "video",
        "model": task.order.model,
        "status": _WORDS[state],
        "progress": _progress(task, now),
        "created_at": int(task.submitted_at),
        "completed_at": int(task.ended_at) if is_done else None,
        "expires_at": int(task.ended_at + task.result_ttl_s) if is_done else None,
        "prompt": task.order.prompt,
        "seconds": extra["seconds"],
        "size": extra["size"],
        "error": error,
        "remixed_from_video_id": extra["remixed_from"],
    }


def _progress(task: SimTask, now: float) -> int:
    if now < task.started_at:
        return 0
    if now >= task.ended_at:
        return 100
    return int(99 * (now - task.started_at) / (task.ended_at - task.started_at))


def _poll_after(task: SimTask, now: float, longest_s: float) -> dict[str, str]:
    """Return the header that asks for no poll until the next change, or for `longest_s`."""
    coming = [moment for moment in (task.started_at, task.ended_at) if moment > now]
    if not coming:
        return {}
    wait_ms = min(longest_s, coming[0] - now) * 1000
    return {"openai-poll-after-ms": str(max(_FASTEST_POLL_MS, int(wait_ms)))}


def _picture(number: int, kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (160, 90), (number * 53 % 256, number * 97 % 256, 160)).save(target, kind)
    return target.getvalue()
