"""Files over HTTP: whole, in part, unchanged, or not at all; every answer compared byte by byte."""

import io
import random
from datetime import UTC, datetime

import pytest
from django.http import HttpResponseBase
from django.test import RequestFactory

from delivery.stored_file import BLOCK_BYTES, file_name, serve_file

pytestmark = pytest.mark.django_db  # the end of a request looks after the connections of the process, if it has any

DATA = random.Random(4).randbytes(1000)
ETAG = "abc123"
CHANGED = datetime(2026, 11, 20, 12, 30, 15, 400, tzinfo=UTC)
CHANGED_TEXT = "Fri, 20 Nov 2026 12:30:15 GMT"


class Opener:
    """Opens the data and remembers what was opened."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.opened: list[io.BytesIO] = []

    def __call__(self) -> io.BytesIO:
        self.opened.append(io.BytesIO(self.data))
        return self.opened[-1]


def _serve(
    method: str = "GET", data: bytes = DATA, *, headers: dict[str, str] | None = None, **options: object
) -> tuple[HttpResponseBase, bytes, Opener]:
    opener = Opener(data)
    request = RequestFactory().generic(method, "/file", headers=headers)
    settings = {"size": len(data), "etag": ETAG, "content_type": "video/mp4", "last_modified": CHANGED} | options
    response = serve_file(request, opener, **settings)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return response, body, opener


def test_whole_file_when_no_range_is_asked() -> None:
    response, body, opener = _serve()

    assert (response.status_code, body) == (200, DATA)
    assert response["Content-Length"] == "1000"
    assert response["Content-Type"] == "video/mp4"
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == '"abc123"'
    assert response["Last-Modified"] == CHANGED_TEXT
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Content-Disposition" not in response
    assert opener.opened[0].closed


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-199", 100, 200),
        ("bytes=500-", 500, 1000),
        ("bytes=999-", 999, 1000),
        ("bytes=900-5000", 900, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-300", 700, 1000),
        ("bytes=0-", 0, 1000),
        ("bytes=0-999", 0, 1000),
        ("bytes=0-5000", 0, 1000),
        ("bytes=-1000", 0, 1000),
        ("bytes=-4000", 0, 1000),
        ("Bytes= 1-2 ", 1, 3),
    ],
)
def test_part_of_the_file_when_a_range_is_asked(asked: str, start: int, end: int) -> None:
    response, body, opener = _serve(headers={"Range": asked})

    assert (response.status_code, body) == (206, DATA[start:end])
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/1000"
    assert response["Content-Length"] == str(end - start)
    assert opener.opened[0].closed


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=1000-2000", "bytes=5000-", "bytes=-0"])
def test_416_when_the_range_lies_outside(asked: str) -> None:
    response, body, opener = _serve(headers={"Range": asked})

    assert (response.status_code, body) == (416, b"")
    assert response["Content-Range"] == "bytes */1000"
    assert opener.opened == []


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "items=0-5",
        "bytes=5-1",
        "bytes=-",
        "bytes=a-b",
        "bytes",
        "bytes=0-1-2",
        "bytes=" + "9" * 5000 + "-",
        "bytes=\u0661-\u0662",
    ],
)
def test_whole_file_when_the_range_is_not_a_single_part(asked: str) -> None:
    response, body, _ = _serve(headers={"Range": asked})

    assert (response.status_code, body, response["Content-Length"]) == (200, DATA, "1000")
    assert "Content-Range" not in response


def test_416_when_the_file_is_empty_and_a_part_is_asked() -> None:
    response, _, _ = _serve(data=b"", headers={"Range": "bytes=0-"})

    assert (response.status_code, response["Content-Range"]) == (416, "bytes */0")


def test_empty_file_is_served_empty() -> None:
    response, body, _ = _serve(data=b"")

    assert (response.status_code, body, response["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"abc123"', 206),
        ('"other"', 200),
        ('W/"abc123"', 200),
        (CHANGED_TEXT, 206),
        ("Fri, 20 Nov 2026 12:30:14 GMT", 200),
        ("nonsense", 200),
    ],
)
def test_range_holds_only_for_the_very_same_file(condition: str, status: int) -> None:
    response, body, _ = _serve(headers={"Range": "bytes=10-19", "If-Range": condition})

    assert (response.status_code, body) == (status, DATA[10:20] if status == 206 else DATA)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"abc123"'}, 304),
        ({"If-None-Match": 'W/"abc123"'}, 304),
        ({"If-None-Match": '"x", "abc123"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": CHANGED_TEXT}, 200),
        ({"If-Modified-Since": CHANGED_TEXT}, 304),
        ({"If-Modified-Since": "Fri, 20 Nov 2026 12:30:14 GMT"}, 200),
        ({"If-Modified-Since": "soon"}, 200),
        ({"If-None-Match": '"abc123"', "Range": "bytes=0-1"}, 304),
    ],
)
def test_304_when_the_caller_has_the_file(headers: dict[str, str], status: int) -> None:
    response, body, opener = _serve(headers=headers)

    assert (response.status_code, body) == (status, DATA if status == 200 else b"")
    assert response["ETag"] == '"abc123"'
    assert len(opener.opened) == (1 if status == 200 else 0)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
def test_head_has_the_length_and_opens_nothing(headers: dict[str, str]) -> None:
    response, body, opener = _serve("HEAD", headers=headers)

    assert (response.status_code, body, response["Content-Length"]) == (200, b"", "1000")
    assert opener.opened == []


@pytest.mark.parametrize(
    ("stem", "options", "expected"),
    [
        ("cat", {}, 'attachment; filename="cat.mp4"'),
        ("cat", {"inline": True}, 'inline; filename="cat.mp4"'),
        ("猫", {}, "attachment; filename*=utf-8''%E7%8C%AB.mp4"),
        ("../../etc/passwd", {}, 'attachment; filename="_.._etc_passwd.mp4"'),
        ('a"b\r\nSet-Cookie: x', {}, 'attachment; filename="a_b  Set-Cookie_ x.mp4"'),
        ("...", {}, 'attachment; filename="file.mp4"'),
    ],
)
def test_name_is_safe_in_the_header(stem: str, options: dict[str, bool], expected: str) -> None:
    response, _, _ = _serve(download_name=file_name(stem, ".mp4"), **options)

    assert response["Content-Disposition"] == expected


def test_long_name_is_cut_at_a_character_and_keeps_its_suffix() -> None:
    """A title has up to 200 characters, and a file system takes 255 bytes."""
    names = [file_name(stem, ".webm") for stem in ("猫" * 200, "a" + "猫" * 200, "🦊" * 200, "a" * 400, "猫" * 82 + " . . x")]

    assert [len(name.encode()) for name in names] == [5 + 249, 5 + 250, 5 + 248, 5 + 250, 5 + 246]
    assert all(name.endswith(".webm") and "\ufffd" not in name for name in names)


def test_large_file_is_read_in_blocks() -> None:
    data = random.Random(5).randbytes(BLOCK_BYTES * 2 + 17)
    request = RequestFactory().get("/file", headers={"Range": "bytes=1-"})
    response = serve_file(request, Opener(data), size=len(data), etag=ETAG, content_type="video/mp4")

    blocks = list(response.streaming_content)

    assert [len(block) for block in blocks] == [BLOCK_BYTES, BLOCK_BYTES, 16]
    assert b"".join(blocks) == data[1:]
