"""By which way a file reaches the viewer: the bucket after a redirect, nginx, or the portal itself. Nothing is asked of the bucket here."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from delivery.links import video_url
from generation import store
from generation.models import Asset, Video
from generation.store import ObjectMissing
from tests.web.page_rows import BYTES, make_asset, make_video

BUCKET = "https://media.example.com"
BACKEND = "videoportal.storages.oss.OSSStorage"
OPTIONS = {
    "bucket_name": "team-videos",
    "region_name": "cn-hangzhou",
    "access_key": "LTAI-for-tests",
    "secret_key": "a-secret-for-tests",
    "endpoint_url": "https://oss-cn-hangzhou-internal.aliyuncs.com",
    "custom_domain": "media.example.com",
}


class NoCredentials:
    """Credentials of a role whose service does not answer."""

    asked = 0

    def get_credentials(self) -> None:
        self.asked += 1
        raise ConnectionError("100.100.100.200 does not answer")


@pytest.fixture
def video(user: User) -> Video:
    return make_video(user, prompt="一只狐狸")


@pytest.fixture
def asset(user: User) -> Asset:
    return make_asset(user)


@pytest.fixture
def bucket(video: Video, asset: Asset, settings: LazySettings) -> None:
    """Files were stored on the disk; from now on they are said to be in a bucket."""
    use(settings, BACKEND, **OPTIONS)


def use(settings: LazySettings, backend: str, **options: Any) -> None:
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}


@pytest.fixture
def visitor(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_pages_and_api_redirect_to_the_bucket(bucket, visitor, video, asset, django_assert_max_num_queries) -> None:
    page, content = f"/videos/{video.pk}/", f"/api/v1/videos/{video.pk}/content"
    expected = {
        f"{page}file": (video.file, "video/mp4", "inline", "no-store"),
        f"{page}file?download=1": (video.file, "video/mp4", "attachment", "no-store"),
        f"{page}poster.webp": (video.poster, "image/webp", "inline", "private, max-age=10800"),
        f"{page}preview.mp4": (video.preview, "video/mp4", "inline", "private, max-age=10800"),
        content: (video.file, "video/mp4", "inline", "no-store"),
        f"{content}?variant=poster": (video.poster, "image/webp", "inline", "private, max-age=10800"),
        f"/assets/{asset.pk}/": (asset.file, asset.content_type, "", "private, max-age=10800"),
    }
    for path, (key, kind, way, cached) in expected.items():
        with django_assert_max_num_queries(4 if "download" in path else 3):  # one for how the person names downloads
            reply = visitor.get(path, headers={"Range": "bytes=0-9"})
        address = urlsplit(reply["Location"])
        query = {name: values[0] for name, values in parse_qs(address.query).items()}

        assert (reply.status_code, reply["Cache-Control"], address.netloc, address.path) == (
            302,
            cached,
            "media.example.com",
            f"/{key}",
        )
        assert (query["response-content-type"], query["x-oss-expires"]) == (kind, "21600")
        assert query.get("response-content-disposition", "").startswith(way)
        assert "immutable" in query["response-cache-control"]


def test_redirect_is_kept_no_longer_than_the_credentials_of_a_role(visitor, video, settings) -> None:
    settings.FILE_URL_S = 168 * 3600
    use(settings, BACKEND, **OPTIONS | {"security_token": "of-some-hours"})

    replies = [visitor.get(f"/videos/{video.pk}/{name}") for name in ("poster.webp", "preview.mp4", "file")]

    assert [reply["Cache-Control"] for reply in replies] == ["private, max-age=300", "private, max-age=300", "no-store"]


def test_name_in_the_signed_address_is_whole(bucket, visitor, video) -> None:
    Video.objects.filter(pk=video.pk).update(title="猫" * 200)

    address = visitor.get(f"/videos/{video.pk}/file?download=1")["Location"]
    disposition = parse_qs(urlsplit(address).query)["response-content-disposition"][0]

    assert unquote(disposition.removeprefix("attachment; filename*=utf-8''")) == "猫" * 83 + ".mp4"


def test_head_is_signed_as_head(bucket, visitor, video) -> None:
    path = f"/videos/{video.pk}/file"

    signatures = {
        method: parse_qs(urlsplit(ask(path)["Location"]).query)["x-oss-signature"]
        for method, ask in (("GET", visitor.get), ("HEAD", visitor.head))
    }

    assert signatures["GET"] != signatures["HEAD"]


def test_who_may_not_see_gets_no_address(bucket, other_user, video, asset) -> None:
    client = Client()
    client.force_login(other_user)

    assert [client.get(path).status_code for path in (f"/videos/{video.pk}/file", f"/assets/{asset.pk}/")] == [404, 404]
    assert Client().get(f"/videos/{video.pk}/file")["Location"].startswith("/accounts/login/")


def test_link_redirects_to_an_address_of_an_hour(bucket, video) -> None:
    reply = Client().get(video_url(video, ""))

    assert (reply.status_code, reply["Cache-Control"], reply["Access-Control-Allow-Origin"]) == (302, "no-store", "*")
    assert parse_qs(urlsplit(reply["Location"]).query)["x-oss-expires"] == ["3600"]


def test_pages_may_load_from_the_bucket_and_from_nowhere_else(bucket, visitor, settings) -> None:
    policy = dict(part.split(" ", 1) for part in visitor.get("/gallery/")["Content-Security-Policy"].split("; "))

    assert (policy["media-src"], policy["img-src"]) == (f"'self' blob: {BUCKET}", f"'self' data: blob: {BUCKET}")
    assert BUCKET not in policy["default-src"] + policy["script-src"]

    settings.X_ACCEL_PREFIX = "/_files/"
    assert BUCKET not in Client().get("/accounts/login/")["Content-Security-Policy"]


def test_policy_names_a_domain_in_chinese_as_browsers_do(visitor, settings) -> None:
    use(settings, BACKEND, **OPTIONS | {"custom_domain": "媒体.example.com:8443"})

    assert "media-src 'self' blob: https://xn--tqqy7y.example.com:8443;" in visitor.get("/gallery/")["Content-Security-Policy"]


def test_a_bucket_that_signs_nothing_is_away(video, visitor, settings) -> None:
    role = NoCredentials()
    use(settings, BACKEND, **OPTIONS | {"credentials_provider": role})

    replies = [visitor.get(f"/videos/{video.pk}/file"), visitor.get(f"/videos/{video.pk}/")]

    assert [reply.status_code for reply in replies] == [503, 200]
    assert "media-src 'self' blob:;" in replies[1]["Content-Security-Policy"]
    assert role.asked == 2, "for the file, and once for the policy of all pages"


def test_addresses_of_a_public_bucket_change_no_headers(video, settings) -> None:
    """S3 and OSS refuse a request without a signature that asks for other headers."""
    use(settings, BACKEND, **OPTIONS | {"querystring_auth": False})

    assert store.url(video.file, expires_s=60, download_name="a.mp4") == f"{BUCKET}/{video.file}"


def test_nginx_sends_what_lies_on_the_disk(video, visitor, settings) -> None:
    settings.X_ACCEL_PREFIX = "/_files/"

    for query in ("?download=1", "?download=1&direct=1"):
        reply = visitor.get(f"/videos/{video.pk}/file{query}")

        assert (reply.status_code, reply.content, reply["X-Accel-Redirect"]) == (200, b"", f"/_files/{video.file}")
        assert reply["Content-Disposition"] == "attachment; filename*=utf-8''%E4%B8%80%E5%8F%AA%E7%8B%90%E7%8B%B8.mp4"
        assert (reply["Content-Type"], "immutable" in reply["Cache-Control"]) == ("video/mp4", True)


def test_nginx_fetches_from_the_bucket_what_the_portal_signed(bucket, visitor, video, settings) -> None:
    settings.X_ACCEL_PREFIX = "/_files/"

    inner = urlsplit(visitor.get(f"/videos/{video.pk}/file")["X-Accel-Redirect"])

    assert inner.path == f"/_files/{video.file}"
    assert "x-oss-signature" in parse_qs(inner.query)


def test_a_file_that_has_not_moved_to_the_bucket_yet_comes_from_the_portal(video, visitor, settings) -> None:
    disk = settings.STORAGES["default"]
    there = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "videoportal.storages.moving.MovingStorage", "OPTIONS": {"now": there, "before": disk}}
    }

    reply = visitor.get(f"/videos/{video.pk}/file")

    assert (reply.status_code, reply.getvalue()) == (200, BYTES)


def test_a_disk_has_no_addresses(video) -> None:
    assert store.url(video.file, expires_s=60) is None
    with pytest.raises(ObjectMissing):
        store.url("", expires_s=60)
