"""Lists of objects, old and new, and batch delete.

https://help.aliyun.com/en/oss/developer-reference/listobjects, listobjects-v2, deletemultipleobjects (2026-11-29).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from tools.oss_server.call import Answer, Call, zulu
from tools.oss_server.errors import OssError, Refusals
from tools.oss_server.store import Object
from tools.oss_server.xml import Node, child_text, document, encoded, parse

__all__ = ["OWNER", "delete_many", "list_v1", "list_v2"]

MOST_KEYS = 1000
AFTER_ALL = "\U0010ffff"
OWNER: list[Node] = [("ID", "1000000000000000"), ("DisplayName", "1000000000000000")]


@dataclass
class _Page:
    objects: list[Object] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    is_truncated: bool = False

    def __len__(self) -> int:
        return len(self.objects) + len(self.prefixes)


def _page(call: Call, after: str) -> _Page:
    """Return one page: objects, and one prefix instead of all objects that share it up to the delimiter."""
    prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter", "")
    most = call.number("max-keys", 100, MOST_KEYS)
    page, position = _Page(), after
    if delimiter and after.startswith(prefix) and after.endswith(delimiter):
        position = after + AFTER_ALL  # the page before ended with this prefix
    while True:
        for stored in call.store.keys_after(call.bucket, prefix, position):
            if len(page) == most:
                page.is_truncated = most > 0
                return page
            rest = stored.key[len(prefix) :]
            if delimiter and delimiter in rest:
                common = prefix + rest.partition(delimiter)[0] + delimiter
                page.prefixes.append(common)
                page.last, position = common, common + AFTER_ALL
                break  # and go on after all that it stands for
            page.objects.append(stored)
            page.last = position = stored.key
        else:
            return page


async def list_v1(call: Call) -> Answer:
    coding, marker = call.query.get("encoding-type", ""), call.query.get("marker", "")
    page = _page(call, marker)
    head: list[Node] = [("Marker", encoded(marker, coding))]
    if page.is_truncated:
        head.append(("NextMarker", encoded(page.last, coding)))
    return _answer(call, page, head, coding, with_owner=True)


async def list_v2(call: Call) -> Answer:
    coding, token, start = (call.query.get(name, "") for name in ("encoding-type", "continuation-token", "start-after"))
    try:
        after = base64.urlsafe_b64decode(token).decode() if token else start
    except ValueError:
        raise Refusals.argument("The continuation token provided is incorrect.", "continuation-token", token) from None
    page = _page(call, after)
    head: list[Node] = [("KeyCount", len(page))]
    if start:
        head.append(("StartAfter", encoded(start, coding)))
    if token:
        head.append(("ContinuationToken", token))
    if page.is_truncated:
        head.append(("NextContinuationToken", base64.urlsafe_b64encode(page.last.encode()).decode()))
    return _answer(call, page, head, coding, with_owner=call.query.get("fetch-owner") == "true")


def _answer(call: Call, page: _Page, head: list[Node], coding: str, *, with_owner: bool) -> Answer:
    children: list[Node] = [
        ("Name", call.bucket),
        ("Prefix", encoded(call.query.get("prefix", ""), coding)),
        ("MaxKeys", call.query.get("max-keys") or "100"),
        ("Delimiter", encoded(call.query.get("delimiter", ""), coding)),
        ("IsTruncated", "true" if page.is_truncated else "false"),
        *head,
        *([("EncodingType", coding)] if coding else []),
    ]
    for stored in page.objects:
        entry: list[Node] = [
            ("Key", encoded(stored.key, coding)),
            ("LastModified", zulu(stored.modified)),
            ("ETag", f'"{stored.etag}"'),
            ("Type", stored.kind),
            ("Size", stored.size),
            ("StorageClass", stored.headers.get("x-oss-storage-class", "Standard")),
        ]
        children.append(("Contents", [*entry, ("Owner", OWNER)] if with_owner else entry))
    children += [("CommonPrefixes", [("Prefix", encoded(common, coding))]) for common in page.prefixes]
    return Answer(body=document("ListBucketResult", children))


async def delete_many(call: Call) -> Answer:
    if "content-md5" not in call.headers:
        raise OssError(400, "MissingArgument", "Missing Some Required Arguments.", details={"ArgumentName": "Content-MD5"})
    coding = call.query.get("encoding-type", "")
    wanted = parse(await call.read_xml(), "Delete")
    keys = [node.findtext("Key") or "" for node in wanted.findall("Object")]
    if not 0 < len(keys) <= MOST_KEYS or not all(keys):
        raise Refusals.malformed()
    for key in keys:
        call.store.delete(call.bucket, key)
    if child_text(wanted, "Quiet").lower() == "true":
        return Answer()
    children: list[Node] = [("EncodingType", coding)] if coding else []
    children += [("Deleted", [("Key", encoded(key, coding))]) for key in keys]
    return Answer(body=document("DeleteResult", children))
