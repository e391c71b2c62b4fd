"""Operations on one object: put, get, head, meta, ACL, copy, delete.

https://help.aliyun.com/en/oss/developer-reference/putobject, getobject, headobject, getobjectmeta, copyobject, deleteobject (2026-11-29).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from tools.oss_server.call import BLOCK_BYTES, Answer, Call, Slice, http_date, zulu
from tools.oss_server.crc64 import Crc64
from tools.oss_server.errors import OssError, Refusals
from tools.oss_server.store import Arrival, Object
from tools.oss_server.xml import document

__all__ = [
    "ACLS",
    "acl_document",
    "copy",
    "copy_of",
    "delete",
    "get",
    "get_acl",
    "head",
    "kept_headers",
    "meta",
    "put",
    "put_acl",
    "refuse_overwrite",
    "source_of",
]

STANDARD_HEADERS = frozenset({"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"})
OVERRIDES = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires")
ACLS = frozenset({"default", "private", "public-read", "public-read-write"})
CLASSES = frozenset({"Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"})
ENCRYPTIONS = frozenset({"AES256", "KMS", "SM4"})
ENCRYPTION = "x-oss-server-side-encryption"


def kept_headers(call: Call) -> dict[str, str]:
    """Return the headers of an upload that stay with the object. Raises `OssError` for a value that OSS refuses."""
    checks = {"x-oss-object-acl": ACLS, "x-oss-storage-class": CLASSES, ENCRYPTION: ENCRYPTIONS}
    kept = {name: value for name, value in call.headers.items() if name in STANDARD_HEADERS or name.startswith("x-oss-meta-")}
    for name, allowed in checks.items():
        if value := call.headers.get(name):
            if value not in allowed:
                if name == ENCRYPTION:
                    raise OssError(400, "InvalidEncryptionAlgorithmError", "There is no such encryption algorithm.")
                raise Refusals.argument(f"{name} is invalid.", name, value)
            kept[name] = value
    if key_id := call.headers.get(f"{ENCRYPTION}-key-id"):
        kept[f"{ENCRYPTION}-key-id"] = key_id
    kept.setdefault("content-type", "application/octet-stream")
    return kept


def refuse_overwrite(call: Call, ec: str = "0026-00000002") -> None:
    """Raise FileAlreadyExists if the request forbids to overwrite and there is an object."""
    if call.headers.get("x-oss-forbid-overwrite", "").lower() == "true" and call.store.get(call.bucket, call.key):
        raise Refusals.exists(call.key, ec)


async def put(call: Call) -> Answer:
    kept = kept_headers(call)
    arrival = await call.receive()
    try:
        refuse_overwrite(call)  # nothing happens between this and the next line, so of two writers one is refused
    except OssError:
        arrival.path.unlink()
        raise
    stored = call.store.put(call.bucket, call.key, arrival, kept)
    answer = Answer(headers={"ETag": f'"{stored.etag}"', "x-oss-hash-crc64ecma": str(stored.crc)})
    answer.headers["Content-MD5"] = base64.b64encode(bytes.fromhex(stored.etag)).decode()
    answer.headers |= {name: kept[name] for name in (ENCRYPTION, f"{ENCRYPTION}-key-id") if name in kept}
    return answer


async def get(call: Call) -> Answer:
    stored = call.stored()
    if (unchanged := _conditions(call, stored)) is not None:
        return unchanged
    overridden = {name: call.query[f"response-{name}"] for name in OVERRIDES if f"response-{name}" in call.query}
    if overridden and call.signed_by is None:
        raise OssError(400, "InvalidRequest", "Anonymous requests cannot set response headers.")
    start, length, is_partial = _range(call, stored.size)
    answer = Answer(status=206 if is_partial else 200, headers=_facts(stored) | {"Accept-Ranges": "bytes"} | _titled(overridden))
    if is_partial:
        answer.headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{stored.size}"
    answer.slice = Slice(stored.path.open("rb"), start, length)
    return answer


async def head(call: Call) -> Answer:
    stored = call.stored()
    if (unchanged := _conditions(call, stored)) is not None:
        return unchanged
    return Answer(headers=_facts(stored) | {"Content-Length": str(stored.size), "Accept-Ranges": "bytes"})


async def meta(call: Call) -> Answer:
    """Answer with little and at once: HEAD or GET with ?objectMeta."""
    facts = _facts(call.stored())
    kept = {name: facts[name] for name in ("ETag", "Last-Modified", "x-oss-hash-crc64ecma")}
    return Answer(headers=kept | {"Content-Length": str(call.stored().size)})


async def delete(call: Call) -> Answer:
    call.store.delete(call.bucket, call.key)
    return Answer(status=204)  # also when there was none


async def copy(call: Call) -> Answer:
    source = source_of(call)
    replaces = call.headers.get("x-oss-metadata-directive", "COPY").upper() == "REPLACE"
    kept = (
        kept_headers(call)
        if replaces
        else source.headers
        | {name: value for name, value in kept_headers(call).items() if name.startswith("x-oss-") and not name.startswith("x-oss-meta-")}
    )
    refuse_overwrite(call)
    arrival = replace(copy_of(call, source, 0, source.size), etag=source.etag)  # of a multipart upload it is no MD5
    stored = call.store.put(call.bucket, call.key, arrival, kept)
    body = document("CopyObjectResult", [("LastModified", zulu(stored.modified)), ("ETag", f'"{stored.etag}"')])
    return Answer(headers={"x-oss-hash-crc64ecma": str(stored.crc), "ETag": f'"{stored.etag}"'}, body=body)


def copy_of(call: Call, source: Object, start: int, length: int) -> Arrival:
    """Copy a part of an object to a new file."""
    path, md5, crc, remaining = call.store.new_file(), hashlib.md5(usedforsecurity=False), Crc64(), length
    with source.path.open("rb") as file, path.open("wb") as target:
        file.seek(start)
        while block := file.read(min(BLOCK_BYTES, remaining)):
            target.write(block)
            md5.update(block)
            crc.update(block)
            remaining -= len(block)
    return Arrival(path, length, md5.hexdigest().upper(), crc.value)


def source_of(call: Call) -> Object:
    """Return the object that `x-oss-copy-source` names. Raises `OssError`."""
    bucket, _, key = unquote(call.headers["x-oss-copy-source"]).lstrip("/").partition("/")
    if call.store.bucket(bucket) is None:
        raise Refusals.no_bucket(bucket)
    found = call.store.get(bucket, key)
    if found is None:
        raise Refusals.no_key(key)
    return found


async def get_acl(call: Call) -> Answer:
    grant = call.stored().headers.get("x-oss-object-acl", "default")
    return Answer(body=acl_document(grant))


def acl_document(grant: str) -> bytes:
    owner = [("ID", "1000000000000000"), ("DisplayName", "1000000000000000")]
    return document("AccessControlPolicy", [("Owner", owner), ("AccessControlList", [("Grant", grant)])])


async def put_acl(call: Call) -> Answer:
    stored, acl = call.stored(), call.headers.get("x-oss-object-acl", "")
    if acl not in ACLS:
        raise Refusals.argument("no such object access control exists", "x-oss-object-acl", acl)
    call.store.change_headers(call.bucket, call.key, stored.headers | {"x-oss-object-acl": acl})
    return Answer()


def _facts(stored: Object) -> dict[str, str]:
    facts = {name: value for name, value in stored.headers.items() if name != "x-oss-object-acl"}
    facts.setdefault("x-oss-storage-class", "Standard")
    return _titled(facts) | {
        "ETag": f'"{stored.etag}"',
        "Last-Modified": http_date(stored.modified),
        "x-oss-object-type": stored.kind,
        "x-oss-hash-crc64ecma": str(stored.crc),
    }


def _titled(headers: dict[str, str]) -> dict[str, str]:
    return {name if name.startswith("x-oss-") else name.title(): value for name, value in headers.items()}


def _conditions(call: Call, stored: Object) -> Answer | None:
    """Return 304 if the client has this object already, None if it is to be sent. Raises `OssError` PreconditionFailed."""
    wanted, known = call.headers.get("if-match"), call.headers.get("if-none-match")
    if wanted is not None and wanted.strip('"') not in {stored.etag, "*"}:
        raise _precondition("If-Match")
    if (limit := _moment(call, "if-unmodified-since")) is not None and stored.modified > limit:
        raise _precondition("If-Unmodified-Since")
    is_known = known is not None and known.strip('"') in {stored.etag, "*"}
    since = _moment(call, "if-modified-since")
    if is_known or (known is None and since is not None and stored.modified <= since):
        return Answer(status=304, headers={"ETag": f'"{stored.etag}"', "Last-Modified": http_date(stored.modified)})
    return None


def _precondition(condition: str) -> OssError:
    message = "A condition of the request is not met."
    return OssError(412, "PreconditionFailed", message, "0017-00001001", {"Condition": condition})


def _moment(call: Call, name: str) -> float | None:
    try:
        return parsedate_to_datetime(call.headers[name]).timestamp()
    except (KeyError, ValueError):
        return None


def _range(call: Call, size: int) -> tuple[int, int, bool]:
    """Return where to start, how many bytes, and whether that is a part. Raises `OssError` InvalidRange.

    A range that leaves the object is ignored: 200 and everything. Only with `x-oss-range-behavior: standard` does OSS cut the end, or
    answer 416 when the start is beyond the object (https://help.aliyun.com/document_detail/39571.htm, 2026-11-29).
    """
    text = call.headers.get("range", "")
    if text.startswith("bytes=") and "," in text:
        raise _unsatisfiable(text, size)
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text)
    if match is None or not any(match.groups()):
        return 0, size, False
    is_standard = call.headers.get("x-oss-range-behavior", "").lower() == "standard"
    first, last = match.groups()
    if not first:
        start, end = size - int(last), size - 1
        is_inside = 0 < int(last) <= size
        if is_standard and start < 0:
            start = 0
    else:
        start, end = int(first), int(last) if last else size - 1
        if end < start and last:
            return 0, size, False
        is_inside = end < size and start < size
        end = min(end, size - 1) if is_standard else end
    if is_inside or (is_standard and 0 <= start <= end < size):
        return start, end - start + 1, True
    if is_standard:
        raise _unsatisfiable(text, size)
    return 0, size, False


def _unsatisfiable(text: str, size: int) -> OssError:
    details = {"ActualObjectSize": str(size), "RangeRequested": text}
    refusal = OssError(416, "InvalidRange", "The range is not in the object.", details=details)
    refusal.headers["Content-Range"] = f"bytes */{size}"
    return refusal
