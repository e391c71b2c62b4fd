"""Uploads in parts: initiate, upload a part, copy a part, list parts, list uploads, complete, abort.

https://help.aliyun.com/en/oss/developer-reference/initiatemultipartupload, uploadpart, completemultipartupload, abortmultipartupload,
listmultipartuploads, listparts (2026-11-29).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.oss_server.call import BLOCK_BYTES, Answer, Call, zulu
from tools.oss_server.crc64 import combine
from tools.oss_server.errors import OssError, Refusals
from tools.oss_server.listing import OWNER
from tools.oss_server.objects import ENCRYPTION, copy_of, kept_headers, refuse_overwrite, source_of
from tools.oss_server.store import Arrival, Part, Upload
from tools.oss_server.xml import Node, child_text, document, encoded, parse

__all__ = ["abort", "complete", "initiate", "list_parts", "list_uploads", "upload_part", "upload_part_copy"]

SMALLEST_PART_BYTES = 100 * 1024
MOST_PARTS = 10_000


async def initiate(call: Call) -> Answer:
    refuse_overwrite(call, "0042-00000214")
    upload = call.store.begin(call.bucket, call.key, kept_headers(call))
    coding = call.query.get("encoding-type", "")
    children: list[Node] = [("EncodingType", coding)] if coding else []
    children += [("Bucket", call.bucket), ("Key", encoded(call.key, coding)), ("UploadId", upload.id)]
    return Answer(headers=_encryption(upload), body=document("InitiateMultipartUploadResult", children))


async def upload_part(call: Call) -> Answer:
    upload, number = _upload(call), _number(call)
    arrival = await call.receive()
    return _kept(call, upload, number, arrival)


async def upload_part_copy(call: Call) -> Answer:
    upload, number, source = _upload(call), _number(call), source_of(call)
    start, end = 0, source.size - 1
    if match := re.fullmatch(r"bytes=(\d+)-(\d+)", call.headers.get("x-oss-copy-source-range", "")):
        start, end = int(match[1]), min(int(match[2]), end)
    answer = _kept(call, upload, number, copy_of(call, source, start, end - start + 1))
    children: list[Node] = [("LastModified", zulu(source.modified)), ("ETag", answer.headers["ETag"])]
    answer.body = document("CopyPartResult", children)
    return answer


def _kept(call: Call, upload: Upload, number: int, arrival: Arrival) -> Answer:
    if call.store.upload(call.bucket, call.key, upload.id) is None:  # aborted or completed while the part came in
        arrival.path.unlink()
        raise _no_upload(upload.id)
    call.store.add_part(upload, number, arrival)
    return Answer(headers={"ETag": f'"{arrival.etag}"', "x-oss-hash-crc64ecma": str(arrival.crc), **_encryption(upload)})


async def complete(call: Call) -> Answer:
    upload, coding = _upload(call), call.query.get("encoding-type", "")
    body, there = await call.read_xml(), call.store.parts(upload)
    if call.headers.get("x-oss-complete-all", "").lower() == "yes":
        chosen: Sequence[Part] = there
    else:
        chosen = _chosen(body, {part.number: part for part in there})
    if not chosen:
        raise Refusals.malformed()
    if any(part.size < SMALLEST_PART_BYTES for part in chosen[:-1]):
        message = "Only the last part may be smaller than 100 KB."
        raise OssError(400, "EntityTooSmall", message, "0042-00000213")
    refuse_overwrite(call, "0042-00000214")
    whole = call.store.new_file()
    await asyncio.to_thread(_join, [part.path for part in chosen], whole)
    try:
        if call.store.upload(call.bucket, call.key, upload.id) is None:  # somebody else was faster
            raise _no_upload(upload.id)
        refuse_overwrite(call, "0042-00000214")
    except OssError:
        whole.unlink()
        raise
    arrival = Arrival(whole, sum(part.size for part in chosen), _etag(chosen), _crc(chosen))
    stored = call.store.put(call.bucket, call.key, arrival, upload.headers, "Multipart")
    call.store.forget(upload)
    children: list[Node] = [("EncodingType", coding)] if coding else []
    children += [
        ("Location", f"http://{call.headers.get('host', '')}/{call.bucket}/{encoded(call.key, 'url')}"),
        ("Bucket", call.bucket),
        ("Key", encoded(call.key, coding)),
        ("ETag", f'"{stored.etag}"'),
    ]
    headers = {"ETag": f'"{stored.etag}"', "x-oss-hash-crc64ecma": str(stored.crc), **_encryption(upload)}
    return Answer(headers=headers, body=document("CompleteMultipartUploadResult", children))


def _chosen(body: bytes, there: dict[int, Part]) -> list[Part]:
    """Return the parts that the client names, in its order, which must rise. Raises `OssError`."""
    chosen, last = [], 0
    for node in parse(body, "CompleteMultipartUpload").findall("Part"):
        text = child_text(node, "PartNumber")
        part = there.get(int(text)) if text.isdecimal() else None
        if part is None or part.etag != child_text(node, "ETag").strip('"').upper():
            message = "A part is not there, or its ETag is another one."
            raise OssError(400, "InvalidPart", message, details={"PartNumber": text})
        if part.number <= last:
            raise OssError(400, "InvalidPartOrder", "The parts are not in ascending order.")
        last = part.number
        chosen.append(part)
    return chosen


def _join(sources: list[Path], target: Path) -> None:
    with target.open("wb") as whole:
        for source in sources:
            with source.open("rb") as part:
                shutil.copyfileobj(part, whole, BLOCK_BYTES)


def _etag(parts: Sequence[Part]) -> str:
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest().upper()}-{len(parts)}"


def _crc(parts: Sequence[Part]) -> int:
    total = 0
    for part in parts:
        total = combine(total, part.crc, part.size)
    return total


async def abort(call: Call) -> Answer:
    call.store.forget(_upload(call))
    return Answer(status=204)


async def list_parts(call: Call) -> Answer:
    upload, coding = _upload(call), call.query.get("encoding-type", "")
    marker, most = call.number("part-number-marker", 0, MOST_PARTS), call.number("max-parts", 1000, 1000)
    later = [part for part in call.store.parts(upload) if part.number > marker]
    shown = later[:most]
    children: list[Node] = [
        ("Bucket", call.bucket),
        ("Key", encoded(call.key, coding)),
        ("UploadId", upload.id),
        ("StorageClass", "Standard"),
        ("PartNumberMarker", marker),
        ("NextPartNumberMarker", shown[-1].number if shown else marker),
        ("MaxParts", most),
        ("IsTruncated", "true" if len(later) > len(shown) else "false"),
        *([("EncodingType", coding)] if coding else []),
    ]
    for part in shown:
        facts: list[Node] = [("LastModified", zulu(part.modified)), ("ETag", f'"{part.etag}"'), ("Size", part.size)]
        children.append(("Part", [("PartNumber", part.number), *facts, ("HashCrc64ecma", str(part.crc))]))
    return Answer(body=document("ListPartsResult", children))


async def list_uploads(call: Call) -> Answer:
    coding, prefix = call.query.get("encoding-type", ""), call.query.get("prefix", "")
    key_marker, id_marker = call.query.get("key-marker", ""), call.query.get("upload-id-marker", "")
    most = call.number("max-uploads", 1000, 1000)
    uploads = call.store.uploads(call.bucket, prefix)
    later = [upload for upload in uploads if upload.key > key_marker or (id_marker and (upload.key, upload.id) > (key_marker, id_marker))]
    shown = later[:most]
    is_truncated = len(later) > len(shown)
    children: list[Node] = [
        ("Bucket", call.bucket),
        *([("EncodingType", coding)] if coding else []),
        ("KeyMarker", encoded(key_marker, coding)),
        ("UploadIdMarker", id_marker),
        ("NextKeyMarker", encoded(shown[-1].key, coding) if is_truncated else ""),
        ("NextUploadIdMarker", shown[-1].id if is_truncated else ""),
        ("Delimiter", ""),
        ("Prefix", encoded(prefix, coding)),
        ("MaxUploads", most),
        ("IsTruncated", "true" if is_truncated else "false"),
    ]
    for upload in shown:
        facts: list[Node] = [("StorageClass", "Standard"), ("Initiated", zulu(upload.started)), ("Owner", OWNER)]
        children.append(("Upload", [("Key", encoded(upload.key, coding)), ("UploadId", upload.id), *facts]))
    return Answer(body=document("ListMultipartUploadsResult", children))


def _upload(call: Call) -> Upload:
    found = call.store.upload(call.bucket, call.key, call.query.get("uploadId", ""))
    if found is None:
        raise _no_upload(call.query.get("uploadId", ""))
    return found


def _no_upload(upload_id: str) -> OssError:
    message = "There is no such upload. It may have been completed or aborted."
    return OssError(404, "NoSuchUpload", message, details={"UploadId": upload_id})


def _number(call: Call) -> int:
    text = call.query.get("partNumber", "")
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PARTS:
        message = f"A part number is from 1 to {MOST_PARTS}."
        raise Refusals.argument(message, "PartNumber", text, "0017-00000220")
    return int(text)


def _encryption(upload: Upload) -> dict[str, str]:
    return {name: value for name, value in upload.headers.items() if name.startswith(ENCRYPTION)}
