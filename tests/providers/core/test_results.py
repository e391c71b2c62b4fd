"""Where a finished video's address may be, and which addresses get the account's key."""

from datetime import timedelta

import pytest

from providers.core.errors import UnexpectedReply
from providers.core.results import output_of, same_origin
from providers.core.types import Place
from tests.cases import in_one_test

LIFE = timedelta(hours=1)
URL = "https://cdn.example/a.mp4"
BASE = "https://gateway.example/v1"
FILE = "https://gateway.example/v1/videos/task_1/content"
PLACES = {
    "url": {"url": URL},
    "video_url": {"video_url": URL},
    "videoUrl": {"videoUrl": URL},
    "video.url": {"video": {"url": URL}},
    "data[0].url": {"data": [{"url": URL}]},
    "output.url": {"output": {"url": URL}},
    "output": {"output": URL},
    "output, a list": {"output": [URL]},
    "output.videos[0].url": {"output": {"videos": [{"url": URL, "url_expires_at": 1}]}},
    "result.url, a list": {"result": {"url": [URL]}},
    "result.videos[0].url, a list": {"result": {"videos": [{"url": [URL]}], "thumbnail_url": "https://cdn.example/a.jpg"}},
    "metadata.url": {"metadata": {"url": URL}},
    "metadata.url, a list": {"metadata": {"url": [URL]}},
    "result_url": {"result_url": URL, "data": {"status": "done"}},
    "result_urls": {"result_urls": [URL]},
    "unsigned_urls": {"unsigned_urls": [URL]},
    "output_url": {"output_url": URL},
    "fail_reason": {"fail_reason": URL},
    "content.video_url": {"content": {"video_url": URL, "last_frame_url": "https://cdn.example/a.png"}},
    "data.data.task_result": {"data": {"code": 0, "data": {"task_result": {"videos": [{"id": "1", "url": URL}]}}}},
    "works": {"output": {"works": [{"cover": {"resource": "https://cdn.example/a.jpg"}, "resource": {"resource": URL}}]}},
    "blanks": {"url": f" \n{URL}\t"},
    "behind an empty one": {"video_url": "", "url": None, "videoUrl": URL},
    "capitals": {"url": URL.replace("https", "HTTPS")},
}

NO_PLACES = [
    {},
    *({"url": value} for value in ("", 7, "soon", "data:video/mp4;base64,AA", "http://[::1", "https://", "//[::1", "//a\u2100b/v.mp4")),
    {"cover_url": URL, "input": {"url": URL}, "properties": {"url": URL}, "thumbnail": {"url": URL}, "images": [{"url": URL}]},
]


def places(*parts, base=BASE, file_url=FILE):
    output = output_of(*parts, life=LIFE, base_url=base, file_url=file_url)
    return [(output.url, output.headers_needed), *((place.url, place.headers_needed) for place in output.others)]


@in_one_test("name", PLACES)
def test_address_is_found_wherever_it_is_and_the_services_own_is_tried_last(name):
    assert places(PLACES[name]) == [(URL, False), (FILE, True)]


def test_address_beside_the_task_is_found():
    body = {"task": {"task_id": "1", "status": "TASK_STATUS_SUCCEED"}, "videos": [{"video_url": URL, "video_url_ttl": "3600"}]}

    assert places(body["task"], body)[0] == (URL, False)


@in_one_test("answer", NO_PLACES)
def test_answer_without_an_address_leads_to_the_services_own(answer):
    assert places(answer) == [(FILE, True)]
    with pytest.raises(UnexpectedReply):
        places(answer, file_url="")


@pytest.mark.parametrize(
    "url",
    [FILE, "https://gateway.example:443/v1/videos/task_1/content", "https://GATEWAY.example/files/a.mp4", "/files/a.mp4", "/v1/videos/2"],
)
def test_own_origin_gets_the_key(url):
    assert {needed for _url, needed in places({"url": url})} == {True}


@in_one_test(
    "url",
    [
        "https://gateway.example.evil.example/v1/videos/x/content",
        "https://gateway.example@evil.example/a.mp4",
        "https://user@gateway.example/a.mp4",
        "https://gateway.example:8443/a.mp4",
        "http://gateway.example/a.mp4",
        "//cdn.example/a.mp4",
        "https://cdn.example/v1/videos/task_1/content",
    ],
)
def test_no_other_origin_gets_the_key(url):
    assert [needed for place, needed in places({"url": url}) if place != FILE] == [False]


@pytest.mark.parametrize("host", ["http://localhost:3999", "http://127.0.0.1:3000", "http://gateway.example", "https://old.example"])
def test_own_file_by_another_name_of_the_service_is_fetched_from_the_account(host):
    assert places({"metadata": {"url": f"{host}/v1/videos/task_1/content"}})[0] == (FILE, True)


def test_service_that_calls_itself_localhost_is_asked_at_the_accounts_address():
    assert places({"url": "http://localhost:3000/files/a.mp4"}) == [("https://gateway.example/files/a.mp4", True), (FILE, True)]
    local = places({"url": "http://localhost:3000/files/a.mp4"}, base="http://127.0.0.1:4000/v1")
    assert local[0] == ("http://localhost:3000/files/a.mp4", False)


def test_blanks_around_an_address_are_no_part_of_it():
    assert Place(url=f" {URL}\n").url == URL


def test_many_addresses_are_not_all_tried():
    output = output_of({"urls": [f"https://cdn.example/{number}.mp4" for number in range(50)]}, life=LIFE, base_url=BASE, file_url=FILE)

    assert len(output.others) == 4
    assert all(isinstance(place, Place) for place in output.others)


@in_one_test(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://a.example:443", True),
        ("http://a.example:80", "http://A.example/", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://b.example", False),
        ("ftp://a.example", "ftp://a.example", False),
        ("a.example", "a.example", False),
        ("", "", False),
        ("http://[::1", "http://[::1", False),
    ],
)
def test_origin_is_scheme_host_and_port(one, other, same):
    assert same_origin(one, other) is same
