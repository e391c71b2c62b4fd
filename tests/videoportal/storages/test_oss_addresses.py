"""Signed addresses of files in OSS, as browsers use them, and the addresses of the bucket itself."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile

from tests.cases import in_one_test


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - signed by us
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310
            return reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, {}, refused.read()


def test_signed_address_plays_and_downloads_under_the_name_that_was_asked_for(storage):
    storage.save("视频/a b.mp4", ContentFile(b"whole file"))
    disposition = "attachment; filename*=UTF-8''%E7%8B%90.mp4"

    plain = storage.url("视频/a b.mp4")
    named = storage.url("视频/a b.mp4", parameters={"ResponseContentDisposition": disposition, "ResponseContentType": "video/x"}, expire=60)

    assert (ask(plain)[0], ask(plain)[2]) == (200, b"whole file")
    status, headers, body = ask(named, Range="bytes=2-4")
    assert (status, body, headers["content-disposition"], headers["content-type"]) == (206, b"ole", disposition, "video/x")


def test_address_is_good_for_its_method_its_time_and_its_file_only(storage, oss_server):
    storage.save("a.mp4", ContentFile(b"x"))
    storage.save("b.mp4", ContentFile(b"x"))
    url = storage.url("a.mp4", expire=60)

    assert ask(url.replace("a.mp4", "b.mp4"))[0] == 403
    assert ask(url, "HEAD")[0] == 403
    assert ask(storage.url("a.mp4", http_method="HEAD"), "HEAD")[0] == 200
    oss_server.advance(120)
    assert ask(url)[0] == 403
    oss_server.advance(-120)
    assert ask(url)[0] == 200


@in_one_test("expire", [0, -1, 604_801])
def test_address_that_oss_would_refuse_is_not_signed(storage, expire):
    with pytest.raises(ValueError, match="604800"):
        storage.url("a.mp4", expire=expire)


@in_one_test(
    ("options", "host"),
    [
        ({"endpoint_url": ""}, "https://team-videos.oss-cn-hangzhou.aliyuncs.com"),
        ({"endpoint_url": "http://oss-cn-hangzhou-internal.aliyuncs.com"}, "https://team-videos.oss-cn-hangzhou.aliyuncs.com"),
        ({"endpoint_url": "https://m.example.com", "is_cname": True}, "https://m.example.com"),
        ({"custom_domain": "m.example.com"}, "https://m.example.com"),
        ({"custom_domain": "m.example.com", "url_protocol": "http:"}, "http://m.example.com"),
        ({"public_endpoint_url": "https://oss-accelerate.aliyuncs.com"}, "https://team-videos.oss-accelerate.aliyuncs.com"),
    ],
)
def test_browsers_get_a_public_address(storage_with, options, host):
    url = storage_with(**options).url("v/a b.mp4")

    assert url.startswith(f"{host}/v/a%20b.mp4?")
    assert "x-oss-signature=" in url
    unsigned = storage_with(querystring_auth=False, **options)
    assert unsigned.url("a b.mp4") == f"{host}/a%20b.mp4"
    assert unsigned.url("a b.mp4", parameters={"versionId": "1"}) == f"{host}/a%20b.mp4?versionId=1"


def test_portal_reaches_the_bucket_at_a_domain_of_its_own_and_through_a_proxy(storage_with, oss_server):
    storage = storage_with(endpoint_url=oss_server.domain, is_cname=True, proxies={"http": oss_server.url})

    storage.save("a.mp4", ContentFile(b"whole"))

    assert (storage.open("a.mp4").read(), storage.listdir("")) == (b"whole", ([], ["a.mp4"]))
    assert urlsplit(storage.url("a.mp4")).netloc == urlsplit(oss_server.domain).netloc
