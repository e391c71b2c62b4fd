"""`OSSStorage` against Alibaba Cloud itself: only with a bucket in the environment, because nothing here can stand for the real service.

Set LIVE_OSS_BUCKET_NAME, LIVE_OSS_REGION_NAME, LIVE_OSS_ACCESS_KEY_ID, LIVE_OSS_ACCESS_KEY_SECRET, and other variables of OSS with that
prefix. Everything is written under `portal-test/` and deleted again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from generation import store
from tests.videoportal.storages.test_oss import CONTENT
from tests.videoportal.storages.test_oss_addresses import ask
from videoportal.storages.choice import media_storage
from videoportal.storages.oss import OSSStorage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "LIVE_OSS_BUCKET_NAME" not in os.environ, reason="LIVE_OSS_BUCKET_NAME is not set: nothing was run against the real OSS"
    ),
]


@pytest.fixture
def entry(monkeypatch, tmp_path) -> dict:
    monkeypatch.setenv("PORTAL_STORAGE", "oss")
    monkeypatch.setenv("OSS_LOCATION", f"portal-test/{uuid4()}")
    for name, value in os.environ.items():
        if name.startswith("LIVE_OSS_"):
            monkeypatch.setenv(name.removeprefix("LIVE_"), value)
    return media_storage(tmp_path)


@pytest.fixture
def storage(entry) -> Iterator[OSSStorage]:
    storage = OSSStorage(**entry["OPTIONS"])
    yield storage
    for folder in ("", "videos"):
        for name in storage.listdir(folder)[1]:
            storage.delete(f"{folder}/{name}".lstrip("/"))


def test_files_are_written_once_read_in_ranges_listed_and_deleted(storage):
    for name in ("videos/雪 狐+1.mp4", "q?x=1&y#z'%.txt", "empty"):
        storage.save_new(name, ContentFile(b"" if name == "empty" else CONTENT))
        with pytest.raises(FileExistsError):
            storage.save_new(name, ContentFile(b"other"))
    file = storage.open("videos/雪 狐+1.mp4")
    file.seek(-7, os.SEEK_END)

    assert file.read(100) == CONTENT[-7:]
    assert b"".join(storage.open("q?x=1&y#z'%.txt").chunks()) == CONTENT
    assert (storage.open("empty").read(), storage.size("empty"), storage.exists("missing")) == (b"", 0, False)
    assert (storage.listdir(""), storage.listdir("videos")) == ((["videos"], ["empty", "q?x=1&y#z'%.txt"]), ([], ["雪 狐+1.mp4"]))
    storage.delete("empty")
    storage.delete("empty")
    with pytest.raises(FileNotFoundError):
        storage.size("empty")


def test_file_goes_in_parts_and_none_is_left(storage):
    storage.multipart_threshold, storage.part_size = 200_000, 102_400

    storage.save_new("parts", ContentFile(CONTENT))
    with pytest.raises(FileExistsError):
        storage.save_new("parts", ContentFile(CONTENT))

    assert storage.open("parts").read() == CONTENT


def test_signed_address_is_good_for_its_method_and_its_time(storage):
    storage.save_new("videos/雪 a.mp4", ContentFile(CONTENT))
    parameters = {"ResponseContentType": "video/mp4", "ResponseContentDisposition": "attachment; filename*=UTF-8''%E9%9B%AA.mp4"}

    status, headers, body = ask(storage.url("videos/雪 a.mp4", parameters=parameters, expire=60), Range="bytes=5-9")

    assert (status, body) == (206, CONTENT[5:10])
    assert headers["content-disposition"] == parameters["ResponseContentDisposition"]
    assert ask(storage.url("videos/雪 a.mp4"), "HEAD")[0] == 403
    assert ask(storage.url("videos/雪 a.mp4", http_method="HEAD", expire=604_800), "HEAD")[0] == 200


def test_store_calls_a_missing_bucket_and_a_wrong_key_unavailable(settings, entry):
    for change in ({"bucket_name": f"no-{uuid4().hex}"}, {"secret_key": "wrong", "security_token": ""}):
        settings.STORAGES = settings.STORAGES | {"default": entry | {"OPTIONS": entry["OPTIONS"] | change}}
        for operation in (lambda: store.save("a", b"x"), lambda: store.read("a"), lambda: store.size("a")):
            with pytest.raises(store.StorageUnavailable):
                operation()
