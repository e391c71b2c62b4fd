"""The vendor's newer SDK against the OSS server: put, get, lists, parts, resumable transfers, presigned addresses, retries, refusals."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import alibabacloud_oss_v2 as oss
import requests

BUCKET, REGION = "team-videos", "cn-hangzhou"
KEY = "videos/雪 fox+100%.mp4"
BODY = os.urandom(3 * 1024 * 1024 + 77)
PART_BYTES = 1024 * 1024


def refused(call: Callable[[], object], status: int, code: str) -> None:
    seen: object = None
    try:
        call()
    except oss.exceptions.OperationError as error:
        cause = error.unwrap()
        seen = getattr(cause, "status_code", 0), getattr(cause, "code", "")
    assert seen == (status, code), seen


def client_at(url: str, **changes: object) -> oss.Client:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.EnvironmentVariableCredentialsProvider()
    config.region, config.endpoint = REGION, url
    for name, value in changes.items():
        setattr(config, name, value)
    return oss.Client(config)


def objects(client: oss.Client, control: Callable[..., None]) -> None:
    control(fault="internal_error", operation="PutObject", count=2)  # the SDK tries three times
    put = client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=KEY, body=BODY, metadata={"sha256": "abc"}, forbid_overwrite=True))
    got = client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY))
    assert got.body.read() == BODY
    assert put.hash_crc64 == got.hash_crc64
    assert got.metadata["sha256"] == "abc"
    part = client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY, range_header="bytes=100-199"))
    assert (part.status_code, part.body.read()) == (206, BODY[100:200])
    beyond = oss.GetObjectRequest(bucket=BUCKET, key=KEY, range_header=f"bytes={len(BODY)}-", range_behavior="standard")
    refused(lambda: client.get_object(beyond), 416, "InvalidRange")
    again = oss.PutObjectRequest(bucket=BUCKET, key=KEY, body=b"", forbid_overwrite=True)
    refused(lambda: client.put_object(again), 409, "FileAlreadyExists")
    assert client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key=KEY)).content_length == len(BODY)
    assert client.is_object_exist(BUCKET, KEY)
    assert not client.is_object_exist(BUCKET, "none")
    refused(lambda: client.get_object(oss.GetObjectRequest(bucket=BUCKET, key="none")), 404, "NoSuchKey")
    client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="copy", source_key=KEY))
    assert client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key="copy")).status_code == 204


def lists(client: oss.Client) -> None:
    names = sorted([f"list/{number % 3}/{number:02}" for number in range(20)] + ["list/雪 +%&"])
    for name in names:
        client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=name, body=name.encode()))
    pages = client.list_objects_v2_paginator(limit=6).iter_page(oss.ListObjectsV2Request(bucket=BUCKET, prefix="list/"))
    assert [entry.key for page in pages for entry in page.contents] == names
    pages = client.list_objects_paginator(limit=1).iter_page(oss.ListObjectsRequest(bucket=BUCKET, prefix="list/", delimiter="/"))
    assert [entry.prefix for page in pages for entry in page.common_prefixes or []] == ["list/0/", "list/1/", "list/2/"]
    doomed = [oss.DeleteObject(key=name) for name in names]
    client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(bucket=BUCKET, objects=doomed, encoding_type="url"))
    assert client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET, prefix="list/")).key_count == 0
    assert client.is_bucket_exist(BUCKET)
    assert not client.is_bucket_exist("no-such-bucket")
    assert client.get_bucket_info(oss.GetBucketInfoRequest(bucket=BUCKET)).bucket_info.acl == "private"


def transfers(client: oss.Client, control: Callable[..., None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(BODY)
        control(fault="access_denied", operation="UploadPart", skip=1)  # no retry helps, so the first upload ends half done
        uploader = client.uploader(part_size=PART_BYTES, parallel_num=1, enable_checkpoint=True, checkpoint_dir=folder)
        request = oss.PutObjectRequest(bucket=BUCKET, key="resumed")
        try:
            uploader.upload_file(request, str(source))
        except oss.exceptions.BaseError:
            uploader.upload_file(request, str(source))
        else:
            raise AssertionError("the fault did not strike")
        downloader = client.downloader(part_size=PART_BYTES, parallel_num=3)
        downloader.download_file(oss.GetObjectRequest(bucket=BUCKET, key="resumed"), str(target))
        assert target.read_bytes() == BODY
    upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key="parts")).upload_id
    sent = client.upload_part(oss.UploadPartRequest(bucket=BUCKET, key="parts", upload_id=upload, part_number=1, body=BODY))
    assert client.list_parts(oss.ListPartsRequest(bucket=BUCKET, key="parts", upload_id=upload)).parts[0].size == len(BODY)
    parts = oss.CompleteMultipartUpload(parts=[oss.UploadPart(part_number=1, etag=sent.etag)])
    whole = oss.CompleteMultipartUploadRequest(bucket=BUCKET, key="parts", upload_id=upload, complete_multipart_upload=parts)
    assert client.complete_multipart_upload(whole).hash_crc64 == sent.hash_crc64
    refused(lambda: client.list_parts(oss.ListPartsRequest(bucket=BUCKET, key="parts", upload_id=upload)), 404, "NoSuchUpload")


def addresses(client: oss.Client, url: str) -> None:
    for at in (client, client_at("http://media.localhost", use_cname=True), client_at(f"http://oss-{REGION}.aliyuncs.com")):
        wish = oss.GetObjectRequest(bucket=BUCKET, key=KEY, response_content_disposition="attachment")
        address = at.presign(wish, expires=timedelta(minutes=1)).url
        answer = requests.get(address, proxies={"http": url}, timeout=10)
        assert answer.content == BODY, answer.text
        assert answer.headers["Content-Disposition"] == "attachment"
        assert requests.get(address.replace("fox", "dog"), proxies={"http": url}, timeout=10).status_code == 403
    put = client.presign(oss.PutObjectRequest(bucket=BUCKET, key="signed", content_type="text/x"))
    assert requests.put(put.url, b"x", headers=put.signed_headers, timeout=10).status_code == 200


def keys(url: str) -> None:
    def with_keys(*words: str) -> oss.Client:
        return client_at(url, credentials_provider=oss.credentials.StaticCredentialsProvider(*words))

    wish = oss.HeadObjectRequest(bucket=BUCKET, key=KEY)
    assert with_keys("STS.for-tests", "a-temporary-secret", "a-token-for-tests").head_object(wish).status_code == 200
    refused(lambda: with_keys("STS.for-tests", "a-temporary-secret", "another").head_object(wish), 403, "InvalidSecurityToken")
    refused(lambda: with_keys("nobody", "secret").head_object(wish), 403, "InvalidAccessKeyId")
    refused(lambda: with_keys("LTAI-for-tests", "another").head_object(wish), 403, "SignatureDoesNotMatch")
    refused(lambda: client_at(url, region="cn-beijing").head_object(wish), 400, "InvalidArgument")


def main(url: str) -> None:
    def control(**fault: object) -> None:
        requests.post(f"{url}/_control/faults", json=fault, timeout=10).raise_for_status()

    client = client_at(url)
    objects(client, control)
    lists(client)
    transfers(client, control)
    addresses(client, url)
    keys(url)


if __name__ == "__main__":
    main(sys.argv[1])
