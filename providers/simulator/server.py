"""The one port: who answers which path, the request log, start and stop. aiohttp's low-level server, without router and
middleware, because status polls by the thousand pass here.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage

from providers.simulator import control, serve_media
from providers.simulator.accounts import masked
from providers.simulator.dialect import Vendor
from providers.simulator.faults import HEADER, UnknownFault
from providers.simulator.polling import IS_POLL
from providers.simulator.site import Site
from providers.simulator.vendors import all_vendors
from providers.simulator.wire import json_reply

MAX_BODY_BYTES = 64 * 1024 * 1024
READY = "simulator ready on "
_SHUTDOWN_S = 0.5


class Simulator:
    """A handler for `web.Server`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.vendors: dict[str, Vendor] = all_vendors(site)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if path.startswith("/_control/"):
            return await control.answer(self.site, request, path.removeprefix("/_control/"))
        try:
            response = await self._answer(request, path)
        except UnknownFault as error:
            response = json_reply({"error": str(error)}, 400)
        self._note(request, path, response.status)
        return response

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path.startswith("/media/"):
            return await serve_media.serve(self.site, request)
        _, top, host, *rest = [*path.split("/", 3), "", ""]
        vendor = self.vendors.get(host) if top == "hosts" else None
        if vendor is None:
            return json_reply({"error": f"nothing here; hosts: {', '.join(self.vendors)}"}, 404)
        return await vendor.handle(request, "/" + rest[0])

    def _note(self, request: web.BaseRequest, path: str, status: int) -> None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        log = self.site.tally.poll_log if request.method == "GET" or IS_POLL in request else self.site.tally.requests
        log.append(
            {
                "at": self.site.clock.now(),
                "method": request.method,
                "path": path.partition("?")[0],
                "key": masked(bearer),
                "status": status,
                "fault": request.headers.get(HEADER),
            }
        )


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """Make a request with room for pictures: aiohttp's own limit is a megabyte."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES)


async def run(site: Site, host: str, port: int, *, with_parent: bool) -> None:
    """Serve until SIGTERM or SIGINT; print the base URL as soon as requests are answered.
    `with_parent`: also stop when standard input closes, as it does when the parent is killed."""
    server = web.Server(Simulator(site), request_factory=_request, access_log=None)
    runner = web.ServerRunner(server, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    tcp = web.TCPSite(runner, host, port)
    await tcp.start()
    callbacks = asyncio.create_task(site.callbacks.run(site.clock, lambda: site.tuning))
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if with_parent:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    sys.stdout.write(f"{READY}http://{host}:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        callbacks.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await callbacks
        await runner.cleanup()
        site.clips.close()
