"""The two transports over real sockets: what counts as 'surely never left', and that nothing is asked twice."""

import asyncio
import gzip
import logging
import socket
import ssl
import threading
import time
import tracemalloc
import zlib

import pytest
from urllib3.util import parse_url

from providers.core.network import Deadline, TooSlow
from providers.core.transport import MAX_REPLY_BYTES, BlockingTransport, ConcurrentTransport, Timeouts, TransportFailure, _trust
from providers.core.types import WireReply, WireRequest
from tests.certificates import self_signed
from tests.scripted_server import ScriptedServer, answer, close, drip, hang, plain_on_tls, raw, reset, storm

IMPATIENT = Timeouts(connect_s=2, read_s=0.2)
"""For answers that never come."""
PATIENT = Timeouts(connect_s=20, read_s=20)
PAID = WireRequest(method="POST", path="/pay", json={"prompt": "一只猫"}, billable=True)


def send(url: str, request: WireRequest = PAID, timeouts: Timeouts = PATIENT) -> WireReply:
    return BlockingTransport(base_url=url, timeouts=timeouts).send(request)


def send_concurrently(url: str, request: WireRequest = PAID, timeouts: Timeouts = PATIENT) -> WireReply:
    async def talk() -> WireReply:
        async with ConcurrentTransport(timeouts=timeouts) as transport:
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


def test_nothing_is_sent_past_the_deadline_when_its_timer_wakes_late():
    """As in a process that was paused while it connected: `Deadline` is not entered, so that its timer never wakes."""
    with ScriptedServer(answer(200, b"{}")) as server:
        deadline = Deadline(1.0)
        connection = BlockingTransport(base_url=server.url)._connection(parse_url(server.url), deadline)
        connection.connect()
        while not deadline.is_over:
            time.sleep(0.01)

        with pytest.raises(TooSlow):
            connection.request("POST", "/pay", body=b"{}")
        connection.close()
        deadline.__exit__(None, None, None)

    assert (connection.request_left, b"".join(server.requests)) == (False, b"")


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
        send_it(server.url, timeouts=IMPATIENT)

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


@pytest.fixture
def tls(tmp_path, monkeypatch) -> ssl.SSLContext:
    """What a server needs that speaks TLS and that this process trusts."""
    pem = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    _trust.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    yield context
    _trust.cache_clear()


def test_a_companys_own_authority_is_trusted(tls):
    with ScriptedServer(answer(200, b"{}"), tls=tls) as server:
        assert send(server.url).status == 200


def test_request_never_left_when_the_certificate_is_not_trusted(tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    _trust.cache_clear()
    with ScriptedServer(answer(200, b"{}"), tls=tls) as server, pytest.raises(TransportFailure) as caught:
        send(server.url)

    assert (caught.value.sent, caught.value.message, server.requests) == (False, "The TLS handshake failed.", [])


SAID = b"HTTP/1.1 200 OK\r\n"
LATE = {
    "two lengths": raw(SAID + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a length that is none": raw(SAID + b"Content-Length: ten\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "a chunk that is cut": raw(SAID + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "a status that is none": raw(b"HTTP/1.1 OK\r\n\r\n"),
    "another protocol": raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a thousand headers": raw(SAID, b"X-A: b\r\n" * 1000, b"\r\n{}"),
    "a header without end": raw(SAID, b"X-A: " + b"b" * 100_000),
    "an endless welcome": storm(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a status that drips": drip,
    "reset": reset,
    "close": close,
    "silence": hang,
}


@pytest.mark.parametrize("action", LATE.values(), ids=LATE.keys())
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_what_was_sent_is_never_called_unsent(action, secure, tls):
    """The connection knows that the request has left; the class of an exception does not."""
    with ScriptedServer(action, answer(200), tls=tls if secure else None) as server, pytest.raises(TransportFailure) as caught:
        send(server.url, timeouts=IMPATIENT)

    assert caught.value.sent is True
    assert len(server.requests) == 1


def test_plain_words_on_tls_do_not_make_the_request_unsent(tls):
    """OpenSSL reports them as a wrong version number, which it also says of a handshake."""
    with ScriptedServer(plain_on_tls, tls=tls) as server, pytest.raises(TransportFailure) as caught:
        send(server.url)

    assert (caught.value.sent, len(server.requests)) == (True, 1)


@pytest.mark.parametrize("place", [b"/\xff\xfe", b"http://[::1", b"https://h\r\n /x"])
def test_redirect_to_nowhere_is_an_answer(place):
    """The address is not read at all."""
    with ScriptedServer(raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n")) as server:
        assert send(server.url).status == 302


@both
def test_packed_answer_is_unpacked_up_to_the_cap(send_it):
    """64 MB of zeros come as 64 kB."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    tracemalloc.start()
    with ScriptedServer(answer(200, bomb, headers="Content-Encoding: gzip\r\n")) as server, pytest.raises(TransportFailure) as caught:
        send_it(server.url)
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert caught.value.sent is True
    assert grown < 5 * MAX_REPLY_BYTES


@both
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "identity", "aws-chunked", "UTF-8", "br"])
def test_body_is_read_whatever_its_encoding_claims(send_it, encoding):
    packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)
    with ScriptedServer(answer(200, packed(b'{"a": 1}'), headers=f"Content-Encoding: {encoding}\r\n")) as server:
        assert send_it(server.url).data() == {"a": 1}


@both
def test_plain_body_that_claims_to_be_packed_is_read(send_it):
    with ScriptedServer(answer(200, b'{"a": 1}', headers="Content-Encoding: gzip\r\n")) as server:
        assert send_it(server.url).data() == {"a": 1}


def test_refusal_that_comes_before_the_body_is_through_is_read():
    big = WireRequest(method="POST", path="/pay", content=bytes(20_000_000), billable=True)

    def refuse_at_once(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        stop.wait(0.5)

    with ScriptedServer(refuse_at_once, reads_body=False) as server:
        assert send(server.url, big).status == 413


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "168.63.129.16", "192.0.0.192", "100.100.100.200"])
@both
def test_metadata_services_are_never_reached(send_it, host):
    with pytest.raises(TransportFailure) as caught:
        send_it(f"http://{host}")

    assert caught.value.sent is False


@pytest.mark.parametrize("key", ["sk-全角", "sk-a\r\nX-Evil: 1"])
def test_request_never_left_when_a_header_cannot_be_sent(key):
    with ScriptedServer(answer(200)) as server, pytest.raises(TransportFailure) as caught:
        send(server.url, PAID.with_headers(Authorization=f"Bearer {key}"))

    assert caught.value.sent is False
    assert b"/pay" not in b"".join(server.requests)


def test_invalid_host_is_a_failure_before_sending():
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
