"""The admin's first page says where media files are kept."""

from __future__ import annotations

from tests.cases import in_one_test
from web.presenters.media_place import media_place

FOLDER = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/data/media"}}
OSS = {
    "BACKEND": "videoportal.storages.oss.OSSStorage",
    "OPTIONS": {"bucket_name": "videos", "region_name": "cn-hangzhou", "endpoint_url": ""},
}
S3 = {"BACKEND": "videoportal.storages.s3.S3MediaStorage", "OPTIONS": {"bucket_name": "clips", "endpoint_url": "https://minio.example"}}
MOVING = {"BACKEND": "videoportal.storages.moving.MovingStorage", "OPTIONS": {"now": OSS, "before": FOLDER}}


@in_one_test(
    ("entry", "words"),
    [
        (FOLDER, ["kept in the folder /data/media."]),
        (OSS, ["kept in the bucket “videos” (cn-hangzhou)."]),
        (S3, ["kept in the bucket “clips” (https://minio.example)."]),
        (MOVING, ["kept in the bucket “videos” (cn-hangzhou);", "read from the folder /data/media.", "PORTAL_STORAGE_BEFORE"]),
    ],
)
def test_it_names_the_bucket_or_folder(settings, entry, words):
    settings.STORAGES = settings.STORAGES | {"default": entry}

    assert [text for text in words if text not in media_place()] == []


def test_administrators_see_it(staff_client):
    assert "PORTAL_STORAGE" in staff_client.get("/admin/").content.decode()
