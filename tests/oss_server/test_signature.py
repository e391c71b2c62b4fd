"""The OSS server's signatures against those that the vendor publishes, and what it refuses.

The vectors are those of alibabacloud-oss-python-sdk-v2, tests/unit/signer/test_v4.py (2026-11-29): one request to `1234+-/123/1.txt` in the
bucket `bucket`, signed with the key `ak` and the secret `sk` at different times.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest

from tests.cases import in_one_test
from tools.oss_server.errors import OssError
from tools.oss_server.signature import Key, Signed, Signer

PARAMS = {"param1": "value1", "+param1": "value3", "|param1": "value4", "+param2": "", "|param2": "", "param2": ""}
HEADERS = {"x-oss-head1": "value", "abc": "value", "zabc": "value", "xyz": "value"}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def signer(token: str = "") -> Signer:
    return Signer({"ak": Key("sk", token)}, "cn-hangzhou")


def scope(moment: datetime) -> str:
    return f"ak/{moment:%Y%m%d}/cn-hangzhou/oss/aliyun_v4_request"


def in_header(moment: datetime, signature: str, *, token: str = "", additional: str = "") -> Signed:
    more = f",AdditionalHeaders={additional}" if additional else ""
    headers = HEADERS | {"content-type": "text/plain", "x-oss-content-sha256": "UNSIGNED-PAYLOAD", "x-oss-date": f"{moment:%Y%m%dT%H%M%SZ}"}
    headers["authorization"] = f"OSS4-HMAC-SHA256 Credential={scope(moment)}{more},Signature={signature}"
    if token:
        headers["x-oss-security-token"] = token
    return Signed(method="PUT", bucket="bucket", key="1234+-/123/1.txt", query=urlencode(PARAMS, quote_via=quote), headers=headers)


def in_query(moment: datetime, signature: str, *, token: str = "", additional: str = "", expires: object = 599) -> Signed:
    params = PARAMS | {
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-date": f"{moment:%Y%m%dT%H%M%SZ}",
        "x-oss-expires": str(expires),
        "x-oss-credential": scope(moment),
        "x-oss-signature": signature,
    }
    more = {"x-oss-security-token": token, "x-oss-additional-headers": additional}
    query = urlencode(params | {name: value for name, value in more.items() if value}, quote_via=quote)
    headers = HEADERS | {"content-type": "application/octet-stream"}
    return Signed(method="PUT", bucket="bucket", key="1234+-/123/1.txt", query=query, headers=headers)


PUBLISHED = [
    (in_header, 1702743657, "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe", {}),
    (in_header, 1702784856, "b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea", {"token": "token"}),
    (in_header, 1702747512, "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f", {"additional": "abc;zabc"}),
    (in_query, 1702781677, "a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe", {}),
    (in_query, 1702785388, "3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5", {"token": "token"}),
    (in_query, 1702783809, "6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7", {"additional": "abc;zabc"}),
    (in_query, 1702781677, "31029123dc7732d2d2cfd4006ea4fdb6cf86da6478f813e2bf8f87877c7b9fec", {"expires": 5 * 86_400}),
]
HEADER, QUERY = PUBLISHED[0], PUBLISHED[3]


@in_one_test(("build", "seconds", "signature", "more"), PUBLISHED)
def test_the_published_signatures_are_accepted(build, seconds, signature, more):
    request = build(at(seconds), signature, **more)

    assert signer(more.get("token", "")).check(request, at(seconds)) == "ak"


CHANGES = [
    {"method": "GET"},
    {"bucket": "bucket2"},
    {"key": "1234+-/123/2.txt"},
    {"query": in_header(at(HEADER[1]), HEADER[2]).query + "&versionId=1"},
    {"headers": in_header(at(HEADER[1]), HEADER[2]).headers | {"x-oss-acl": "public-read"}},
    {"headers": in_header(at(HEADER[1]), HEADER[2]).headers | {"content-type": "text/html"}},
    {"headers": in_header(at(HEADER[1]), HEADER[2]).headers | {"content-md5": "x"}},
]


@in_one_test("change", CHANGES)
def test_a_request_that_was_changed_after_it_was_signed_is_refused(change):
    request = replace(in_header(at(HEADER[1]), HEADER[2]), **change)

    with pytest.raises(OssError) as refused:
        signer().check(request, at(HEADER[1]))

    assert (refused.value.status, refused.value.code) == (403, "SignatureDoesNotMatch")
    assert refused.value.details["StringToSign"].startswith("OSS4-HMAC-SHA256\n20231216T")


def test_headers_that_are_not_signed_may_change():
    request = in_header(at(HEADER[1]), HEADER[2])

    assert signer().check(replace(request, headers={**request.headers, "range": "bytes=0-1", "abc": "other"}), at(HEADER[1])) == "ak"


LATER = timedelta(minutes=15, seconds=1)
REFUSED = [
    (in_header(at(HEADER[1]), HEADER[2]), at(HEADER[1]) + LATER, "RequestTimeTooSkewed"),
    (in_header(at(HEADER[1]), HEADER[2]), at(HEADER[1]) - LATER, "RequestTimeTooSkewed"),
    (in_query(at(QUERY[1]), QUERY[2]), at(QUERY[1]) + timedelta(seconds=600), "AccessDenied"),  # expired
    (in_query(at(QUERY[1]), QUERY[2], expires=604_801), at(QUERY[1]), "InvalidArgument"),  # more than seven days
    (in_query(at(QUERY[1]), QUERY[2], expires=0), at(QUERY[1]), "InvalidArgument"),
    (in_query(at(QUERY[1]), QUERY[2], expires="soon"), at(QUERY[1]), "InvalidArgument"),
    (in_query(at(QUERY[1]), QUERY[2], expires=""), at(QUERY[1]), "InvalidArgument"),
    (in_query(at(QUERY[1]), QUERY[2], expires=600), at(QUERY[1]), "SignatureDoesNotMatch"),  # prolonged by whoever has the address
    (in_query(at(QUERY[1]), QUERY[2], token="token"), at(QUERY[1]), "InvalidSecurityToken"),
    (in_header(at(HEADER[1]), ""), at(HEADER[1]), "InvalidArgument"),
    (replace(in_header(at(HEADER[1]), ""), headers={"authorization": "OSS ak:c2ln"}), at(HEADER[1]), "AccessDenied"),  # version 1
    (replace(in_query(at(QUERY[1]), ""), query="OSSAccessKeyId=ak&Expires=1&Signature=x"), at(QUERY[1]), "AccessDenied"),
]


@in_one_test(("request_", "now", "code"), REFUSED)
def test_a_late_long_or_malformed_signature_is_refused(request_, now, code):
    with pytest.raises(OssError) as refused:
        signer().check(request_, now)

    assert refused.value.code == code


def test_a_signature_for_another_key_or_region_is_refused():
    request, now = in_header(at(HEADER[1]), HEADER[2]), at(HEADER[1])

    with pytest.raises(OssError, match="InvalidAccessKeyId"):
        Signer({"other": Key("sk")}, "cn-hangzhou").check(request, now)
    with pytest.raises(OssError, match="signing region"):
        Signer({"ak": Key("sk")}, "cn-beijing").check(request, now)


def test_a_request_without_signature_is_anonymous():
    assert signer().check(Signed(method="GET", bucket="bucket", key="a", query="", headers={}), at(0)) is None
