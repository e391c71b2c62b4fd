"""Answers that the OSS server of the tests does not give: of a proxy or a CDN before the bucket, and lists of more keys than it has."""

from __future__ import annotations

import pytest
from oss2.exceptions import NoSuchBucket

from tests.cases import in_one_test
from tests.scripted_server import Action, ScriptedServer, answer

MIB = 1024 * 1024


def part(first: int, whole: int) -> dict[str, str]:
    return {"headers": f'Content-Range: bytes {first}-{first + MIB - 1}/{whole}\r\nETag: "E"\r\n'}


def test_whole_file_instead_of_a_part_is_an_error_and_is_not_read(storage_with):
    with ScriptedServer(answer(200, length=3 * MIB)) as server, pytest.raises(OSError, match="ignored the range"):
        storage_with(endpoint_url=server.url).open("a.mp4").read(10)


def test_file_that_is_replaced_by_a_shorter_one_is_never_cut_off(storage_with):
    """The server did not look at If-Match, or looked at the range first."""
    first, other = answer(206, bytes(MIB), **part(0, 3 * MIB)), answer(206, bytes(MIB), **part(MIB, 2 * MIB))
    with ScriptedServer(first, other) as server, pytest.raises(OSError, match="replaced"):
        list(storage_with(endpoint_url=server.url).open("a.mp4").chunks())


@in_one_test(("code", "error"), [("NoSuchKey", FileNotFoundError), ("NoSuchBucket", NoSuchBucket)])
def test_get_says_what_is_missing_when_the_answer_to_a_head_does_not(storage_with, code, error):
    reason = answer(404, f"<Error><Code>{code}</Code></Error>".encode())
    with ScriptedServer(answer(404), reason) as server, pytest.raises(error):
        storage_with(endpoint_url=server.url).size("a.mp4")


def test_every_page_of_a_list_is_read(storage_with):
    def page(key: str, *more: str) -> Action:
        said = ("<IsTruncated>true</IsTruncated>", *more) if more else ("<IsTruncated>false</IsTruncated>",)
        facts = "<LastModified>2026-11-29T12:00:00.000Z</LastModified><ETag>E</ETag><Type>Normal</Type><Size>1</Size>"
        facts += "<StorageClass>Standard</StorageClass>"
        contents = f"<Contents><Key>{key}</Key>{facts}</Contents>"
        return answer(200, f"<ListBucketResult>{''.join(said)}{contents}</ListBucketResult>".encode())

    first = page("a", "<NextContinuationToken>more+/=</NextContinuationToken>")
    with ScriptedServer(first, page("b")) as server:
        assert storage_with(endpoint_url=server.url).listdir("") == ([], ["a", "b"])

    assert [b"continuation-token=more%2B%2F%3D" in request for request in server.requests] == [False, True]
