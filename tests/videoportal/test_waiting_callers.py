"""Callers that wait for their tasks hold no thread: the web process as it is started, with two threads and fifty of them."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.videoportal.conftest import Web, serve
from tests.videoportal.web_calls import ask, send_raw

pytestmark = pytest.mark.slow

TASK = {"model": "kling/kling-v2-5-turbo", "prompt": "a fox waits"}
CALLERS, THREADS = 50, 2
PATIENCE_S = 60


@pytest.fixture
def small_web(tmp_path: Path) -> Iterator[Web]:
    started = serve(tmp_path, PORTAL_WEB_THREADS=str(THREADS))
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.stop()


@contextmanager
def waiting_callers(web: Web, count: int, token: str = "", *lines: str) -> Iterator[list[socket.socket]]:
    """Yield connections whose orders are stored and wait for a minute; no worker runs."""
    before = len(orders(web))
    body = json.dumps(TASK)
    head = [
        "POST /api/v1/tasks HTTP/1.1",
        f"Host: {urlsplit(web.url).netloc}",
        f"Authorization: Bearer {token or web.token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Prefer: wait=60",
        "Connection: close",
        *lines,
    ]
    request = ("\r\n".join(head) + "\r\n\r\n" + body).encode()
    parts = urlsplit(web.url)
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((parts.hostname, parts.port), PATIENCE_S)) for _ in range(count)]
        for one in sockets:
            one.sendall(request)
        end = time.monotonic() + PATIENCE_S
        while len(orders(web)) < before + count:
            assert time.monotonic() < end
        yield sockets


def orders(web: Web) -> list[dict[str, str]]:
    return json.loads(ask(f"{web.url}/api/v1/tasks?limit=100", web.authorization)[2])["items"]


def answered(sockets: list[socket.socket], within_s: float = 0) -> int:
    return len(select.select(sockets, [], [], within_s)[0])


def read(connection: socket.socket) -> tuple[int, dict[str, str], dict[str, object]]:
    """Return the status, headers and body of the only answer on this connection."""
    seen = b""
    while block := connection.recv(65536):
        seen += block
    head, _, body = seen.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, json.loads(body)


def test_others_are_served_while_fifty_wait_and_a_stop_answers_all(small_web):
    with waiting_callers(small_web, CALLERS) as sockets:
        began = time.monotonic()
        pages = [ask(f"{small_web.url}/tick", {"Cookie": small_web.cookie})[0] for _ in range(5)]
        made = [ask(f"{small_web.url}/api/v1/tasks", small_web.authorization, TASK)[0] for _ in range(5)]
        took_s = time.monotonic() - began

        assert (pages, made) == ([200] * 5, [202] * 5)
        assert (took_s < PATIENCE_S / 2, answered(sockets)) == (True, 0)  # they were not served because the others gave up
        status = small_web.stop()
        replies = [read(one) for one in sockets]

    assert status == 0
    assert [reply[0] for reply in replies] == [202] * CALLERS
    assert len({reply[2]["id"] for reply in replies}) == CALLERS
    assert {(reply[1]["preference-applied"], reply[2]["status"]) for reply in replies} == {("wait=60", "queued")}


def test_the_end_of_a_task_answers_who_waits_for_it_and_nobody_else(web):
    with waiting_callers(web, 2, "", "X-Request-Id: no slashes / here") as sockets:
        order = orders(web)[0]["id"]
        ask(f"{web.url}/api/v1/tasks/{order}/cancel", web.authorization, {})

        assert answered(sockets, PATIENCE_S / 2) == 1
        (ready,) = select.select(sockets, [], [], 0)[0]
        status, headers, body = read(ready)
        assert (status, body["id"], body["status"]) == (202, order, "cancelled")
        assert len(headers["x-request-id"]) == 32
        assert answered([one for one in sockets if one is not ready]) == 0


def test_a_token_that_is_revoked_ends_the_wait(web):
    made = ask(f"{web.url}/api/v1/tokens", web.authorization, {"label": "shop", "scopes": ["generate"]})
    token = json.loads(made[2])
    with waiting_callers(web, 5, token["token"]) as sockets:
        delete(web, f"/api/v1/tokens/{token['id']}")

        replies = [read(one) for one in sockets]

    assert {(status, body["error"]["code"]) for status, _headers, body in replies} == {(401, "not_authenticated")}


def delete(web: Web, path: str) -> None:
    parts = urlsplit(web.url)
    with socket.create_connection((str(parts.hostname), parts.port), PATIENCE_S) as connection:
        head = f"DELETE {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {web.token}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 204 ")


def test_a_request_that_comes_behind_one_that_waits_is_answered_after_it(web):
    body = json.dumps(TASK)
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {web.token}\r\n"
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    order = f"POST /api/v1/tasks HTTP/1.1\r\n{head}{kind}Prefer: wait=1\r\n\r\n{body}".encode()

    answers = send_raw(web.url, order, f"GET /api/v1/tasks?limit=1 HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())

    first, second = answers.split(b"HTTP/1.1 ")[1:]
    assert (first[:4], second[:4]) == (b"202 ", b"200 ")
    assert b"Preference-Applied: wait=1" in first
    assert json.loads(first.partition(b"\r\n\r\n")[2])["id"] == json.loads(second.partition(b"\r\n\r\n")[2])["items"][0]["id"]


def test_a_client_that_hangs_up_is_forgotten_and_its_repeat_waits_again(web):
    key = "Idempotency-Key: waits-once"
    with waiting_callers(web, 1, "", key):
        order = orders(web)[0]["id"]

    end = time.monotonic() + PATIENCE_S
    again = (0, {}, b"")
    while again[0] != 202 and time.monotonic() < end:  # 409 until the server has seen that the client is gone
        again = ask(f"{web.url}/api/v1/tasks", web.authorization | {"Prefer": "wait=1", "Idempotency-Key": "waits-once"}, TASK)

    assert (again[0], json.loads(again[2])["id"], again[1]["Preference-Applied"]) == (202, order, "wait=1")
    assert end - time.monotonic() > PATIENCE_S / 2  # long before the claim would have ended by itself
