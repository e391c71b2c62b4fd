"""One request on its way through the server: what it asks for, its body, and the answer to it."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import IO, TYPE_CHECKING

from aiohttp import web

from tools.oss_server.crc64 import Crc64
from tools.oss_server.errors import OssError, Refusals
from tools.oss_server.store import Arrival, Object, Store

if TYPE_CHECKING:
    from tools.oss_server.faults import Fault

__all__ = ["BLOCK_BYTES", "Answer", "Call", "Slice", "http_date", "zulu"]

BLOCK_BYTES = 256 * 1024
LARGEST_XML_BYTES = 2_000_000
LARGEST_OBJECT_BYTES = 5 * 1024**3  # of a put or a part; https://help.aliyun.com/en/oss/developer-reference/putobject


@dataclass
class Slice:
    """A part of an open file, which whoever sends it closes."""

    file: IO[bytes]
    start: int
    length: int


@dataclass
class Answer:
    """A reply. With `slice` the body is that part of a file."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    slice: Slice | None = None


@dataclass(kw_only=True)
class Call:
    """A checked request. `signed_by` is None for an anonymous one; names of `headers` are in lower case."""

    request: web.BaseRequest
    store: Store
    region: str
    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    operation: str = ""
    signed_by: str | None = None
    fault: Fault | None = None

    async def receive(self) -> Arrival:
        """Write the body to a file, block by block, and check it against Content-MD5. Raises `OssError`."""
        path, size, md5, crc = self.store.new_file(), 0, hashlib.md5(usedforsecurity=False), Crc64()
        if "content-length" not in self.headers and self.headers.get("transfer-encoding") != "chunked":
            raise OssError(411, "MissingContentLength", "A body needs a Content-Length.")
        try:
            with path.open("wb") as file:
                async for block in self.request.content.iter_chunked(BLOCK_BYTES):
                    size += len(block)
                    if size > LARGEST_OBJECT_BYTES:
                        raise OssError(400, "EntityTooLarge", "A put or a part may have 5 GB.")
                    file.write(block)
                    md5.update(block)
                    crc.update(block)
                    if self.fault:
                        await self.fault.while_receiving(size, len(block), self.request)
            self._check_md5(md5.digest())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Arrival(path, size, md5.hexdigest().upper(), crc.value)

    async def read_xml(self) -> bytes:
        """Return a small body, checked against Content-MD5. Raises `OssError`."""
        body = bytearray()
        async for block in self.request.content.iter_chunked(BLOCK_BYTES):
            body += block
            if len(body) > LARGEST_XML_BYTES:
                raise Refusals.malformed()
        self._check_md5(hashlib.md5(body, usedforsecurity=False).digest())
        return bytes(body)

    def _check_md5(self, digest: bytes) -> None:
        if wanted := self.headers.get("content-md5"):
            try:
                given = base64.b64decode(wanted, validate=True)
            except ValueError:
                given = b""
            if given != digest:
                raise OssError(400, "InvalidDigest", "Content-MD5 is not that of the body.", details={"Content-MD5": wanted})

    def stored(self) -> Object:
        """Return the object. Raises `OssError` NoSuchKey."""
        found = self.store.get(self.bucket, self.key)
        if found is None:
            raise Refusals.no_key(self.key)
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """Return a number of the query. Raises `OssError` InvalidArgument."""
        text = self.query.get(name) or str(default)
        if not text.isdecimal() or int(text) > most:
            raise Refusals.argument(f"{name} must be an integer between 0 and {most}.", name, text)
        return int(text)


def http_date(moment: float) -> str:
    return formatdate(moment, usegmt=True)


def zulu(moment: float) -> str:
    """Return a time as lists show it: 2026-11-29T12:00:00.000Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))
