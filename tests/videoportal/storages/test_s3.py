"""`S3MediaStorage` against moto's server: keys are written once, files are read in ranges, errors say what they are."""

from __future__ import annotations

import io
import os
import pickle
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from django.core.files.base import ContentFile

from generation import store
from tests.cases import in_one_test
from tools.s3_server import ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY
from videoportal.storages.s3 import S3MediaStorage

pytestmark = pytest.mark.slow  # boto3 and moto take seconds to start
CONTENT = bytes(range(256)) * 8000
KEY = "videos/雪 a.mp4"


class RawReply(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture
def options(s3_server) -> dict[str, Any]:
    keys = {"access_key": ACCESS_KEY_ID, "secret_key": SECRET_ACCESS_KEY}
    return {"bucket_name": BUCKET, "region_name": REGION, "endpoint_url": s3_server.url} | keys


@pytest.fixture
def storage(options) -> S3MediaStorage:
    return S3MediaStorage(**options)


@pytest.fixture
def asked(storage) -> list[Any]:
    """Return the requests that the storage sends, as they go out."""
    sent: list[Any] = []
    for client in (storage.client, storage.reader.client):
        client.meta.events.register("before-send.s3", lambda request, **_facts: sent.append(request))
    return sent


def test_file_is_written_once_with_one_plain_request(storage, asked):
    storage.save_new(KEY, ContentFile(CONTENT))

    (put,) = asked
    headers = {name.lower(): value for name, value in put.headers.items()}
    assert put.method == "PUT"
    assert headers["if-none-match"] == b"*"
    assert len(headers["x-amz-content-sha256"]) == 64
    assert headers.keys() & {"content-encoding", "x-amz-trailer", "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"} == set()
    with pytest.raises(FileExistsError):
        storage.save_new(KEY, ContentFile(CONTENT))
    assert storage.save(KEY, ContentFile(b"second")) != KEY
    assert storage.open(KEY).read() == CONTENT


def test_save_whose_answer_was_lost_is_recognised(storage):
    lost: list[Any] = []

    def lose_the_answer(request: Any, **_facts: Any) -> None:
        if not lost:
            lost.append(URLLib3Session().send(request))
            raise ReadTimeoutError(endpoint_url=request.url)

    storage.client.meta.events.register("before-send.s3.PutObject", lose_the_answer)

    storage.save_new(KEY, ContentFile(CONTENT))

    assert (lost[0].status_code, storage.open(KEY).read()) == (200, CONTENT)


def test_service_without_conditional_writes_is_asked_first(storage, asked):
    def refuse(request: Any, **_facts: Any) -> Any:
        if "If-None-Match" in request.headers:
            body = b"<Error><Code>NotImplemented</Code></Error>"
            return AWSResponse(request.url, 501, {}, RawReply(body))
        return None

    storage.client.meta.events.register_first("before-send.s3.PutObject", refuse)

    storage.save_new(KEY, ContentFile(CONTENT))
    with pytest.raises(FileExistsError):
        storage.save_new(KEY, ContentFile(b"other"))
    storage.save_new("b", ContentFile(b"b"))

    assert (storage.open(KEY).read(), storage.open("b").read()) == (CONTENT, b"b")
    assert [request.headers.get("If-None-Match") for request in asked if request.method == "PUT"] == [b"*", None, None]


def test_names_that_no_path_leads_to_are_left_out_of_lists(storage):
    for key in ("day//a.mp4", "day/b.mp4"):
        storage.client.put_object(Bucket=BUCKET, Key=key, Body=b"x")

    assert (storage.listdir(""), storage.listdir("day")) == ((["day"], []), ([], ["b.mp4"]))
    assert [list(storage.each_name(folder)) for folder in ("day", "nowhere")] == [["b.mp4"], []]


def test_file_is_read_in_ranges_as_they_are_needed(storage, asked):
    storage.save_new(KEY, ContentFile(CONTENT))
    asked.clear()

    with storage.open(KEY) as file:
        file.seek(-100, io.SEEK_END)
        assert file.read() == CONTENT[-100:]
        file.seek(5)
        assert file.read(3) == CONTENT[5:8]
        file.seek(len(CONTENT) + 1)
        assert file.read() == b""

    assert [(request.method, request.headers.get("Range")) for request in asked] == [
        ("HEAD", None),
        ("GET", f"bytes={len(CONTENT) - 100}-".encode()),
        ("GET", b"bytes=5-1048580"),
    ]
    storage.save_new("empty", ContentFile(b""))
    assert storage.open("empty").read() == b""


def test_file_that_is_replaced_while_it_is_read_fails(storage, options):
    storage.save_new(KEY, ContentFile(CONTENT))
    file = storage.open(KEY)
    file.read(10)

    S3MediaStorage(**options, file_overwrite=True).save(KEY, ContentFile(CONTENT[::-1]))

    with pytest.raises(Exception, match="PreconditionFailed"):
        file.read()


def test_signed_address_downloads_under_the_name_that_was_asked_for(storage, options):
    storage.save_new(KEY, ContentFile(b"whole"))
    disposition = 'attachment; filename="a.mp4"'

    url = storage.url(KEY, parameters={"ResponseContentDisposition": disposition}, expire=60)
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - signed by us
        assert (reply.read(), reply.headers["Content-Disposition"]) == (b"whole", disposition)
    public = S3MediaStorage(**options, public_endpoint_url="https://minio.example.com")
    assert pickle.loads(pickle.dumps(public)).url("a.mp4").startswith(f"https://minio.example.com/{BUCKET}/a.mp4?X-Amz-Algorithm=")  # noqa: S301


@in_one_test(
    ("endpoint", "address"),
    [
        ("https://s3.oss-cn-hangzhou.aliyuncs.com", f"https://{BUCKET}.s3.oss-cn-hangzhou.aliyuncs.com/a?"),
        ("http://minio:9000", f"http://minio:9000/{BUCKET}/a?"),
        (None, f"https://{BUCKET}.s3.amazonaws.com/a?"),
    ],
)
def test_bucket_is_named_where_the_service_looks_for_it(options, endpoint, address):
    assert S3MediaStorage(**options | {"endpoint_url": endpoint}).url("a").startswith(address)


def test_child_of_a_fork_and_each_thread_have_connections_of_their_own(storage):
    storage.save_new("a", ContentFile(b"parent's"))
    assert storage.size("a") == 8
    before = storage.bucket.meta.client
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # nothing of pytest may run here
        try:
            os.write(writer, b"own" if storage.bucket.meta.client is not before else b"shared")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    with ThreadPoolExecutor(1) as other:
        of_thread = other.submit(lambda: storage.bucket.meta.client).result()

    assert os.read(reader, 10) == b"own"
    assert of_thread is not before
    os.close(reader)
    os.close(writer)


def test_store_tells_a_missing_file_from_a_missing_bucket(settings, options):
    def use(**changes: str) -> None:
        s3 = {"BACKEND": "videoportal.storages.s3.S3MediaStorage", "OPTIONS": options | changes}
        settings.STORAGES = settings.STORAGES | {"default": s3}

    use()
    for look in (store.read, store.size, store.modified_at):
        with pytest.raises(store.ObjectMissing):
            look(KEY)
    store.save(KEY, b"whole")
    store.delete(KEY)
    store.delete(KEY)
    assert store.listing("videos") == ([], [])
    for change in ({"bucket_name": "no-such-bucket"}, {"endpoint_url": "http://127.0.0.1:9"}):
        use(**change)
        for look in (store.read, store.size, store.modified_at, store.listing, store.delete, lambda key: store.save(key, b"x")):
            with pytest.raises(store.StorageUnavailable):
                look(KEY)
