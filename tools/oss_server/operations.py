"""Which operation a request is, by the vendor's names, and who may do it without a signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tools.oss_server import buckets, listing, multipart, objects
from tools.oss_server.call import Answer, Call

__all__ = ["OPERATIONS", "WITHOUT_BUCKET", "is_public", "name_of"]

OPERATIONS: dict[str, Callable[[Call], Awaitable[Answer]]] = {
    "PutObject": objects.put,
    "GetObject": objects.get,
    "HeadObject": objects.head,
    "GetObjectMeta": objects.meta,
    "DeleteObject": objects.delete,
    "CopyObject": objects.copy,
    "GetObjectAcl": objects.get_acl,
    "PutObjectAcl": objects.put_acl,
    "ListObjects": listing.list_v1,
    "ListObjectsV2": listing.list_v2,
    "DeleteMultipleObjects": listing.delete_many,
    "InitiateMultipartUpload": multipart.initiate,
    "UploadPart": multipart.upload_part,
    "UploadPartCopy": multipart.upload_part_copy,
    "CompleteMultipartUpload": multipart.complete,
    "AbortMultipartUpload": multipart.abort,
    "ListParts": multipart.list_parts,
    "ListMultipartUploads": multipart.list_uploads,
    "GetBucketInfo": buckets.information,
    "GetBucketAcl": buckets.get_acl,
    "PutBucketAcl": buckets.put_acl,
    "GetBucketLocation": buckets.location,
    "GetBucketCors": buckets.get_cors,
    "PutBucketCors": buckets.put_cors,
    "DeleteBucketCors": buckets.delete_cors,
    "PutBucket": buckets.create,
    "DeleteBucket": buckets.delete,
    "ListBuckets": buckets.list_buckets,
}
WITHOUT_BUCKET = frozenset({"PutBucket", "ListBuckets"})
READS = frozenset({"GetObject", "HeadObject", "GetObjectMeta"})
WRITES = frozenset(
    {"PutObject", "DeleteObject", "InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"}
)
UNKNOWN_SUBRESOURCES = frozenset(
    {"append", "lifecycle", "tagging", "symlink", "restore", "select/meta", "versioning", "versions", "policy", "website"}
)

# by method and the query that marks it; the first that fits, and the empty mark last
OF_OBJECT = {
    "GET": (("uploadId", "ListParts"), ("acl", "GetObjectAcl"), ("objectMeta", "GetObjectMeta"), ("", "GetObject")),
    "HEAD": (("objectMeta", "GetObjectMeta"), ("", "HeadObject")),
    "PUT": (("uploadId", "UploadPart"), ("acl", "PutObjectAcl"), ("", "PutObject")),
    "POST": (("uploads", "InitiateMultipartUpload"), ("uploadId", "CompleteMultipartUpload")),
    "DELETE": (("uploadId", "AbortMultipartUpload"), ("", "DeleteObject")),
    "OPTIONS": (("", "OptionObject"),),
}
OF_BUCKET = {
    "GET": (
        ("bucketInfo", "GetBucketInfo"),
        ("acl", "GetBucketAcl"),
        ("location", "GetBucketLocation"),
        ("cors", "GetBucketCors"),
        ("uploads", "ListMultipartUploads"),
        ("list-type", "ListObjectsV2"),
        ("", "ListObjects"),
    ),
    "PUT": (("acl", "PutBucketAcl"), ("cors", "PutBucketCors"), ("", "PutBucket")),
    "POST": (("delete", "DeleteMultipleObjects"),),
    "DELETE": (("cors", "DeleteBucketCors"), ("", "DeleteBucket")),
    "OPTIONS": (("", "OptionObject"),),
}


def name_of(call: Call) -> str:
    """Return the vendor's name of the operation, empty for one that this server does not have."""
    if UNKNOWN_SUBRESOURCES & call.query.keys():
        return ""
    if not call.bucket:
        return "ListBuckets" if call.method == "GET" else ""
    marks = (OF_OBJECT if call.key else OF_BUCKET).get(call.method, ())
    name = next((name for mark, name in marks if not mark or mark in call.query), "")
    if "x-oss-copy-source" in call.headers:
        return {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}.get(name, name)
    return name


def is_public(call: Call, bucket_acl: str) -> bool:
    """Return whether anybody may do this without a signature: what the object's ACL says, or else the bucket's."""
    stored = call.store.get(call.bucket, call.key) if call.key else None
    acl = stored.headers.get("x-oss-object-acl", "default") if stored else "default"
    acl = bucket_acl if acl == "default" else acl
    reads = READS if call.key else {"ListObjects", "ListObjectsV2"}
    return (acl != "private" and call.operation in reads) or (acl == "public-read-write" and call.operation in WRITES)
