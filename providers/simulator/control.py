"""`/_control/...`: what tests read, and the knobs that they turn. JSON in and out; a mistake is a 400 that names it.

GET  ledger[?entries=0]   every paid submit; counts by prompt and by reference; prompts paid twice
GET  requests             the last requests, keys masked (polls apart), and the callbacks that were sent
GET  stats                submits, polls, polls per second over ten seconds, peaks per key, refusals
POST faults               {"vendor": host, "fault": name, "count": 1}: strikes that vendor's next requests
POST clock                {"advance_s": 86400}
POST settings             any of tuning.Tuning: {"render_s": 3, "slots": 20, "result_ttl_s": 60, ...}
POST reset                everything forgotten, settings as at the start
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from providers.simulator.site import Site
from providers.simulator.wire import json_reply

Body = dict[str, Any]


async def answer(site: Site, request: web.BaseRequest, path: str) -> web.Response:
    name, _, query = path.partition("?")
    handler = _HANDLERS.get((request.method, name))
    if handler is None:
        return json_reply({"error": f"no such control: {request.method} {name}"}, 404)
    try:
        body = json.loads(await request.read() or b"{}") if request.method == "POST" else {"query": query}
        return json_reply(handler(site, body))
    except (ValueError, TypeError, KeyError) as error:
        return json_reply({"error": str(error)}, 400)


def _ledger(site: Site, body: Body) -> Body:
    return site.ledger.report(with_entries="entries=0" not in body["query"])


def _requests(site: Site, _body: Body) -> Body:
    tally = site.tally
    return {"requests": list(tally.requests), "polls": list(tally.poll_log), "callbacks": list(site.callbacks.sent)}


def _stats(site: Site, _body: Body) -> Body:
    now = site.clock.now()
    return {**site.tally.report(now), "keys": site.accounts.figures(now), "tasks": site.tasks.count}


def _faults(site: Site, body: Body) -> Body:
    count = int(body.get("count", 1))
    site.faults.set(str(body["vendor"]), str(body["fault"]), count)
    return {"vendor": body["vendor"], "fault": body["fault"], "count": count}


def _clock(site: Site, body: Body) -> Body:
    site.clock.advance(float(body["advance_s"]))
    return {"now": site.clock.now()}


def _settings(site: Site, body: Body) -> Body:
    site.tuning = site.tuning.changed(body)
    return body


def _reset(site: Site, _body: Body) -> Body:
    site.reset()
    return {"reset": True}


_HANDLERS: dict[tuple[str, str], Callable[[Site, Body], Body]] = {
    ("GET", "ledger"): _ledger,
    ("GET", "requests"): _requests,
    ("GET", "stats"): _stats,
    ("POST", "faults"): _faults,
    ("POST", "clock"): _clock,
    ("POST", "settings"): _settings,
    ("POST", "reset"): _reset,
}
