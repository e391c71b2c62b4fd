"""Operations on a bucket: make, remove, information, place, ACL, rules about origins, and the list of buckets.

https://help.aliyun.com/en/oss/developer-reference/putbucket, getbucketinfo, getbucketacl, putbucketcors (2026-11-29).
"""

from __future__ import annotations

import re

from tools.oss_server.call import Answer, Call, zulu
from tools.oss_server.errors import OssError, Refusals
from tools.oss_server.listing import OWNER
from tools.oss_server.objects import ACLS, acl_document
from tools.oss_server.store import Bucket
from tools.oss_server.xml import Node, document, parse

__all__ = ["create", "delete", "delete_cors", "get_acl", "get_cors", "information", "list_buckets", "location", "put_acl", "put_cors"]

RULE_FIELDS = ("AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader", "MaxAgeSeconds")


def _bucket(call: Call) -> Bucket:
    found = call.store.bucket(call.bucket)
    if found is None:
        raise Refusals.no_bucket(call.bucket)
    return found


async def create(call: Call) -> Answer:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", call.bucket):
        raise OssError(400, "InvalidBucketName", "The name is not valid.", details={"BucketName": call.bucket})
    await call.read_xml()
    call.store.create_bucket(call.bucket, call.headers.get("x-oss-acl", "private"))
    return Answer(headers={"Location": f"/{call.bucket}"})


async def delete(call: Call) -> Answer:
    if next(call.store.keys_after(call.bucket, "", ""), None) is not None:
        raise OssError(409, "BucketNotEmpty", "The bucket has objects.", details={"BucketName": call.bucket})
    call.store.remove_bucket(call.bucket)
    return Answer(status=204)


def _entry(call: Call, bucket: Bucket) -> list[Node]:
    endpoint = call.headers.get("host", "")
    return [
        ("Name", bucket.name),
        ("Location", f"oss-{call.region}"),
        ("Region", call.region),
        ("CreationDate", zulu(bucket.created)),
        ("ExtranetEndpoint", endpoint),
        ("IntranetEndpoint", endpoint),
        ("StorageClass", "Standard"),
    ]


async def information(call: Call) -> Answer:
    bucket = _bucket(call)
    more: list[Node] = [
        ("DataRedundancyType", "LRS"),
        ("Owner", OWNER),
        ("AccessControlList", [("Grant", bucket.acl)]),
        ("Versioning", ""),
        ("ServerSideEncryptionRule", [("SSEAlgorithm", "None")]),
    ]
    return Answer(body=document("BucketInfo", [("Bucket", [*_entry(call, bucket), *more])]))


async def location(call: Call) -> Answer:
    body = document("LocationConstraint", [])
    return Answer(body=body.replace(b"<LocationConstraint />", f"<LocationConstraint>oss-{call.region}</LocationConstraint>".encode()))


async def get_acl(call: Call) -> Answer:
    return Answer(body=acl_document(_bucket(call).acl))


async def put_acl(call: Call) -> Answer:
    acl = call.headers.get("x-oss-acl", "")
    if acl not in ACLS - {"default"}:
        raise Refusals.argument("no such bucket access control exists", "x-oss-acl", acl)
    call.store.change_bucket(call.bucket, acl=acl)
    return Answer()


async def get_cors(call: Call) -> Answer:
    rules = _bucket(call).cors
    if not rules:
        raise OssError(404, "NoSuchCORSConfiguration", "The bucket has no rules about origins.")
    children: list[Node] = [("CORSRule", [(name, text) for name, texts in rule.items() for text in texts]) for rule in rules]
    return Answer(body=document("CORSConfiguration", [*children, ("ResponseVary", "false")]))


async def put_cors(call: Call) -> Answer:
    top = parse(await call.read_xml(), "CORSConfiguration")
    rules = [
        {name: [node.text or "" for node in rule.findall(name)] for name in RULE_FIELDS if rule.find(name) is not None}
        for rule in top.findall("CORSRule")
    ]
    if not rules or not all(rule.get("AllowedOrigin") and rule.get("AllowedMethod") for rule in rules):
        raise Refusals.malformed()
    call.store.change_bucket(call.bucket, cors=rules)
    return Answer()


async def delete_cors(call: Call) -> Answer:
    call.store.change_bucket(call.bucket, cors=[])
    return Answer(status=204)


async def list_buckets(call: Call) -> Answer:
    names = [name for name in call.store.bucket_names() if name.startswith(call.query.get("prefix", ""))]
    found = [bucket for name in names if (bucket := call.store.bucket(name))]
    children: list[Node] = [("Owner", OWNER), ("Buckets", [("Bucket", _entry(call, bucket)) for bucket in found])]
    return Answer(body=document("ListAllMyBucketsResult", children))
