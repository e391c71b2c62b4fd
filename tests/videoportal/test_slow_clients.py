"""Nobody stops the site by being slow: the web process as it is started, under clients that hold what they get."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote, urlsplit

import pytest

from benchmarks.slow_clients import Attack, Plan
from generation.ordering.assets import MOST_FETCHES_OF_ONE
from tests.videoportal.web_calls import ask, send_raw

pytestmark = pytest.mark.slow

TASK = {"model": "kling/kling-v2-5-turbo", "prompt": "a fox waits"}
ASKED = 12


@contextmanager
def crowd(web, count: int, request: bytes) -> Iterator[list[socket.socket]]:
    """Yield this many connections that have sent this and read nothing."""
    parts = urlsplit(web.url)
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((parts.hostname, parts.port))) for _ in range(count)]
        for one in sockets:
            one.sendall(request)
        yield sockets


def test_everybody_is_served_while_all_kinds_are_slow_at_once(web):
    plan = Plan(token=web.token, file=web.file, task=TASK, headers=70, bodies=70, readers=60, callers=50, hosts=24)

    with Attack(web.url, plan):
        health = [ask(f"{web.url}/healthz")[0] for _ in range(ASKED)]
        pages = [ask(f"{web.url}/gallery/", {"Cookie": web.cookie})[0] for _ in range(3)]
        api = [ask(f"{web.url}/api/v1/tasks", web.authorization)[0] for _ in range(3)]

    assert (health, pages, api) == ([200] * ASKED, [200] * 3, [200] * 3)


def test_slow_readers_that_ask_again_before_they_have_read_hold_no_thread(web):
    request = f"GET {web.file} HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\nAuthorization: Bearer {web.token}\r\n\r\n".encode()
    with crowd(web, 20, request * 3):
        answers = [ask(f"{web.url}/healthz")[0] for _ in range(ASKED)]

    assert answers == [200] * ASKED


def test_a_large_file_sent_fast_delays_nobody_and_arrives_whole(web):
    status, _headers, body = ask(f"{web.url}{web.file}", web.authorization)
    part = ask(f"{web.url}{web.file}", web.authorization | {"Range": "bytes=10-19"})

    assert (status, len(body)) == (200, 64 * 1024 * 1024)
    assert (part[0], part[1]["Content-Range"], len(part[2])) == (206, f"bytes 10-19/{64 * 1024 * 1024}", 10)


@pytest.mark.parametrize(("path", "credential"), [("/gallery/", "Cookie: {web.cookie}"), ("/v1/videos", "x-api-key: {web.token}")])
def test_callers_take_turns(web, path, credential):
    """Forty answers that one caller asked for at the same time come after the others' who asked later from the same address, not before."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {urlsplit(web.url).netloc}", credential.format(web=web), "Connection: close"]
    with crowd(web, 40, ("\r\n".join(lines) + "\r\n\r\n").encode()) as sockets:
        status, *_ = ask(f"{web.url}/healthz")
        unanswered = len(sockets) - len(select.select(sockets, [], [], 0)[0])

    assert status == 200
    assert unanswered > len(sockets) / 2


# bodies


LOGIN = "POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = "Content-Type: multipart/form-data; boundary=x\r\n"


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/admin/login/", "/i18n/setlang/", "/callbacks/kling/a/b", "/api/v1/assets", "/healthz"]
)
def test_a_large_body_of_a_stranger_is_refused_before_it_is_sent(web, path):
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{FORM}Content-Length: 314572800\r\n\r\n"

    answer = send_raw(web.url, head.encode())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"


def test_a_large_body_in_chunks_is_cut_off(web):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    answer = send_raw(web.url, f"{LOGIN}{FORM}Transfer-Encoding: chunked\r\n\r\n".encode(), *[chunk] * 500)

    assert answer.startswith(b"HTTP/1.1 413 ") or not answer  # a client that is still sending may only see that the server hung up


def test_a_session_that_is_invented_makes_a_large_body_no_better(web):
    body = b"x" * 1_000_000
    head = f"{LOGIN}{FORM}Cookie: sessionid=invented\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"

    assert send_raw(web.url, head.encode(), body).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        ("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("Content-Length: +5\r\n\r\nhello", 400),
        ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
        ("X: " + "a" * 40_000 + "\r\n\r\n", 431),
        ("Bad Header: 1\r\n\r\n", 400),
        ("X: a\r\n folded: b\nContent-Length: 1\r\n\r\n", 400),
    ],
)
def test_a_request_that_two_servers_could_read_differently_is_refused(web, lines, status):
    assert send_raw(web.url, f"{LOGIN}{lines}".encode()).split()[1] == str(status).encode()


def test_a_length_beside_chunks_does_not_count(web):
    smuggled = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    head = f"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {5 + len(smuggled)}\r\nTransfer-Encoding: chunked\r\n\r\n"

    answer = send_raw(web.url, f"{head}0\r\n\r\n{smuggled}".encode())

    assert answer.count(b"HTTP/1.1 ") <= 2
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 405 "))


def test_a_body_is_asked_for_before_it_is_sent(web):
    body = json.dumps({"url": "nonsense"}).encode()
    head = f"POST /api/v1/assets HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {web.token}\r\nContent-Type: application/json\r\n"

    answer = send_raw(web.url, f"{head}Expect: 100-continue\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode(), body)

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 ")


@pytest.mark.parametrize(("lines", "status"), [("", 405), ("Content-Length: 0\r\n", 405), ("Content-Length: 9999999\r\n", 413)])
def test_no_body_is_asked_for_that_is_not_to_come(web, lines, status):
    """Such a request got no answer, and the next one of its connection had its headers."""
    head = f"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nExpect: 100-continue\r\n{lines}\r\n"

    assert send_raw(web.url, head.encode()).startswith(f"HTTP/1.1 {status} ".encode())


def test_head_has_no_body(web):
    answer = send_raw(web.url, b"HEAD /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


# limits


def test_a_connection_outlives_an_answer_without_a_body(web):
    cursor = json.loads(ask(f"{web.url}/tick", {"Cookie": web.cookie})[2])["cursor"]
    tick = f"GET /tick?since={quote(cursor)} HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\nCookie: {web.cookie}\r\n"
    answers = send_raw(web.url, f"{tick}\r\n{tick}Connection: close\r\n\r\n".encode())

    assert (answers.count(b"HTTP/1.1 204 No Content"), answers.count(b"Connection: close")) == (2, 1)


def test_one_person_fetches_few_images_at_once(web):
    with Attack(web.url, Plan(token=web.token, hosts=MOST_FETCHES_OF_ONE)) as attack:
        end = time.monotonic() + 30
        while len(attack.dripped) < MOST_FETCHES_OF_ONE:
            assert time.monotonic() < end
            time.sleep(0.02)
        answer = ask(f"{web.url}/api/v1/assets", web.authorization, {"url": f"{web.url}/nothing.png"})

    assert (answer[0], answer[1]["Retry-After"], json.loads(answer[2])["error"]["code"]) == (503, "5", "busy")


def test_a_stop_answers_who_waits_drops_who_is_slow_and_takes_nothing_new(own_web):
    answers: list[tuple[int, str]] = []

    def call() -> None:
        status, _headers, body = ask(f"{own_web.url}/api/v1/tasks", own_web.authorization | {"Prefer": "wait=60"}, TASK)
        answers.append((status, json.loads(body)["status"]))

    with Attack(own_web.url, Plan(token=own_web.token, headers=10, bodies=10)):
        caller = threading.Thread(target=call)
        caller.start()
        end = time.monotonic() + 30
        while not json.loads(ask(f"{own_web.url}/api/v1/tasks?status=queued", own_web.authorization)[2])["items"]:
            assert time.monotonic() < end
        status = own_web.stop()
        caller.join()

    assert (status, answers) == (0, [(202, "queued")])
    with pytest.raises(urllib.error.URLError):
        ask(f"{own_web.url}/healthz")
