"""`/_control/`: what a test may see and change. A bucket cannot have this name.

| request | |
|---|---|
| GET `state` | faults with how often they struck, `requests` counted by operation, those `under_way`, and the last ones in `log` |
| GET `objects` | every object of every bucket with size, ETag, CRC and headers |
| POST `faults` | order a fault (`faults.Fault`) |
| POST `bucket` | make or change one: `{"name": ..., "acl": ..., "cors": [{"AllowedOrigin": [...], "AllowedMethod": [...]}]}` |
| POST `clock` | `{"advance_s": ...}`: the server's clock, for signatures that expire |
| POST `age` | `{"seconds": ...}`: make all objects, uploads and parts so much older |
| POST `reset` | delete all objects and uploads, faults and counters, set the clock right |
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tools.oss_server.server import OssServer

__all__ = ["PREFIX", "control"]

PREFIX = "/_control/"


async def control(server: OssServer, request: web.BaseRequest) -> web.Response:
    action = f"{request.method} {request.path.removeprefix(PREFIX)}"
    try:
        wanted = json.loads(await request.read() or b"{}")
        return web.json_response(_done(server, action, wanted))
    except (ValueError, TypeError, KeyError) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)


def _done(server: OssServer, action: str, wanted: dict[str, Any]) -> Any:
    match action:
        case "GET state":
            faults = [asdict(fault) for fault in server.faults.ordered]
            return {"faults": faults, "requests": dict(server.counts), "under_way": dict(server.under_way), "log": list(server.log)}
        case "GET objects":
            return {name: [_shown(stored) for stored in server.store.keys_after(name, "", "")] for name in server.store.bucket_names()}
        case "POST faults":
            server.faults.order(wanted)
        case "POST bucket":
            server.store.create_bucket(wanted["name"])
            server.store.change_bucket(wanted["name"], acl=wanted.get("acl"), cors=wanted.get("cors"))
        case "POST clock":
            server.clock_offset_s += float(wanted["advance_s"])
        case "POST age":
            server.store.age(float(wanted["seconds"]))
        case "POST reset":
            server.reset()
        case _:
            raise ValueError(f"no such action: {action}")
    return {}


def _shown(stored: Any) -> dict[str, Any]:
    return asdict(stored) | {"path": str(stored.path), "crc": str(stored.crc)}
