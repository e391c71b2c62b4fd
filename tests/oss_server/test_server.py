"""The OSS server behind its socket, asked by the vendor's SDK. `make witnesses` asks it much more, with both SDKs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import oss2
import pytest
import requests

from tests.cases import in_one_test
from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, BUCKET, REGION, OssServerProcess

CLIP = bytes(range(256)) * 400  # 100 kB


@pytest.fixture
def bucket(oss_server: OssServerProcess) -> oss2.Bucket:
    return bucket_of(oss_server)


def bucket_of(server: OssServerProcess, endpoint: str = "", secret: str = ACCESS_KEY_SECRET, **more: object) -> oss2.Bucket:
    auth = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider(ACCESS_KEY_ID, secret))
    return oss2.Bucket(auth, endpoint or server.url, BUCKET, region=REGION, **more)


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.OssError) as refused:
        call()
    return refused.value.status, refused.value.code


def test_an_object_comes_back_as_it_was_put_and_lies_in_the_folder(bucket, oss_server):
    headers = {
        "Content-Type": "video/mp4",
        "x-oss-meta-sha256": "abc",
        "x-oss-storage-class": "IA",
        "x-oss-server-side-encryption": "AES256",
    }

    put = bucket.put_object("videos/雪 fox.mp4", CLIP, headers=headers)
    got = bucket.get_object("videos/雪 fox.mp4")

    assert got.read() == CLIP
    assert put.crc == got.server_crc == got.client_crc
    assert put.headers["x-oss-server-side-encryption"] == "AES256"
    assert {name: got.headers[name] for name in headers} == headers
    assert got.etag == hashlib.md5(CLIP, usedforsecurity=False).hexdigest().upper()
    assert (oss_server.folder / BUCKET / "videos" / "雪 fox.mp4").read_bytes() == CLIP


RANGES = [
    ("bytes=10-19", "", (206, CLIP[10:20])),
    ("bytes=10-", "", (206, CLIP[10:])),
    ("bytes=-7", "", (206, CLIP[-7:])),
    ("bytes=0-0", "", (206, CLIP[:1])),
    ("bytes=10-999999", "", (200, CLIP)),  # OSS ignores a range that leaves the object...
    ("bytes=999999-", "", (200, CLIP)),
    ("bytes=10-999999", "standard", (206, CLIP[10:])),  # ...unless it is asked to do what others do
    ("bytes=-999999", "standard", (206, CLIP)),
    ("byte=0-5", "", (200, CLIP)),
    ("bytes=5-3", "standard", (200, CLIP)),
]


def test_a_range_is_cut_out_as_oss_does_it(bucket):
    bucket.put_object("clip", CLIP)

    for text, behavior, seen in RANGES:
        got = bucket.get_object("clip", headers={"Range": text} | ({"x-oss-range-behavior": behavior} if behavior else {}))
        assert (got.status, got.read()) == seen, text

    beyond = {"Range": "bytes=999999-", "x-oss-range-behavior": "standard"}
    assert refusal(lambda: bucket.get_object("clip", headers=beyond)) == (416, "InvalidRange")


def test_a_player_may_ask_a_signed_address_for_a_range(bucket):
    bucket.put_object("clip", CLIP)

    answer = requests.get(bucket.sign_url("GET", "clip", 60), headers={"Range": "bytes=10-19"}, timeout=10)

    assert (answer.status_code, answer.content) == (206, CLIP[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(CLIP)}"


def test_a_write_that_forbids_to_overwrite_is_refused_when_there_is_an_object(bucket):
    bucket.put_object("clip", b"first", headers={"x-oss-forbid-overwrite": "true"})

    again = refusal(lambda: bucket.put_object("clip", b"second", headers={"x-oss-forbid-overwrite": "true"}))

    assert again == (409, "FileAlreadyExists")
    assert bucket.get_object("clip").read() == b"first"


def test_a_body_that_is_not_what_its_md5_says_is_refused(bucket):
    assert refusal(lambda: bucket.put_object("clip", CLIP, headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})) == (400, "InvalidDigest")
    assert not bucket.object_exists("clip")


def test_missing_things_have_the_codes_of_oss(bucket, oss_server):
    nowhere = bucket_of(oss_server)
    nowhere.bucket_name = "no-such-bucket"

    assert refusal(lambda: bucket.get_object("none")) == (404, "NoSuchKey")
    assert refusal(lambda: bucket.head_object("none")) == (404, "NoSuchKey")  # from a header: HEAD has no body
    assert refusal(lambda: nowhere.head_object("none")) == (404, "NoSuchBucket")
    assert bucket.delete_object("none").status == 204


def test_conditions_are_kept(bucket):
    etag = bucket.put_object("clip", CLIP).etag

    assert bucket.get_object("clip", headers={"If-Match": f'"{etag}"'}).read() == CLIP
    assert refusal(lambda: bucket.get_object("clip", headers={"If-Match": '"other"'})) == (412, "PreconditionFailed")
    assert refusal(lambda: bucket.get_object("clip", headers={"If-None-Match": f'"{etag}"'}))[0] == 304


def test_lists_have_folders_and_pages(bucket):
    names = ["a/1", "a/2", "b", "c/1", "c/2/x", "d"]
    for name in names:
        bucket.put_object(name, b"")

    assert [entry.key for entry in oss2.ObjectIteratorV2(bucket, max_keys=2)] == names
    for listed in (oss2.ObjectIterator(bucket, delimiter="/", max_keys=1), oss2.ObjectIteratorV2(bucket, delimiter="/", max_keys=1)):
        assert [entry.key for entry in listed] == ["a/", "b", "c/", "d"]
    bucket.batch_delete_objects(["a/1", "c/2/x"])
    assert [entry.key for entry in oss2.ObjectIterator(bucket, prefix="c/")] == ["c/1"]


def test_keys_that_no_file_can_have_are_objects_too(bucket):
    names = ["a", "a/b", "a/b/", "long" * 200, "dots/..x/...", "q?&=+%41 #\\"]
    for name in names:
        bucket.put_object(name, name.encode())

    assert {entry.key: bucket.get_object(entry.key).read().decode() for entry in oss2.ObjectIterator(bucket)} == {
        name: name for name in names
    }


def test_parts_become_one_object_with_the_sum_of_the_whole(bucket):
    parts = [bytes([number]) * 102_400 for number in (1, 2)] + [b"end"]
    upload = bucket.init_multipart_upload("clip", headers={"Content-Type": "video/mp4"}).upload_id
    sent = []
    for number, part in enumerate(parts, 1):
        answer = bucket.upload_part("clip", upload, number, part)
        sent.append(oss2.models.PartInfo(number, answer.etag, size=len(part), part_crc=answer.crc))
    assert not bucket.object_exists("clip")

    bucket.complete_multipart_upload("clip", upload, sent)

    got = bucket.get_object("clip")
    assert got.read() == b"".join(parts)
    assert got.client_crc == got.server_crc
    assert got.headers["Content-Type"] == "video/mp4"
    assert refusal(lambda: bucket.upload_part("clip", upload, 1, b"")) == (404, "NoSuchUpload")


def test_a_small_part_in_the_middle_and_a_wrong_etag_are_refused(bucket):
    upload = bucket.init_multipart_upload("clip").upload_id
    sent = [oss2.models.PartInfo(number, bucket.upload_part("clip", upload, number, b"small").etag) for number in (1, 2)]

    assert refusal(lambda: bucket.complete_multipart_upload("clip", upload, sent)) == (400, "EntityTooSmall")
    sent[0].etag = "0" * 32
    assert refusal(lambda: bucket.complete_multipart_upload("clip", upload, sent)) == (400, "InvalidPart")
    bucket.abort_multipart_upload("clip", upload)
    assert list(oss2.MultipartUploadIterator(bucket)) == []


def test_signed_addresses_expire_and_can_name_the_file(bucket, oss_server):
    bucket.put_object("clip", CLIP)
    names = {"response-content-disposition": 'attachment; filename="fox.mp4"', "response-content-type": "video/mp4"}
    address = bucket.sign_url("GET", "clip", 60, params=dict(names))

    answer = requests.get(address, timeout=10)

    assert answer.content == CLIP
    assert answer.headers["Content-Disposition"] == names["response-content-disposition"]
    assert answer.headers["Content-Type"] == "video/mp4"
    assert requests.head(address, timeout=10).status_code == 403  # the method is signed
    oss_server.advance(61)
    assert "<Code>AccessDenied</Code>" in requests.get(address, timeout=10).text


def test_a_private_bucket_answers_nobody_without_a_signature(bucket, oss_server):
    bucket.put_object("clip", CLIP)
    address = f"{oss_server.url}/{BUCKET}/clip"

    assert requests.get(address, timeout=10).status_code == 403
    assert requests.put(address, data=b"x", timeout=10).status_code == 403
    assert refusal(lambda: bucket_of(oss_server, secret="another").get_object("clip")) == (403, "SignatureDoesNotMatch")
    oss_server.bucket(acl="public-read")
    assert requests.get(address, timeout=10).content == CLIP
    assert requests.put(address, data=b"x", timeout=10).status_code == 403


def test_virtual_hosts_and_custom_domains_reach_the_bucket(bucket, oss_server):
    bucket.put_object("a/clip", CLIP)
    proxies = {"http": oss_server.url}  # for names that are not in DNS

    virtual = bucket_of(oss_server, f"http://oss-{REGION}.aliyuncs.com", proxies=proxies)
    domain = bucket_of(oss_server, oss_server.domain, is_cname=True, proxies=proxies)

    assert virtual.get_object("a/clip").read() == domain.get_object("a/clip").read() == CLIP


def test_rules_about_origins_are_applied(bucket, oss_server):
    bucket.put_object("clip", CLIP)
    address, origin = bucket.sign_url("GET", "clip", 60), {"Origin": "https://portal.example"}
    asks = {**origin, "Access-Control-Request-Method": "GET"}
    assert "Access-Control-Allow-Origin" not in requests.get(address, headers=origin, timeout=10).headers
    assert requests.options(address, headers=asks, timeout=10).status_code == 403

    bucket.put_bucket_cors(oss2.models.BucketCors([oss2.models.CorsRule(["https://portal.example"], ["GET"], ["range"])]))

    assert requests.get(address, headers=origin, timeout=10).headers["Access-Control-Allow-Origin"] == "https://portal.example"
    assert requests.options(address, headers={**asks, "Access-Control-Request-Headers": "range"}, timeout=10).status_code == 200
    assert requests.options(address, headers={**asks, "Access-Control-Request-Headers": "x-other"}, timeout=10).status_code == 403
    assert requests.options(address, headers={**asks, "Origin": "https://other.example"}, timeout=10).status_code == 403


FAULTS = [
    ({"fault": "internal_error"}, (500, "InternalError"), False),
    ({"fault": "slow_down"}, (503, "ServiceUnavailable"), False),
    ({"fault": "access_denied"}, (403, "AccessDenied"), False),
    ({"fault": "no_bucket"}, (404, "NoSuchBucket"), False),
    ({"fault": "error", "status": 418, "code": "Teapot"}, (418, "Teapot"), False),
    ({"fault": "cut_up", "after_bytes": 10_000}, (oss2.exceptions.OSS_REQUEST_ERROR_STATUS, ""), False),
    ({"fault": "lost_answer"}, (oss2.exceptions.OSS_REQUEST_ERROR_STATUS, ""), True),
    ({"fault": "wrong_crc"}, (oss2.exceptions.OSS_INCONSISTENT_ERROR_STATUS, ""), True),
]


@in_one_test(("fault", "seen", "is_stored"), FAULTS)
def test_a_fault_strikes_as_often_as_it_was_ordered(bucket, oss_server, fault, seen, is_stored):
    oss_server.fault(operation="PutObject", key="faulty", **fault)
    bucket.put_object("other", CLIP)

    assert refusal(lambda: bucket.put_object("faulty", CLIP)) == seen

    assert bucket.object_exists("faulty") == is_stored
    assert bucket.put_object("faulty", CLIP).status == 200
    oss_server.reset()


def test_a_download_can_be_cut(bucket, oss_server):
    bucket.put_object("clip", CLIP)
    oss_server.fault("cut_down", operation="GetObject", after_bytes=1000)

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="1000 bytes read"):
        bucket.get_object("clip").read()

    assert bucket.get_object("clip").read() == CLIP


@pytest.mark.slow
def test_the_bucket_can_go_away_and_come_back_with_its_objects():
    with OssServerProcess() as server:
        bucket_of(server).put_object("clip", CLIP)
        server.stop()

        assert refusal(lambda: bucket_of(server).get_object("clip"))[0] == oss2.exceptions.OSS_REQUEST_ERROR_STATUS

        server.start()
        assert bucket_of(server).get_object("clip").read() == CLIP
