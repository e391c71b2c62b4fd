"""The two transports over real sockets: what counts as 'surely never left', and that nothing is asked twice."""

import asyncio
import logging
import socket
import ssl

import pytest
import requests
from scripted_server import ScriptedServer, answer, close, drip, hang, reset
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import SSLError as PoolSSLError

from providers.core.transport import MAX_REPLY_BYTES, BlockingTransport, ConcurrentTransport, Timeouts, TransportFailure, _never_left
from providers.core.types import WireReply, WireRequest

QUICK = Timeouts(connect_s=0.5, read_s=0.2)
PAID = WireRequest(method="POST", path="/pay", json={"prompt": "一只猫"}, billable=True)


def send(url: str, request: WireRequest = PAID, timeouts: Timeouts = QUICK) -> WireReply:
    return BlockingTransport(base_url=url, timeouts=timeouts).send(request)


def send_concurrently(url: str, request: WireRequest = PAID) -> WireReply:
    async def talk() -> WireReply:
        async with ConcurrentTransport(timeouts=QUICK) as transport:
            return await transport.send(url, request)

    return asyncio.run(talk())


both = pytest.mark.parametrize("send_it", [send, send_concurrently])


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@both
def test_reply_comes_whole_when_the_server_answers(send_it):
    with ScriptedServer(answer(418, b'{"a": 1}', headers="X-Odd: Yes\r\n")) as server:
        reply = send_it(server.url)

    assert (reply.status, reply.headers["x-odd"], reply.data()) == (418, "Yes", {"a": 1})
    assert server.requests[0].startswith(b"POST /pay HTTP/1.1\r\n")


@both
def test_request_never_left_when_the_port_is_closed(send_it):
    with pytest.raises(TransportFailure) as caught:
        send_it(closed_port())

    assert (caught.value.sent, caught.value.message) == (False, "The host refused the connection.")


@both
def test_request_never_left_when_tls_meets_a_plain_server(send_it):
    with ScriptedServer(answer(400)) as server, pytest.raises(TransportFailure) as caught:
        send_it(f"https://{server.host}")

    assert caught.value.sent is False


@pytest.mark.parametrize("action", [reset, close, hang, drip], ids=["reset", "close", "hang", "drip"])
@both
def test_request_may_have_arrived_when_the_answer_fails(send_it, action):
    with ScriptedServer(action, answer(200)) as server, pytest.raises(TransportFailure) as caught:
        send_it(server.url)

    assert caught.value.sent is True
    assert len(server.requests) == 1


@both
def test_request_may_have_arrived_when_the_answer_is_cut(send_it):
    with ScriptedServer(answer(200, b'{"a"', length=500)) as server, pytest.raises(TransportFailure) as caught:
        send_it(server.url)

    assert caught.value.sent is True


@both
def test_answer_is_refused_when_it_is_too_large(send_it):
    with ScriptedServer(answer(200, b"x" * (MAX_REPLY_BYTES + 1))) as server, pytest.raises(TransportFailure) as caught:
        send_it(server.url)

    assert (caught.value.sent, caught.value.message) == (True, "The vendor's answer is larger than 8 MiB.")


@both
def test_redirect_is_not_followed(send_it):
    with ScriptedServer(answer(302, headers="Location: /elsewhere\r\n"), answer(200)) as server:
        reply = send_it(server.url)

    assert (reply.status, len(server.requests)) == (302, 1)


@both
def test_proxy_of_the_environment_is_ignored(send_it, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", closed_port())

    with ScriptedServer(answer(204)) as server:
        assert send_it(server.url).status == 204


def test_request_never_left_when_the_certificate_is_not_trusted():
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")

    assert _never_left(requests.exceptions.SSLError(MaxRetryError(None, "/", PoolSSLError(cause)))) is True


def test_request_may_have_arrived_when_tls_ends_without_goodbye():
    cause = ssl.SSLEOFError(8, "EOF occurred in violation of protocol")

    assert _never_left(requests.exceptions.SSLError(MaxRetryError(None, "/", PoolSSLError(cause)))) is False


@pytest.mark.parametrize("key", ["sk-全角", "sk-a\r\nX-Evil: 1"])
def test_request_never_left_when_a_header_cannot_be_sent(key):
    with ScriptedServer(answer(200)) as server, pytest.raises(TransportFailure) as caught:
        send(server.url, PAID.with_headers(Authorization=f"Bearer {key}"))

    assert caught.value.sent is False
    assert b"/pay" not in b"".join(server.requests)


def test_host_that_is_no_host_is_a_failure_before_sending():
    with pytest.raises(TransportFailure) as caught:
        send(f"http://{'a' * 70}.example")

    assert caught.value.sent is False


def test_log_line_has_no_query_and_no_header(caplog):
    caplog.set_level(logging.DEBUG, logger="providers.wire")
    asked = WireRequest(method="GET", path="/tasks", query={"token": "s3cret-query"}).with_headers(Authorization="Bearer s3cret-key")

    with ScriptedServer(answer(200)) as server:
        send(server.url, asked)

    assert "/tasks -> 200" in caplog.text
    assert "s3cret" not in caplog.text
