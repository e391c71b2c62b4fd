"""What goes wrong between the portal and OSS: it is tried again, recognised, cleaned up, and reported by the right error."""

from __future__ import annotations

from contextlib import closing

import pytest
from django.core.files.base import ContentFile

from delivery.stored_file import serve_file
from generation import store
from tests.cases import in_one_test
from tests.videoportal.storages.conftest import options_of
from tests.videoportal.storages.test_oss import CONTENT, MIB

KEY = "videos/a.mp4"
AGAIN = ["internal_error", "slow_down", "too_many"]


@in_one_test(
    ("fault", "requests"),
    [({"fault": kind}, {"PutObject": 2}) for kind in AGAIN]
    + [
        ({"fault": "cut_up", "after_bytes": 70_000}, {"PutObject": 2}),
        ({"fault": "lost_answer"}, {"PutObject": 2, "HeadObject": 1}),  # the second try meets the first one's object
        ({"fault": "wrong_crc"}, {"PutObject": 2, "DeleteObject": 1}),
    ],
)
def test_save_that_fails_on_the_way_is_sent_again(oss_server, storage, requests_of, fault, requests):
    oss_server.reset()
    oss_server.fault(operation="PutObject", **fault)

    assert requests_of(lambda: storage.save_new(KEY, ContentFile(CONTENT))) == requests
    assert storage.open(KEY).read() == CONTENT


def test_lost_answer_is_recognised_although_the_look_fails_at_first(oss_server, storage, requests_of):
    oss_server.fault("lost_answer", operation="PutObject")
    oss_server.fault("internal_error", operation="HeadObject")

    assert requests_of(lambda: storage.save_new(KEY, ContentFile(CONTENT))) == {"PutObject": 2, "HeadObject": 2}


def test_request_that_stalled_is_sent_again(oss_server, storage, requests_of):
    oss_server.fault("error", operation="PutObject", status=400, code="RequestTimeout")

    assert requests_of(lambda: storage.save_new(KEY, ContentFile(CONTENT))) == {"PutObject": 2}


def test_save_whose_last_answer_was_lost_is_recognised(oss_server, storage_with):
    oss_server.fault("lost_answer", operation="PutObject")

    storage_with(max_attempts=1).save_new(KEY, ContentFile(CONTENT))

    assert oss_server.objects()[KEY]["size"] == len(CONTENT)


def test_other_writers_object_is_not_taken_for_the_own_one(oss_server, storage):
    """The first try failed before it stored anything; meanwhile somebody else stored as many bytes under the key."""
    storage.save_new(KEY, ContentFile(CONTENT[::-1]))
    oss_server.fault("internal_error", operation="PutObject")

    with pytest.raises(FileExistsError):
        storage.save_new(KEY, ContentFile(CONTENT))

    assert storage.open(KEY).read() == CONTENT[::-1]


@in_one_test(
    ("fault", "requests"),
    [({"fault": kind}, 2) for kind in AGAIN] + [({"fault": "cut_down", "after_bytes": 1000}, 2), ({"fault": "wrong_crc"}, 2)],
)
def test_read_that_fails_on_the_way_is_tried_again(oss_server, storage, requests_of, fault, requests):
    oss_server.reset()
    storage.save_new(KEY, ContentFile(CONTENT))
    oss_server.fault(operation="GetObject", **fault)

    def read() -> None:
        assert storage.open(KEY).read() == CONTENT

    assert requests_of(read) == {"GetObject": requests}


def test_damage_is_found_when_a_file_was_read_in_blocks(oss_server, storage):
    storage.save_new(KEY, ContentFile(CONTENT))
    oss_server.fault("wrong_crc", operation="GetObject", count=0)

    with pytest.raises(OSError, match="damaged"):
        list(storage.open(KEY).chunks())


@in_one_test(
    ("fault", "requests"),
    [
        ({"fault": "internal_error", "operation": "UploadPart", "skip": 1}, {"UploadPart": 4}),
        ({"fault": "lost_answer", "operation": "UploadPart"}, {"UploadPart": 4}),
        ({"fault": "wrong_crc", "operation": "UploadPart"}, {"UploadPart": 4}),
        ({"fault": "lost_answer", "operation": "CompleteMultipartUpload"}, {"CompleteMultipartUpload": 2, "HeadObject": 1}),
    ],
)
def test_only_the_part_that_failed_is_sent_again(oss_server, storage_with, requests_of, fault, requests):
    oss_server.reset()
    storage = storage_with(multipart_threshold=MIB, part_size=500_000)
    oss_server.fault(**fault)
    undisturbed = {"InitiateMultipartUpload": 1, "UploadPart": 3, "CompleteMultipartUpload": 1}

    assert requests_of(lambda: storage.save_new(KEY, ContentFile(CONTENT))) == undisturbed | requests
    assert storage.open(KEY).read() == CONTENT


@in_one_test(
    "fault",
    [
        {"fault": "access_denied", "operation": "UploadPart", "skip": 1},
        {"fault": "internal_error", "operation": "UploadPart", "skip": 1, "count": 0},
        {"fault": "access_denied", "operation": "CompleteMultipartUpload"},
        {"fault": "wrong_crc", "operation": "CompleteMultipartUpload"},
    ],
)
def test_upload_that_fails_leaves_no_part_and_no_object(oss_server, storage_with, fault):
    oss_server.reset()
    storage = storage_with(multipart_threshold=MIB, part_size=500_000, max_attempts=2)
    oss_server.fault(**fault)

    with pytest.raises(Exception, match=r"AccessDenied|InternalError|wrongly"):
        storage.save_new(KEY, ContentFile(CONTENT))

    assert oss_server.objects() == {}
    assert list(storage.client._bucket.list_multipart_uploads().upload_list) == []


def test_upload_in_parts_under_a_taken_key_is_refused(oss_server, storage_with):
    storage = storage_with(multipart_threshold=MIB, part_size=500_000)
    storage.save_new(KEY, ContentFile(b"first"))

    with pytest.raises(FileExistsError):
        storage.save_new(KEY, ContentFile(CONTENT))

    assert storage.open(KEY).read() == b"first"
    assert list(storage.client._bucket.list_multipart_uploads().upload_list) == []


def test_store_saves_with_one_request_and_reads_with_one(in_the_bucket, requests_of):
    assert requests_of(lambda: store.save(KEY, b"whole")) == {"PutObject": 1}
    assert requests_of(lambda: store.read(KEY)) == {"GetObject": 1}
    assert requests_of(lambda: store.size(KEY)) == {"HeadObject": 1}
    assert requests_of(lambda: store.delete(KEY)) == {"DeleteObject": 1}


def test_web_server_reads_only_files_on_a_disk_between_other_requests(db, in_the_bucket, rf, settings, tmp_path):
    """From a bucket it would keep all connections waiting."""

    def sent() -> tuple[bool, bytes]:
        facts = {"size": len(CONTENT), "etag": "e", "content_type": "video/mp4"}
        response = serve_file(rf.get("/", headers={"Range": "bytes=5-"}), lambda: store.open_file(KEY), **facts)
        with closing(response):
            return hasattr(response, "file_to_stream"), b"".join(response)

    store.save(KEY, CONTENT)
    assert sent() == (False, CONTENT[5:])

    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    store.save(KEY, CONTENT)
    assert sent() == (True, CONTENT[5:])


def test_key_is_written_once(in_the_bucket, oss_server):
    store.save(KEY, b"first")

    with pytest.raises(store.StorageUnavailable, match="in use"):
        store.save(KEY, b"second")

    assert store.read(KEY) == b"first"


@in_one_test("operation", [store.read, store.size, store.modified_at])
def test_missing_key_is_a_missing_file(in_the_bucket, operation):
    with pytest.raises(store.ObjectMissing):
        operation(KEY)


@in_one_test(
    ("fault", "error"),
    [
        ("no_bucket", store.StorageUnavailable),
        ("access_denied", store.StorageUnavailable),
        ("in_debt", store.StorageUnavailable),
        ("quota", store.StorageFull),
    ],
)
@in_one_test(
    "operation",
    [lambda: store.save(KEY, b"x"), lambda: store.read(KEY), lambda: store.size(KEY), lambda: store.listing(""), lambda: store.delete(KEY)],
)
def test_refusal_of_the_bucket_is_no_missing_file(in_the_bucket, oss_server, fault, error, operation):
    oss_server.reset()
    oss_server.fault(fault, count=0)

    with pytest.raises(store.StorageUnavailable) as refused:
        operation()

    assert type(refused.value) is error
    oss_server.reset()


@in_one_test(
    ("options", "clock_s", "said"),
    [
        ({"access_key": "deleted"}, 0, "ServerError InvalidAccessKeyId while"),
        ({"secret_key": "wrong"}, 0, "^SignatureDoesNotMatch while"),
        ({"bucket_name": "no-such-bucket"}, 0, "^NoSuchBucket while"),
        ({}, 1000, "ServerError RequestTimeTooSkewed while"),
    ],
)
def test_wrong_setting_and_wrong_clock_are_named_and_nothing_is_sent_again(
    settings, in_the_bucket, oss_server, caplog, options, clock_s, said
):
    oss_server.reset()
    oss_server.advance(clock_s)
    caplog.clear()
    settings.STORAGES = settings.STORAGES | {"default": settings.STORAGES["default"] | {"OPTIONS": options_of(oss_server) | options}}

    with pytest.raises(store.StorageUnavailable, match=said):
        store.read(KEY)

    assert oss_server.state()["requests"] == {"GetObject": 1}
    assert ("ServerTime" in caplog.text, "OSS4-HMAC" in caplog.text) == (clock_s > 0, False)
    oss_server.reset()


def test_server_that_is_away_is_unavailable(settings, in_the_bucket, oss_server):
    options = settings.STORAGES["default"]["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9", "max_attempts": 2}
    settings.STORAGES = settings.STORAGES | {"default": settings.STORAGES["default"] | {"OPTIONS": options}}

    for operation in (lambda: store.save(KEY, b"x"), lambda: store.read(KEY), lambda: store.listing("")):
        with pytest.raises(store.StorageUnavailable):
            operation()
