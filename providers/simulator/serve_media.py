"""`GET /media/...`: whole files and ranges, and downloads that go wrong on demand."""

from __future__ import annotations

import asyncio
import gzip
import re

from aiohttp import web

from providers.simulator import wire
from providers.simulator.faults import MEDIA
from providers.simulator.media import links
from providers.simulator.media.clip import Clip
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask, State

_PATH = re.compile(r"/media/([^/]+)/([^/?]+)\.(?:mp4|mov)\?(.*)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_DENIED = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>%s</Message></Error>'
_MISSING = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>'
_DRIPS = 40
_SHORTENED_TO = 0.6


async def serve(site: Site, request: web.BaseRequest) -> web.StreamResponse:
    match = _PATH.fullmatch(request.raw_path)
    task = site.tasks.any_with_id(match[1]) if match else None
    if match is None or task is None or not links.is_genuine(match[1], match[2], match[3]):
        return _error(404, _MISSING)
    if links.has_expired(match[3], site.clock.now()):
        return _error(403, _DENIED % b"Request has expired.")
    return await deliver(site, request, task)


async def deliver(site: Site, request: web.BaseRequest, task: SimTask) -> web.StreamResponse:
    """Send the clip of a task to a caller whose link or key was checked."""
    site.tally.downloads += 1
    fault = site.faults.asked(request, task.account.host, MEDIA) or task.plan.strike(MEDIA)
    if fault == "media-expired":
        return _error(403, _DENIED % b"Request has expired.")
    if fault == "media-404" or task.state(site.clock.now()) is not State.SUCCEEDED:
        return _error(404, _MISSING)
    if fault == "media-html":
        return web.Response(body=wire.HTML, content_type="video/mp4")
    return await _send(site, request, await site.clips.bytes_of(task.clip), task.clip, fault)


def _error(status: int, body: bytes) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/xml")


async def _send(site: Site, request: web.BaseRequest, content: bytes, clip: Clip, fault: str | None) -> web.StreamResponse:
    content = damaged(content, fault)
    headers = {"ETag": f'"{clip.name}"', "Content-Type": "video/quicktime" if clip.is_mov else "video/mp4"}
    if fault == "media-mislabelled":  # what an object store answers for a careless upload: a line end, compressed, as text
        content = gzip.compress(content + b"\r\n", mtime=0)
        headers |= {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip,aws-chunked"}
    start, stop, status = 0, len(content), 200
    if fault != "media-no-range":
        headers["Accept-Ranges"] = "bytes"
        asked = request.headers.get("Range", "")
        if asked and request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
            span = span_of(asked, len(content))
            if span is None:
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
            (start, stop), status = span, 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    if fault in {"media-cut", "media-slow"} and request.method == "GET":
        return await _trickle(site, request, content[start:stop], status, headers, is_cut=fault == "media-cut")
    return web.Response(body=content[start:stop], status=status, headers=headers)


def span_of(header: str, length: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last, or None when the range cannot be met. One range only."""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(0, length - int(match[2])), length
    else:
        start, stop = int(match[1]), min(length, int(match[2]) + 1 if match[2] else length)
    return (start, stop) if start < stop else None


def damaged(content: bytes, fault: str | None) -> bytes:
    if fault == "media-empty":
        return b""
    if fault == "media-short":
        return content[: int(len(content) * _SHORTENED_TO)]
    if fault != "media-hole":
        return content
    # length and boxes stay; the middle third of the pictures is zeros, as after a lost block of a disk
    mdat = content.find(b"mdat") + 4
    end = mdat - 8 + int.from_bytes(content[mdat - 8 : mdat - 4], "big")
    third = (end - mdat) // 3
    return content[: mdat + third] + bytes(third) + content[mdat + 2 * third :]


async def _trickle(
    site: Site, request: web.BaseRequest, content: bytes, status: int, headers: dict[str, str], *, is_cut: bool
) -> web.StreamResponse:
    """Announce the whole length; then send half and hang up, or send all in drops."""
    response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(content))})
    await response.prepare(request)
    if is_cut:
        await response.write(content[: len(content) // 2])
        await asyncio.sleep(0.05)  # so that the half is read before the line goes dead
        return wire.reset(request)
    size = max(1, -(-len(content) // _DRIPS))
    for start in range(0, len(content), size):
        await response.write(content[start : start + size])
        await asyncio.sleep(site.tuning.drip_s / _DRIPS)
    await response.write_eof()
    return response
