"""A self-hosted CogVideoX-2b service: submit and status, or one request that waits for the video.

It requires no key; one that is sent (a proxy in front may want it) only distinguishes accounts.
"""

from __future__ import annotations

import asyncio
import secrets

from aiohttp import web

from providers.simulator.accounts import Account, nature
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_json
from providers.simulator.intake import take_order
from providers.simulator.polling import answer_poll
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State
from providers.simulator.vendors.cogvideox_rules import read_order
from providers.simulator.wire import json_reply, own_base

_YEAR_S = 365 * 86_400.0
_SUBMIT = "/api/v1/generate"
_POLL = "/api/v1/status/"
_NOBODY = "local-nobody"
_GLANCE_S = 0.05
_LONG_TOKEN = 1_500
"""Characters, as object stores put into the addresses that they sign."""
_ODD_WORD = "offloading"
_OUT_OF_MEMORY = "CUDA out of memory. Tried to allocate 2.64 GiB"
_ERRORS = {
    "fail-content": "the prompt could not be encoded",
    "fail-internal": "RuntimeError: the pipeline stopped unexpectedly",
    "fail-memory": _OUT_OF_MEMORY,
    "fail-timeout": "generation timeout after 600 seconds",
}
_REFUSALS = {
    Refusal.AUTH: (401, "auth", "Not authenticated"),
    Refusal.ARREARS: (403, "forbidden", "Forbidden"),
    Refusal.RATE: (429, "rate", "Too many requests"),
    Refusal.RATE_WITH_200: (200, "rate", "Too many requests"),
    Refusal.SLOTS: (503, "busy", "The GPU is busy, try again later"),
    Refusal.BAD_PARAM: (422, "invalid", "num_inference_steps: must be an integer between 1 and 200"),
    Refusal.CONTENT: (400, "prompt", "The prompt was refused"),
    Refusal.DUPLICATE: (409, "duplicate", "Duplicate request"),
    Refusal.SERVER: (503, "down", "The model is not loaded"),
    Refusal.OPENAI_STYLE: (400, "invalid", "The request was refused"),
}


class CogVideoX(Host):
    """The service. `is_waiting`: it answers the submit itself with the video."""

    refusals = _REFUSALS
    task_ttl_s = result_ttl_s = _YEAR_S

    def __init__(self, site: Site, *, host: str = "cogvideox", is_waiting: bool = False) -> None:
        super().__init__(site)
        self.host = host
        self._is_waiting = is_waiting

    async def routed(self, request: web.BaseRequest, path: str) -> web.Response:
        path = path.partition("?")[0]
        key = request.headers.get("Authorization", "").removeprefix("Bearer").strip() or _NOBODY
        if nature(key) == "bad":
            raise self.refusal(Refusal.AUTH)
        account = self.site.accounts.get(self.host, key)
        if request.method == "GET" and path.startswith(_POLL):
            name = path.removeprefix(_POLL)
            return await answer_poll(self.site, self, request, account, name, self.find(account, name))
        if request.method == "POST" and path == _SUBMIT:
            return await self._submit(request, account)
        raise Refused(404, "missing", "Not Found")

    async def _submit(self, request: web.BaseRequest, account: Account) -> web.Response:
        self.site.tally.submits[self.host] += 1
        order = read_order(await read_json(request, Refused(422, "invalid", "the body is not JSON")))
        taken: list[SimTask] = []
        answer = await take_order(self.site, self, request, account, order, on_accepted=taken.append)
        return await self._waited(request, taken[0]) if isinstance(answer, _Later) else answer

    async def _waited(self, request: web.BaseRequest, task: SimTask) -> web.Response:
        """Answer with the video or the error when the task ends, or when the caller has gone."""
        give_up_at = self.site.clock.now() + self.site.tuning.hang_s
        while self.site.clock.now() < min(task.ended_at, give_up_at):
            if request.transport is None or request.transport.is_closing():
                break
            await asyncio.sleep(_GLANCE_S)
        match _outcome(task, self.site.clock.now()):
            case State.SUCCEEDED, _:
                return json_reply({"success": True, "video_url": _address(task, own_base(request))})
            case State.FAILED, error:
                return json_reply({"success": False, "error": error})
        return json_reply({"detail": "gateway timeout"}, 504)

    # The Dialect.

    def new_id(self) -> str:
        return f"c2b-{secrets.token_hex(8)}"

    def error(self, refused: Refused) -> web.Response:
        body = {"detail": refused.message} if refused.status >= 400 else {"success": False, "error": refused.message}
        return json_reply(body, refused.status, refused.headers)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        sound = json_reply({"task_id": task.id})
        return _Later(body=sound.body) if self._is_waiting else sound

    def accepted_flat(self, task: SimTask) -> web.Response:
        return json_reply({"data": {"task_id": task.id}})

    def snapshot(self, task: SimTask, now: float, base: str) -> web.Response:
        match _outcome(task, now):
            case State.SUCCEEDED, _:
                return json_reply({"status": "completed", "video_url": _address(task, base)})
            case State.FAILED, error:
                return json_reply({"status": "failed", "error": error})
        return json_reply({"status": "processing"})

    def odd_state(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the word is odd at any time
        return json_reply({"status": _ODD_WORD})

    def unknown(self, name: str) -> web.Response:
        return self.error(Refused(404, "missing", f"Task {name} not found"))


class _Later(web.Response):
    """Marks the sound answer of a service that answers when the video is there."""


def _outcome(task: SimTask, now: float) -> tuple[State, str]:
    """Return the state, and the error of a failed task. An order larger than the card's memory fails."""
    state = task.state(now)
    if state is State.SUCCEEDED and not task.order.extra["fits"]:
        return State.FAILED, _OUT_OF_MEMORY
    return state, _ERRORS[task.failure or "fail-internal"]


def _address(task: SimTask, base: str) -> str:
    url = task.link(base, task.id)
    return f"{url}&token={'t' * _LONG_TOKEN}" if task.plan.has("long-address") else url
