"""Downloads that come compressed."""

import gzip
import hashlib
import random
from collections.abc import Callable

import pytest

from providers.core.fetch import Cut, TooLarge
from tests.providers.core.fileserver import MP4, FileServer, cut_at, plain

Fetch = Callable[..., tuple]


def test_fetch_unpacks_gzip_of_several_members(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = plain(gzip.compress(MP4[:100]) + gzip.compress(MP4[100:]) + bytes(7))

    assert fetch(files.url("/v.mp4"))[1] == MP4


@pytest.mark.parametrize("headers", [{"Content_Encoding": "gzip"}, {"Content_Encoding": "x-gzip, aws-chunked"}, {}])
def test_fetch_unpacks_gzip(files: FileServer, fetch: Fetch, headers: dict[str, str]) -> None:
    files.answers["/v.mp4"] = plain(gzip.compress(MP4), **headers)

    fetched, written = fetch(files.url("/v.mp4"), max_bytes=len(MP4))

    assert (written == MP4, fetched.size_bytes, fetched.sha256) == (True, len(MP4), hashlib.sha256(MP4).hexdigest())


def test_fetch_goes_on_inside_compressed_data(files: FileServer, fetch: Fetch) -> None:
    packed = gzip.compress(MP4 + random.Random(1).randbytes(50_000))
    files.answers["/v.mp4"] = cut_at(2, 30_000, body=packed)

    assert gzip.compress(fetch(files.url("/v.mp4"))[1], mtime=0)[10:] == packed[10:]
    assert files.ranges() == [None, "bytes=2-", "bytes=30002-"]


def test_a_bomb_is_cut_at_the_size_that_is_allowed(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = plain(gzip.compress(MP4 + bytes(50_000_000), 9), Content_Encoding="gzip")

    with pytest.raises(TooLarge):
        fetch(files.url("/v.mp4"), max_bytes=1_000_000)


def test_compressed_data_that_ends_early_is_cut(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = plain(gzip.compress(MP4)[:-9])

    with pytest.raises(Cut):
        fetch(files.url("/v.mp4"), tries=1)
