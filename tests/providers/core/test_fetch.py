"""Downloads over real HTTP: what arrives, what is refused, and how a cut one goes on."""

import gzip
import time
from collections.abc import Callable

import pytest

from providers.core.fetch import (
    BadAddress,
    Blocked,
    Cut,
    Denied,
    Expired,
    FetchError,
    FetchTimeouts,
    Gone,
    NetworkPolicy,
    NotFound,
    OurLimit,
    TooLarge,
    TooSlow,
    Unavailable,
    WrongType,
)
from tests.providers.core.fileserver import (
    BODY,
    BODY_SHA256,
    MP4,
    FileServer,
    chunked,
    cut_at,
    drip,
    in_turn,
    plain,
    redirect,
    serving,
    status,
    steady,
    unannounced,
)

Fetch = Callable[..., tuple]


def test_fetch_writes_and_hashes_the_body(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = plain(ETag='"e1"')

    fetched, written = fetch(files.url("/v.mp4"))

    assert written == BODY
    assert (fetched.size_bytes, fetched.sha256) == (len(BODY), BODY_SHA256)
    assert (fetched.content_type, fetched.etag) == ("video/mp4", '"e1"')
    assert files.seen[0][1]["accept-encoding"] == "identity"


@pytest.mark.parametrize("answer", [unannounced(), chunked(BODY[:1000], BODY[1000:])], ids=["to-the-end", "chunked"])
def test_fetch_reads_to_the_end_when_no_length_is_given(files: FileServer, fetch: Fetch, answer: Callable) -> None:
    files.answers["/v.mp4"] = answer

    assert fetch(files.url("/v.mp4"))[1] == BODY


def test_fetch_says_whether_the_server_said_where_the_file_ends(files: FileServer, fetch: Fetch) -> None:
    files.answers |= {"/announced": plain(), "/chunked": chunked(BODY), "/open": unannounced()}

    assert [fetch(files.url(path))[0].end_is_known for path in files.answers] == [True, True, False]


@pytest.mark.parametrize(
    ("code", "kind", "slug", "retryable"),
    [
        (401, Expired, "expired", False),
        (403, Expired, "expired", False),
        (404, NotFound, "not_found", False),
        (410, Gone, "gone", False),
        (400, Denied, "refused", False),
        (204, WrongType, "empty", False),
        (429, Unavailable, "unavailable", True),
        (500, Unavailable, "unavailable", True),
        (503, Unavailable, "unavailable", True),
    ],
)
def test_fetch_names_the_refusal_when_the_status_is_bad(
    files: FileServer, fetch: Fetch, code: int, kind: type[FetchError], slug: str, retryable: bool
) -> None:
    files.answers["/v.mp4"] = status(code)

    with pytest.raises(FetchError) as caught:
        fetch(files.url("/v.mp4"))

    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.retryable, caught.value.http_status) == (slug, retryable, code)
    assert len(files.seen) == 1


@pytest.mark.parametrize(
    ("answer", "slug"),
    [
        (plain(b"<html>", Content_Type="text/html; charset=utf-8"), "wrong_type"),
        (plain(b"{}", Content_Type="application/json"), "wrong_type"),
        (plain(b"{}", Content_Type="application/problem+json"), "wrong_type"),
        (plain(b"\x89PNG", Content_Type="image/png"), "wrong_type"),
        (plain(b" \n<html>lies</html>"), "wrong_type"),
        (plain(b'{"error": 1}', Content_Type="application/octet-stream"), "wrong_type"),
        (plain(b""), "empty"),
        (plain(b"\xef\xbb\xbf<?xml version='1.0'?><Error/>"), "wrong_type"),
        (plain(b"Not found", Content_Type="text/plain"), "wrong_type"),
        (plain(gzip.compress(b"<html>lies</html>")), "wrong_type"),
        (plain(b"\x0b\x02\x80abc", Content_Encoding="br"), "encoded"),
        (plain(gzip.compress(MP4)[:-8] + bytes(8), Content_Encoding="gzip"), "encoded"),
    ],
)
def test_fetch_refuses_what_is_not_a_video(files: FileServer, fetch: Fetch, answer: Callable, slug: str) -> None:
    files.answers["/v.mp4"] = answer

    with pytest.raises(WrongType) as caught:
        fetch(files.url("/v.mp4"))

    assert caught.value.code == slug


@pytest.mark.parametrize(
    "headers",
    [
        *(
            {"Content_Type": kind}
            for kind in ("text/plain", "application/json", "application/xml", "image/jpeg", "binary/octet-stream", "")
        ),
        *({"Content_Encoding": coding} for coding in ("aws-chunked", "UTF-8", "binary", "identity", "gzip", "br", "aws-chunked,utf-8")),
    ],
)
def test_a_video_is_known_by_its_bytes_whatever_the_headers_say(files: FileServer, fetch: Fetch, headers: dict[str, str]) -> None:
    files.answers["/v.mp4"] = plain(MP4, **headers)

    assert fetch(files.url("/v.mp4"))[1] == MP4


@pytest.mark.parametrize(
    ("start", "expected"), [(b"\xff\xd8\xff\xe0", "image"), (b"RIFF\1\2\3\4WEBPVP8 ", "image"), (b"\x1a\x45\xdf\xa3", "video")]
)
def test_an_image_and_a_webm_are_known_by_their_bytes_too(files: FileServer, fetch: Fetch, start: bytes, expected: str) -> None:
    files.answers["/file"] = plain(start + BODY, Content_Type="text/plain; charset=utf-8")

    assert fetch(files.url("/file"), expected=expected)[1] == start + BODY
    with pytest.raises(WrongType):
        fetch(files.url("/file"), expected={"image": "video", "video": "image"}[expected])


@pytest.mark.parametrize("answer", [plain(), chunked(BODY), unannounced()], ids=["announced", "chunked", "to-the-end"])
def test_fetch_stops_when_the_body_is_too_large(files: FileServer, fetch: Fetch, answer: Callable) -> None:
    files.answers["/v.mp4"] = answer

    with pytest.raises(TooLarge):
        fetch(files.url("/v.mp4"), max_bytes=len(BODY) - 1)

    assert len(files.seen) == 1


def test_fetch_accepts_a_body_of_exactly_the_cap(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = plain()

    assert fetch(files.url("/v.mp4"), max_bytes=len(BODY))[0].size_bytes == len(BODY)


def test_fetch_goes_on_where_it_was_cut(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = cut_at(1000, 5000)

    fetched, written = fetch(files.url("/v.mp4"))

    assert (written == BODY, fetched.sha256) == (True, BODY_SHA256)
    assert files.ranges() == [None, "bytes=1000-", "bytes=6000-"]


@pytest.mark.parametrize("cut", [1, 4096, 65_536, len(BODY) // 2, len(BODY) - 1])
def test_fetch_has_the_same_hash_wherever_it_was_cut(files: FileServer, fetch: Fetch, cut: int) -> None:
    files.answers["/v.mp4"] = cut_at(cut)

    assert fetch(files.url("/v.mp4"))[0].sha256 == BODY_SHA256


@pytest.mark.parametrize(
    "answer",
    [cut_at(1000, etag='"one"', later_etag='"two"'), cut_at(1000, ranged=False), cut_at(1000, etag='W/"weak"')],
    ids=["new-etag", "no-range-support", "weak-etag"],
)
def test_fetch_starts_again_when_it_cannot_go_on(files: FileServer, fetch: Fetch, answer: Callable) -> None:
    files.answers["/v.mp4"] = answer

    fetched, written = fetch(files.url("/v.mp4"))

    assert (written == BODY, fetched.sha256) == (True, BODY_SHA256)


@pytest.mark.parametrize(
    "answer",
    [
        lambda web: web.reply(206, BODY[5:], Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}", ETag='"one"'),
        lambda web: web.reply(206, BODY[1000:], Content_Range=f"bytes 1000-{len(BODY) - 1}/{len(BODY)}", ETag='"two"'),
        lambda web: web.reply(206, BODY[1000:]),
        lambda web: web.reply(416),
    ],
    ids=["other-place", "other-file", "no-content-range", "unsatisfiable"],
)
def test_fetch_starts_again_when_the_rest_does_not_fit(files: FileServer, fetch: Fetch, answer: Callable) -> None:
    files.answers["/v.mp4"] = in_turn(cut_at(1000), answer, plain())

    fetched, written = fetch(files.url("/v.mp4"))

    assert (written == BODY, fetched.sha256) == (True, BODY_SHA256)
    assert files.ranges() == [None, "bytes=1000-", None]


def test_fetch_gives_up_when_every_try_is_cut(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = cut_at(10, 10, 10, 10, 10)

    with pytest.raises(Cut) as caught:
        fetch(files.url("/v.mp4"), tries=3)

    assert caught.value.retryable is True
    assert len(files.seen) == 3


def test_fetch_is_cut_when_the_last_chunk_is_missing(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = chunked(BODY, finished=False)

    with pytest.raises(Cut):
        fetch(files.url("/v.mp4"), tries=1)


@pytest.mark.parametrize("before_headers", [False, True], ids=["body", "status-line"])
def test_fetch_ends_at_its_deadline_when_the_server_drips(files: FileServer, fetch: Fetch, before_headers: bool) -> None:
    files.answers["/v.mp4"] = drip(0.02, before_headers=before_headers)
    started = time.monotonic()

    with pytest.raises(TooSlow):
        fetch(files.url("/v.mp4"), timeouts=FetchTimeouts(stall_s=20, total_s=0.4, pause_s=0))

    assert time.monotonic() - started < 6, "it drips for eight seconds"
    assert len(files.seen) == 1


@pytest.mark.parametrize("before_headers", [False, True], ids=["body", "status-line"])
def test_a_fetch_that_drips_ends_after_one_window(files: FileServer, fetch: Fetch, before_headers: bool) -> None:
    files.answers["/v.mp4"] = drip(0.02, before_headers=before_headers)

    with pytest.raises(TooSlow) as caught:
        fetch(files.url("/v.mp4"), timeouts=FetchTimeouts(stall_s=20, total_s=600, pause_s=0, bytes_per_s=20_000, window_s=0.3))

    assert (caught.value.message, caught.value.retryable) == ("Fewer than 20 kB/s arrived for 0.3 s", True)
    assert len(files.seen) == 1


def test_a_server_that_begins_well_and_then_drips_is_cut_too(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = drip(0.02, first=50_000)

    with pytest.raises(TooSlow):
        fetch(files.url("/v.mp4"), timeouts=FetchTimeouts(stall_s=20, total_s=600, pause_s=0, bytes_per_s=20_000, window_s=0.3))


def test_a_slow_line_that_keeps_the_least_rate_passes(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = steady(BODY, block=15_360, pause_s=0.1)

    fetched, _ = fetch(files.url("/v.mp4"), timeouts=FetchTimeouts(stall_s=20, total_s=600, bytes_per_s=5_000, window_s=1.0))

    assert fetched.sha256 == BODY_SHA256


def test_fetch_is_cut_when_the_server_stalls(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = drip(3)

    with pytest.raises(Cut):
        fetch(files.url("/v.mp4"), tries=1, timeouts=FetchTimeouts(stall_s=0.2, total_s=5))


def test_fetch_is_unavailable_when_nobody_listens(fetch: Fetch) -> None:
    with serving() as gone:
        url = gone.url("/v.mp4")

    with pytest.raises(Unavailable) as caught:
        fetch(url)

    assert caught.value.code == "unavailable"


def test_fetch_is_unavailable_when_the_name_is_unknown(fetch: Fetch) -> None:
    with pytest.raises(Unavailable) as caught:
        fetch("http://nowhere.invalid/v.mp4")

    assert caught.value.code == "no_address"


def test_fetch_follows_redirects_and_keeps_its_headers_at_home(files: FileServer, fetch: Fetch) -> None:
    with serving() as other:
        files.answers |= {"/a": redirect("/b"), "/b": redirect(other.url("/c"), 307)}
        other.answers["/c"] = plain()

        fetched, _ = fetch(files.url("/a"), headers={"Authorization": "Bearer invented"})

    assert fetched.sha256 == BODY_SHA256
    assert [headers.get("authorization") for _, headers in files.seen] == ["Bearer invented", "Bearer invented"]
    assert [headers.get("authorization") for _, headers in other.seen] == [None]


def test_fetch_ends_when_redirects_never_end(files: FileServer, fetch: Fetch) -> None:
    files.answers["/a"] = redirect("/a")

    with pytest.raises(BadAddress) as caught:
        fetch(files.url("/a"))

    assert caught.value.code == "too_many_redirects"
    assert len(files.seen) == 4


@pytest.mark.parametrize(
    ("location", "kind", "slug"),
    [
        ("http://169.254.169.254/latest/meta-data/", Blocked, "blocked_address"),
        ("http://[::ffff:169.254.169.254]/", Blocked, "blocked_address"),
        ("http://10.0.0.1/", Blocked, "blocked_address"),
        ("http://198.18.0.5/", Blocked, "blocked_address"),
        ("ftp://127.0.0.1/", BadAddress, "bad_url"),
        ("file:///etc/passwd", BadAddress, "bad_url"),
        ("http://user:pass@127.0.0.1/", BadAddress, "bad_url"),
        ("http://[::1", BadAddress, "bad_url"),
    ],
)
def test_fetch_is_refused_when_it_is_sent_elsewhere(
    files: FileServer, fetch: Fetch, location: str, kind: type[FetchError], slug: str
) -> None:
    files.answers["/a"] = redirect(location)

    with pytest.raises(kind) as caught:
        fetch(files.url("/a"))

    assert (caught.value.code, len(files.seen)) == (slug, 1)


def test_plain_http_is_not_asked_when_it_is_not_allowed(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4"] = plain()

    with pytest.raises(Blocked) as caught:
        fetch(files.url("/v.mp4"), allow=NetworkPolicy(allow_cidrs=("127.0.0.0/8",)))

    assert (caught.value.code, caught.value.retryable) == ("plain_http", True)
    assert files.seen == []


def test_a_limit_of_ours_says_nothing_about_the_file() -> None:
    limits = {kind for kind in FetchError.__subclasses__() if issubclass(kind, OurLimit)} | set(OurLimit.__subclasses__())

    assert limits == {OurLimit, Blocked, TooLarge}
    assert all(kind.retryable and not issubclass(kind, Denied) for kind in limits)


def test_fetch_never_names_the_query_in_its_errors(files: FileServer, fetch: Fetch) -> None:
    files.answers["/v.mp4?Signature=hush"] = cut_at(5, 5, 5, 5)

    with pytest.raises(Cut) as caught:
        fetch(files.url("/v.mp4?Signature=hush"))

    assert "hush" not in str(caught.value)
