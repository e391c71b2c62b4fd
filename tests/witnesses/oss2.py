"""The oss2 SDK against the OSS server: put, get, ranges, lists, parts, resumable transfers, addresses, temporary keys, refusals."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import oss2
import requests

BUCKET, REGION = "team-videos", "cn-hangzhou"
KEY = "videos/雪 fox+100%.mp4"
BODY = os.urandom(3 * 1024 * 1024 + 77)


def refused(call: Callable[[], object], status: int, code: str) -> None:
    seen: object = None
    try:
        call()
    except oss2.exceptions.OssError as error:
        seen = error.status, error.code
    assert seen == (status, code), seen


def bucket_at(url: str, provider: object = None, **more: object) -> oss2.Bucket:
    provider = provider or oss2.credentials.EnvironmentVariableCredentialsProvider()
    return oss2.Bucket(oss2.ProviderAuthV4(provider), url, BUCKET, region=REGION, **more)


def objects(bucket: oss2.Bucket) -> None:
    put = bucket.put_object(KEY, io.BytesIO(BODY), headers={"x-oss-meta-sha256": "abc", "x-oss-forbid-overwrite": "true"})
    got = bucket.get_object(KEY)
    assert got.read() == BODY
    assert put.crc == got.client_crc == got.server_crc
    assert bucket.get_object(KEY, byte_range=(100, 199)).read() == BODY[100:200]
    assert bucket.get_object(KEY, byte_range=(None, 5)).read() == BODY[-5:]
    head = bucket.head_object(KEY)
    assert (head.content_length, head.headers["x-oss-meta-sha256"]) == (len(BODY), "abc")
    assert bucket.get_object_meta(KEY).content_length == len(BODY)
    refused(lambda: bucket.put_object(KEY, b"", headers={"x-oss-forbid-overwrite": "true"}), 409, "FileAlreadyExists")
    assert bucket.put_object("stream", (BODY[at : at + 1000] for at in range(0, 10_000, 1000))).status == 200
    assert bucket.get_object("stream").read() == BODY[:10_000]
    assert bucket.copy_object(BUCKET, KEY, "copy").etag == put.etag
    assert bucket.update_object_meta("copy", {"x-oss-meta-more": "1"}).status == 200
    assert bucket.head_object("copy").headers["x-oss-meta-more"] == "1"
    assert bucket.put_object_acl("copy", oss2.OBJECT_ACL_PUBLIC_READ).status == 200
    assert bucket.get_object_acl("copy").acl == oss2.OBJECT_ACL_PUBLIC_READ
    refused(lambda: bucket.get_object("none"), 404, "NoSuchKey")
    refused(lambda: bucket.head_object("none"), 404, "NoSuchKey")
    assert not bucket.object_exists("none")


def lists(bucket: oss2.Bucket) -> None:
    names = sorted([f"list/{number % 3}/{number:02}" for number in range(20)] + ["list/雪 +%&"])
    for name in names:
        bucket.put_object(name, name)
    for kind in (oss2.ObjectIterator, oss2.ObjectIteratorV2):
        assert [entry.key for entry in kind(bucket, prefix="list/", max_keys=6)] == names
        listed = [(entry.key, entry.is_prefix()) for entry in kind(bucket, prefix="list/", delimiter="/", max_keys=1)]
        assert listed == [("list/0/", True), ("list/1/", True), ("list/2/", True), ("list/雪 +%&", False)]
    assert sorted(bucket.batch_delete_objects(names).deleted_keys) == names
    assert list(oss2.ObjectIterator(bucket, prefix="list/")) == []
    assert bucket.get_bucket_info().acl.grant == bucket.get_bucket_acl().acl == "private"
    assert bucket.get_bucket_location().location == f"oss-{REGION}"


def parts(bucket: oss2.Bucket) -> None:
    upload = bucket.init_multipart_upload("parts").upload_id
    for number in (1, 2):
        bucket.upload_part("parts", upload, number, BODY[:200_000])
    listed = bucket.list_parts("parts", upload).parts
    assert [(part.part_number, part.size) for part in listed] == [(1, 200_000), (2, 200_000)]
    assert [entry.upload_id for entry in oss2.MultipartUploadIterator(bucket)] == [upload]
    bucket.complete_multipart_upload("parts", upload, listed)
    assert bucket.get_object("parts").read() == BODY[:200_000] * 2
    left = bucket.init_multipart_upload("left").upload_id
    bucket.upload_part_copy(BUCKET, KEY, (0, 150_000), "left", left, 1)
    bucket.abort_multipart_upload("left", left)
    refused(lambda: bucket.list_parts("left", left), 404, "NoSuchUpload")


def resumable(bucket: oss2.Bucket, control: Callable[..., None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(BODY)
        up = {"store": oss2.ResumableStore(root=folder), "multipart_threshold": 1, "part_size": 1024 * 1024, "num_threads": 1}
        control(fault="cut_up", operation="UploadPart", skip=1)
        try:
            oss2.resumable_upload(bucket, "resumed", str(source), **up)
        except oss2.exceptions.RequestError:
            assert oss2.resumable_upload(bucket, "resumed", str(source), **up).crc is not None
        else:
            raise AssertionError("the fault did not strike")
        down = {"store": oss2.ResumableDownloadStore(root=folder), "multiget_threshold": 1, "part_size": 1024 * 1024, "num_threads": 3}
        oss2.resumable_download(bucket, "resumed", str(target), **down)
        assert target.read_bytes() == BODY


def addresses(bucket: oss2.Bucket, url: str) -> None:
    names = {"response-content-disposition": "attachment; filename*=UTF-8''%E9%9B%AA.mp4"}
    for endpoint in (url, "http://media.localhost"):
        at = bucket_at(endpoint, is_cname=True) if endpoint != url else bucket
        address = at.sign_url("GET", KEY, 60, params=dict(names), slash_safe=True)
        answer = requests.get(address, headers={"Range": "bytes=0-9"}, proxies={"http": url}, timeout=10)
        assert (answer.status_code, answer.content) == (206, BODY[:10]), answer.text
        assert answer.headers["Content-Disposition"] == names["response-content-disposition"]
        assert requests.get(address[:-1] + ("0" if address[-1] != "0" else "1"), proxies={"http": url}, timeout=10).status_code == 403
    long = bucket.sign_url("GET", KEY, 8 * 86_400)
    assert "x-oss-expires" in requests.get(long, timeout=10).text  # the SDK signs eight days, OSS refuses them
    sent = requests.put(
        bucket.sign_url("PUT", "signed", 60, headers={"Content-Type": "text/x"}), b"x", headers={"Content-Type": "text/x"}, timeout=10
    )
    assert sent.status_code == 200


def keys(url: str) -> None:
    temporary = oss2.credentials.StaticCredentialsProvider("STS.for-tests", "a-temporary-secret", "a-token-for-tests")
    assert bucket_at(url, temporary).object_exists(KEY)
    for name, secret, token, code in (
        ("STS.for-tests", "a-temporary-secret", "another", "InvalidSecurityToken"),
        ("STS.for-tests", "another", "a-token-for-tests", "SignatureDoesNotMatch"),
        ("nobody", "secret", "", "InvalidAccessKeyId"),
    ):
        wrong = bucket_at(url, oss2.credentials.StaticCredentialsProvider(name, secret, token))
        refused(lambda bucket=wrong: bucket.get_object(KEY), 403, code)
    first_version = oss2.Bucket(oss2.Auth("LTAI-for-tests", "a-secret-for-tests"), url, BUCKET)
    refused(lambda: first_version.get_object(KEY), 403, "AccessDenied")
    elsewhere = oss2.Bucket(bucket_at(url).auth, url, BUCKET, region="cn-beijing")
    refused(lambda: elsewhere.get_object(KEY), 400, "InvalidArgument")
    virtual = bucket_at(f"http://oss-{REGION}.aliyuncs.com", proxies={"http": url})
    assert virtual.get_object(KEY).read() == BODY


def main(url: str) -> None:
    def control(**fault: object) -> None:
        requests.post(f"{url}/_control/faults", json=fault, timeout=10).raise_for_status()

    bucket = bucket_at(url)
    objects(bucket)
    lists(bucket)
    parts(bucket)
    resumable(bucket, control)
    addresses(bucket, url)
    keys(url)


if __name__ == "__main__":
    main(sys.argv[1])
