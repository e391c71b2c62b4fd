"""`/_control/...`: what tests read and set. JSON in and out; a mistake is a 400 that names it.

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
from typing import Any

from aiohttp import web

from providers.simulator.site import Site
from providers.simulator.wire import json_reply


async def answer(site: Site, request: web.BaseRequest, path: str) -> web.Response:
    name, _, query = path.partition("?")
    try:
        body = json.loads(await request.read() or b"{}") if request.method == "POST" else {}
        found = _handled(site, request.method, name, query, body)
    except (ValueError, TypeError, KeyError) as error:
        return json_reply({"error": str(error)}, 400)
    if found is None:
        return json_reply({"error": f"no such control: {request.method} {name}"}, 404)
    return json_reply(found)


def _handled(site: Site, method: str, name: str, query: str, body: dict[str, Any]) -> dict[str, Any] | None:
    now, tally = site.clock.now(), site.tally
    match method, name:
        case "GET", "ledger":
            return site.ledger.report(with_entries="entries=0" not in query)
        case "GET", "requests":
            return {"requests": list(tally.requests), "polls": list(tally.poll_log), "callbacks": list(site.callbacks.sent)}
        case "GET", "stats":
            return {**tally.report(now), "keys": site.accounts.figures(now), "tasks": site.tasks.count}
        case "POST", "faults":
            count = int(body.get("count", 1))
            site.faults.set(str(body["vendor"]), str(body["fault"]), count)
            return {"vendor": body["vendor"], "fault": body["fault"], "count": count}
        case "POST", "clock":
            site.clock.advance(float(body["advance_s"]))
            return {"now": site.clock.now()}
        case "POST", "settings":
            site.tuning = site.tuning.changed(body)
            return body
        case "POST", "reset":
            site.reset()
            return {"reset": True}
    return None
