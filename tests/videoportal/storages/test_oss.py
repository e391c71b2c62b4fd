"""`OSSStorage` against a server that checks every signature itself: what Django asks of a storage, and what OSS keeps with an object."""

from __future__ import annotations

import io
import logging
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile, File
from oss2.exceptions import ServerError

from tests.cases import in_one_test
from tools.oss_server.testing import TEMPORARY_KEY
from videoportal.storages import checks
from videoportal.storages.oss import OSSStorage

CONTENT = bytes(range(256)) * 4500  # 1.15 MB, more than a block
MIB = 1024 * 1024


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_where: int) -> int:
        raise io.UnsupportedOperation


def half_read() -> File:
    file = File(io.BytesIO(b"all of it"))
    file.read(4)
    return file


@in_one_test(
    "name",
    [
        "a.mp4",
        "videos/2026/11/29/x-0-1.preview.mp4",
        "视频/雪 狐.mp4",
        "q?x=1&y#z/100%+'\".mp4",
        "~(tilde)!*.webp",
        "%2e%2e/a+b",
        "é" * 511 + "x",
    ],
)
def test_file_is_saved_found_read_and_deleted_under_any_name(storage, name):
    assert storage.save(name, ContentFile(b"whole")) == name

    assert (storage.exists(name), storage.size(name), storage.open(name).read()) == (True, 5, b"whole")
    assert datetime.now(UTC) - storage.get_modified_time(name) < timedelta(minutes=1)
    folder, _, own = name.rpartition("/")
    assert storage.listdir(folder)[1] == [own]
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)
    for look in (storage.size, storage.get_modified_time, lambda missing: storage.open(missing).read()):
        with pytest.raises(FileNotFoundError):
            look(name)


@in_one_test(
    ("content", "stored"),
    [
        (lambda: ContentFile("Füchse"), "Füchse".encode()),
        (lambda: ContentFile(b""), b""),
        (half_read, b"all of it"),
        (lambda: File(Unseekable(b"a stream")), b"a stream"),
    ],
)
def test_all_of_any_content_is_stored(storage, content, stored):
    name = storage.save("content", content())

    assert (storage.open(name).read(), storage.size(name)) == (stored, len(stored))


def test_stream_is_whole_although_another_writer_took_its_name(storage):
    storage.save_new("taken", ContentFile(b"first"))

    name = storage._save("taken", File(Unseekable(b"a stream")))  # as if the name had been free a moment ago

    assert (storage.open(name).read(), storage.open("taken").read()) == (b"a stream", b"first")


def test_taken_name_is_never_overwritten(storage, storage_with):
    storage.save_new("a.mp4", ContentFile(b"first"))

    other = storage.save("a.mp4", ContentFile(b"second"))
    with pytest.raises(FileExistsError):
        storage.save_new("a.mp4", ContentFile(b"first"))

    assert other != "a.mp4"
    assert (storage.open("a.mp4").read(), storage.open(other).read()) == (b"first", b"second")
    overwriting = storage_with(file_overwrite=True)
    assert overwriting.save("a.mp4", ContentFile(b"third")) == "a.mp4"
    assert storage.open("a.mp4").read() == b"third"


def test_folders_and_files_of_a_folder_are_listed(storage_with, oss_server):
    storage = storage_with(location="portal")
    for name in ("a.mp4", "day/b.mp4", "day/deep/c.mp4", "day/"):
        storage.save(name, ContentFile(b"x")) if not name.endswith("/") else storage.client.put(
            f"portal/{name}", io.BytesIO(), 0, {}, once=True
        )

    assert (storage.listdir(""), storage.listdir("day"), storage.listdir("nowhere")) == (
        (["day"], ["a.mp4"]),
        (["deep"], ["b.mp4"]),
        ([], []),
    )
    assert [list(storage.each_name(folder)) for folder in ("", "day", "nowhere")] == [["a.mp4"], ["b.mp4"], []]
    assert {key.partition("/")[0] for key in oss_server.objects()} == {"portal"}


def test_names_that_no_path_leads_to_are_left_out_of_lists(storage):
    """Other programs may store them; a walk that went into a folder "." would never end."""
    for key in ("day//a.mp4", "day/b.mp4"):
        storage.client.put(key, io.BytesIO(b"x"), 1, {}, once=True)

    assert (storage.listdir(""), storage.listdir("day")) == ((["day"], []), ([], ["b.mp4"]))


@in_one_test("name", ["../a", "a/../../b", "/etc/../../x"])
def test_name_outside_the_folder_is_refused(storage_with, name):
    with pytest.raises(SuspiciousOperation):
        storage_with(location="portal").size(name)


def test_name_that_is_too_long_is_refused_by_oss(storage):
    with pytest.raises(ServerError, match="InvalidObjectName"):
        storage.save_new("é" * 512, ContentFile(b"x"))


@in_one_test("name", ["", ".", "./"])
def test_folder_of_the_storage_cannot_be_deleted(storage_with, name):
    with pytest.raises(ValueError, match="empty"):
        storage_with(location="portal").delete(name)


def test_what_the_options_say_is_kept_with_the_object(storage_with, oss_server):
    storage_with(
        default_acl="private",
        server_side_encryption="KMS",
        sse_kms_key_id="a-key",
        storage_class="IA",
        object_parameters={"Cache-Control": "private", "x-oss-meta-from": "portal"},
    ).save("videos/a.webp", ContentFile(b"x"))

    kept = {name.lower(): value for name, value in oss_server.objects()["videos/a.webp"]["headers"].items()}
    assert kept["content-type"] == "image/webp"
    assert (kept["cache-control"], kept["x-oss-meta-from"]) == ("private", "portal")
    assert (kept["x-oss-server-side-encryption"], kept["x-oss-server-side-encryption-key-id"]) == ("KMS", "a-key")
    assert kept["x-oss-storage-class"] == "IA"


def test_file_is_read_in_ranges_as_they_are_needed(storage, requests_of):
    storage.save("a.mp4", ContentFile(CONTENT))
    file = storage.open("a.mp4")

    def look() -> None:
        file.seek(-100, io.SEEK_END)
        assert (file.read(10), file.tell()) == (CONTENT[-100:-90], len(CONTENT) - 90)
        assert file.read(100) == CONTENT[-90:]
        assert file.read(1) == b""
        file.seek(5)
        assert file.read(3) == CONTENT[5:8]
        assert file.read(300_000) == CONTENT[8:300_008]

    assert requests_of(look) == {"HeadObject": 1, "GetObject": 2}
    assert (requests_of(lambda: storage.open("a.mp4")), file.size) == ({}, len(CONTENT))
    file.seek(len(CONTENT) + 5)
    assert file.read() == b""
    assert b"".join(storage.open("a.mp4").chunks()) == CONTENT
    with storage.open("a.mp4") as again:
        again.seek(10 * MIB)
        assert again.read(10) == b""


def test_file_that_is_replaced_while_it_is_read_fails(storage, storage_with):
    storage.save("a.mp4", ContentFile(CONTENT))
    file = storage.open("a.mp4")
    file.read(10)

    storage_with(file_overwrite=True).save("a.mp4", ContentFile(CONTENT[::-1]))

    with pytest.raises(ServerError, match="PreconditionFailed"):
        file.read()


def test_file_may_be_written_bit_by_bit(storage_with, requests_of):
    storage = storage_with(part_size=600_000)

    def write() -> None:
        with storage.open("a.mp4", "wb") as file:
            for start in range(0, len(CONTENT), 300_000):
                file.write(CONTENT[start : start + 300_000])

    assert requests_of(write) == {"InitiateMultipartUpload": 1, "UploadPart": 2, "CompleteMultipartUpload": 1}
    assert storage.open("a.mp4").read() == CONTENT
    with storage.open("small", "wb") as file:
        file.write(b"few")
    assert storage.open("small").read() == b"few"
    with pytest.raises(FileExistsError), storage.open("small", "wb") as file:
        file.write(b"others")
    interrupted = storage.open("b.mp4", "wb")
    interrupted.write(CONTENT)
    interrupted.__exit__(ValueError, ValueError("the caller failed"), None)
    assert not storage.exists("b.mp4")
    assert list(storage.client._bucket.list_multipart_uploads().upload_list) == []
    with pytest.raises(ValueError, match="wb"):
        storage.open("a.mp4", "ab")


@in_one_test(
    "options",
    [
        dict(zip(("access_key", "secret_key", "security_token"), TEMPORARY_KEY, strict=True)),
        {"access_key": "", "secret_key": "", "credentials_provider": "oss2.credentials.EnvironmentVariableCredentialsProvider"},
    ],
)
def test_credentials_come_from_sts_or_from_any_provider(storage_with, monkeypatch, options):
    for name, value in zip(("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"), TEMPORARY_KEY, strict=True):
        monkeypatch.setenv(name, value)
    storage = storage_with(**options)

    name = storage.save("a.mp4", ContentFile(b"x"))

    assert pickle.loads(pickle.dumps(storage)).open(name).read() == b"x"  # noqa: S301 - our own
    assert OSSStorage.deconstruct(storage)[0] == "videoportal.storages.oss.OSSStorage"


def test_bucket_that_anybody_may_read_is_reported(settings, in_the_bucket, oss_server):
    assert checks.bucket_is_private(None) == []

    oss_server.bucket(acl="public-read")
    assert [found.id for found in checks.bucket_is_private(None)] == ["storage.W002"]
    moving = {"now": settings.STORAGES["default"], "before": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "videoportal.storages.moving.MovingStorage", "OPTIONS": moving}}
    assert [found.id for found in checks.bucket_is_private(None)] == ["storage.W002"]
    oss_server.fault("access_denied")
    assert [found.id for found in checks.bucket_is_private(None)] == ["storage.W003"]
    oss_server.bucket(acl="private")
    assert checks.storage_can_be_used(None) == [], "the checksum is computed in C"


def test_no_request_of_oss2_is_logged(storage, caplog):
    """It would have tokens in it."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("oss2").setLevel(logging.WARNING)
        storage.save("a.mp4", ContentFile(b"x"))

    assert logging.getLogger("oss2.api").getEffectiveLevel() == logging.WARNING
    assert "Credential=" not in caplog.text
