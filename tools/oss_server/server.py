"""The server: from bytes on a socket to an operation, and its answer back, in the vendor's form."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import logging
import re
import time
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

from aiohttp import web

from tools.oss_server import control, operations
from tools.oss_server.call import BLOCK_BYTES, Answer, Call, http_date
from tools.oss_server.cors import cors_headers, preflight
from tools.oss_server.errors import OssError, Refusals
from tools.oss_server.faults import ConnectionCut, Fault, Faults, cut
from tools.oss_server.signature import Key, Signed, Signer, pairs
from tools.oss_server.store import Store
from tools.oss_server.xml import document

__all__ = ["OssServer"]

log = logging.getLogger("tools.oss_server")

LAST_REQUESTS = 500
LONGEST_KEY_BYTES = 1023


class OssServer:
    """Buckets in a folder, behind HTTP. `domains` are custom domains: host name to bucket."""

    def __init__(self, folder: Path, *, keys: Mapping[str, Key], region: str, buckets: list[str], domains: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store, self.faults = Store(folder), Faults()
        self.signer, self.region, self.domains = Signer(keys, region), region, dict(domains)
        self.counts: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.log: deque[dict[str, object]] = deque(maxlen=LAST_REQUESTS)
        self.clock_offset_s = 0.0
        for name in buckets:
            self.store.create_bucket(name)

    def reset(self) -> None:
        self.store.empty()
        self.faults.clear()
        self.counts.clear()
        self.log.clear()
        self.clock_offset_s = 0.0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX):
            return await control.control(self, request)
        request_id, started, fault = uuid.uuid4().hex[:24].upper(), time.monotonic(), None
        entry: dict[str, object] = {"method": request.method, "operation": "", "key": "", "range": request.headers.get("Range", "")}
        try:
            call = self._call(request)
            entry |= {"operation": call.operation, "bucket": call.bucket, "key": call.key}
            self.counts[call.operation] += 1
            self._check_signature(call)
            fault = call.fault = self.faults.take(call.operation, call.key)
            self.under_way[call.operation] += 1
            try:
                answer = await self._answer(call)
            finally:
                self.under_way[call.operation] -= 1
            answer.headers |= cors_headers(self.store, call)
        except OssError as error:
            await _drain(request)
            answer = _refusal(error, request, request_id)
        except (ConnectionCut, ConnectionError):  # by a fault, or by the client
            entry["status"] = 0
            self.log.append(entry)
            return web.Response()  # nobody will read it
        answer.headers |= {"Server": "AliyunOSS", "x-oss-request-id": request_id, "Date": http_date(time.time())}
        answer.headers["x-oss-server-time"] = str(int((time.monotonic() - started) * 1000))
        entry["status"] = answer.status
        self.log.append(entry)
        return await _send(request, answer, fault)

    def _call(self, request: web.BaseRequest) -> Call:
        """Return the request with its bucket, key and operation. Raises `OssError`."""
        raw_path, query = _target(request)
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        bucket, key = self._address(request.host, raw_path)
        call = Call(
            request=request,
            store=self.store,
            region=self.region,
            method=request.method,
            bucket=bucket,
            key=key,
            query=dict(pairs(query)),
            headers=headers,
        )
        call.operation = operations.name_of(call)
        return call

    def _check_signature(self, call: Call) -> None:
        if call.method != "OPTIONS":  # browsers do not sign it
            query = _target(call.request)[1]
            signed = Signed(method=call.method, bucket=call.bucket, key=call.key, query=query, headers=call.headers)
            call.signed_by = self.signer.check(signed, datetime.now(UTC) + timedelta(seconds=self.clock_offset_s))

    def _address(self, host: str, raw_path: str) -> tuple[str, str]:
        """Return bucket and key. Raises `OssError` for a key that is not UTF-8 or too long."""
        try:
            path = unquote_to_bytes(raw_path).decode()[1:]
        except UnicodeDecodeError:
            raise OssError(400, "InvalidObjectName", "The key is not valid.") from None
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name in self.domains:
            bucket, key = self.domains[name], path
        elif not _is_address(name) and self.store.bucket(name.partition(".")[0]):
            bucket, key = name.partition(".")[0], path
        else:
            bucket, _, key = path.partition("/")
        if len(key.encode()) > LONGEST_KEY_BYTES or key.startswith(("/", "\\")):
            raise OssError(400, "InvalidObjectName", "The key is not valid.")
        return bucket, key

    async def _answer(self, call: Call) -> Answer:
        if call.fault:
            await asyncio.sleep(call.fault.delay_s)
            if refusal := call.fault.refusal(call.bucket):
                raise refusal
        if call.method == "OPTIONS":
            return preflight(self.store, call)
        operation = operations.OPERATIONS.get(call.operation)
        if operation is None:
            raise OssError(400, "NotImplemented", "This server does not have this operation.")
        bucket = self.store.bucket(call.bucket)
        if bucket is None and call.operation not in operations.WITHOUT_BUCKET:
            raise Refusals.no_bucket(call.bucket)
        if call.signed_by is None and not operations.is_public(call, bucket.acl if bucket else "private"):
            raise Refusals.denied()
        answer = await operation(call)
        if call.fault:
            call.fault.change(answer)
            if call.fault.fault == "lost_answer":
                _close(answer)
                cut(call.request)
        return answer


def _target(request: web.BaseRequest) -> tuple[str, str]:
    """Return path and query as they were sent. A client that has this server for its proxy names the host too, whatever that is."""
    target = re.sub(r"^https?://[^/?]*", "", request.raw_path)
    path, _, query = target.partition("?")
    return path or "/", query


async def _drain(request: web.BaseRequest) -> None:
    """Read the rest of a body, so that the client gets to read the answer."""
    with suppress(Exception):
        async for _ in request.content.iter_chunked(BLOCK_BYTES):
            pass


def _refusal(error: OssError, request: web.BaseRequest, request_id: str) -> Answer:
    host = request.host
    children = [("Code", error.code), ("Message", error.message), ("RequestId", request_id), ("HostId", host), *error.details.items()]
    if error.ec:
        children += [("EC", error.ec), ("RecommendDoc", f"https://api.alibabacloud.com/troubleshoot?q={error.ec}")]
    body = document("Error", children)
    headers = {"Content-Type": "application/xml", **error.headers}
    if error.ec:
        headers["x-oss-ec"] = error.ec
    if request.method == "HEAD":  # an answer to HEAD has no body; both SDKs read this header
        headers["x-oss-err"] = base64.b64encode(body).decode()
    return Answer(status=error.status, headers=headers, body=b"" if request.method == "HEAD" else body)


async def _send(request: web.BaseRequest, answer: Answer, fault: Fault | None) -> web.StreamResponse:
    if answer.slice is None:
        if answer.body:
            answer.headers.setdefault("Content-Type", "application/xml")
        if fault and fault.fault == "cut_down" and answer.body:
            return await _stream(request, answer, fault, _blocks_of(answer.body))
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body or None)
    answer.headers["Content-Length"] = str(answer.slice.length)
    try:
        return await _stream(request, answer, fault, _blocks_of_slice(answer))
    finally:
        _close(answer)


def _blocks_of(body: bytes) -> Callable[[int], bytes]:
    rest = bytearray(body)

    def block(most: int) -> bytes:
        taken = bytes(rest[:most])
        del rest[:most]
        return taken

    return block


def _blocks_of_slice(answer: Answer) -> Callable[[int], bytes]:
    part = answer.slice
    assert part is not None
    part.file.seek(part.start)
    remaining = part.length

    def block(most: int) -> bytes:
        nonlocal remaining
        taken = part.file.read(min(most, remaining))
        remaining -= len(taken)
        return taken

    return block


async def _stream(request: web.BaseRequest, answer: Answer, fault: Fault | None, next_block: Callable[[int], bytes]) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if "Content-Length" not in answer.headers:
        response.content_length = len(answer.body)
    await response.prepare(request)
    left = fault.after_bytes if fault and fault.fault == "cut_down" else None
    try:
        while block := next_block(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left)):
            await response.write(block)
            if left is not None:
                left -= len(block)
            if fault and fault.fault == "slow" and fault.bytes_per_s:
                await asyncio.sleep(len(block) / fault.bytes_per_s)
        if left is not None and request.transport is not None:
            request.transport.close()  # what was written arrives, the rest never does
            return response
        await response.write_eof()
    except (ConnectionError, RuntimeError):  # the client has gone
        log.debug("%s %s: the client went away", request.method, request.path)
    return response


def _close(answer: Answer) -> None:
    if answer.slice is not None:
        answer.slice.file.close()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name == "localhost"
    return True


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
