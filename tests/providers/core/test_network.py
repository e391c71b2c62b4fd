"""Where a fetch may connect, counted from outside: by the interpreter's own record of connects, not by our word."""

import io
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.core.fetch import Blocked, FetchError, FetchTimeouts, NetworkPolicy, Unavailable, safe_fetch
from providers.core.network import Deadline, Guard, Resolver, leads_to_metadata
from tests.cases import in_one_test
from tests.certificates import self_signed
from tests.providers.core.fileserver import BODY_SHA256, FileServer, plain, redirect

OPEN = NetworkPolicy(allow_http=True)
EVERYTHING = NetworkPolicy(allow_http=True, allow_cidrs=("0.0.0.0/0", "::/0"))
LOOPBACK = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))
AT_ONCE = FetchTimeouts(connect_s=20, stall_s=20, total_s=60, pause_s=0)

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "2852039166",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[2002:a9fe:a9fe::1]",
    "[::ffff:168.63.129.16]",
    "[::ffff:100.100.100.200]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
]
INTERNAL = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "3232235521",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:192.168.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:0a00:0001::]",
    "[2002:808:808::]",
    "[2001:0:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:2f:ffff::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[100::1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fec0::1]",
    "[feff::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[4000::1]",
]
UNREADABLE = [
    "http://",
    "http:///etc/passwd",
    "http://user@127.0.0.1/",
    "http://127.0.0.1:80@10.0.0.1/",
    "http://[::1",
    "http://[::ffff:127.0.0.1%25lo]:99999/",
    "http://\u2460\u2461\u2466.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "//127.0.0.1/",
    "127.0.0.1",
    "",
]

connects: list[object] = []
recording = False


def _record(event: str, arguments: tuple[object, ...]) -> None:
    if recording and event == "socket.connect":
        connects.append(arguments[1])


sys.addaudithook(_record)


@pytest.fixture
def connected() -> Iterator[list[object]]:
    global recording  # noqa: PLW0603 - an audit hook can be added once and never removed
    connects.clear()
    recording = True
    yield connects
    recording = False


def leads_to(*answers: list[str]) -> Resolver:
    """A resolver that gives one answer after the other."""
    left = iter(answers)
    return lambda *_: next(left)


def _fetch(url: str, policy: NetworkPolicy, **options: object) -> object:
    return safe_fetch(url, to=io.BytesIO(), max_bytes=10_000_000, allow=policy, timeouts=AT_ONCE, tries=1, **options)


@in_one_test("host", METADATA + INTERNAL)
@in_one_test("scheme", ["http", "https"])
def test_no_connect_to_an_internal_address(connected: list[object], host: str, scheme: str) -> None:
    with pytest.raises(FetchError):
        _fetch(f"{scheme}://{host}/x", OPEN)

    assert connected == []


@in_one_test("host", METADATA)
def test_no_connect_to_metadata_even_when_everything_is_allowed(connected: list[object], host: str) -> None:
    with pytest.raises(FetchError):
        _fetch(f"http://{host}/x", EVERYTHING)

    assert connected == []


@in_one_test("url", UNREADABLE)
def test_no_connect_when_the_url_is_not_plain(connected: list[object], url: str) -> None:
    with pytest.raises(FetchError):
        _fetch(url, OPEN)

    assert connected == []


@in_one_test("address", [host.strip("[]") for host in METADATA + INTERNAL if ":" in host])
def test_no_connect_when_a_name_leads_to_an_internal_address(connected: list[object], address: str) -> None:
    with pytest.raises(Blocked) as caught:
        _fetch("https://pictures.example/x", OPEN, resolve=leads_to([address]))

    assert (caught.value.code, connected) == ("blocked_address", [])


@pytest.mark.parametrize("answer", [[], ["not an address"], [""], ["fe80::1%eth0"]])
def test_no_connect_when_the_resolver_answers_oddly(connected: list[object], answer: list[str]) -> None:
    with pytest.raises(Blocked):
        _fetch("https://pictures.example/x", OPEN, resolve=leads_to(answer))

    assert connected == []


@in_one_test(
    ("address", "port", "permitted"),
    [
        ("8.8.8.8", 443, True),
        ("8.8.8.8", 80, True),
        ("8.8.8.8", 22, False),
        ("47.95.1.1", 443, True),
        ("2606:4700::1", 443, True),
        ("2400:3200::1", 443, True),
        ("2001:4860:4860::8888", 443, True),
        ("2001:4860:4860::8888", 6379, False),
        ("192.0.0.1", 443, False),
    ],
)
def test_policy_permits_public_addresses_on_web_ports(address: str, port: int, permitted: bool) -> None:
    assert OPEN.permits(address, port) is permitted


def test_connects_to_the_checked_address_and_asks_for_it_once(connected: list[object], files: FileServer) -> None:
    files.answers["/v.mp4"] = plain()
    port, asked = int(files.origin.rpartition(":")[2]), []
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]])

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    fetched = _fetch(f"http://rebind.example:{port}/v.mp4", LOOPBACK, resolve=rebinding)

    assert fetched.sha256 == BODY_SHA256
    assert (asked, connected) == (["rebind.example"], [("127.0.0.1", port)])
    assert files.seen[0][1]["host"] == f"rebind.example:{port}"


def test_redirect_asks_again_and_is_blocked_when_the_name_moved(connected: list[object], files: FileServer) -> None:
    files.answers["/a"] = redirect("/b")
    port = int(files.origin.rpartition(":")[2])

    with pytest.raises(Blocked):
        _fetch(f"http://rebind.example:{port}/a", LOOPBACK, resolve=leads_to(["127.0.0.1"], ["10.0.0.1"]))

    assert connected == [("127.0.0.1", port)]


def test_only_the_permitted_one_of_several_addresses_is_tried(connected: list[object], files: FileServer) -> None:
    files.answers["/v.mp4"] = plain()
    port = int(files.origin.rpartition(":")[2])

    _fetch(f"http://two.example:{port}/v.mp4", LOOPBACK, resolve=leads_to(["10.0.0.1", "::1", "127.0.0.1"]))

    assert connected == [("127.0.0.1", port)]


@in_one_test("refused", ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "169.254.169.254", "64:ff9b::10.0.0.1", "not an address"])
@in_one_test("order", [1, -1])
def test_a_name_that_leads_to_the_internet_and_to_a_refused_place_is_refused_whole(
    connected: list[object], refused: str, order: int
) -> None:
    with pytest.raises(Blocked):
        _fetch("https://pictures.example/x", OPEN, resolve=leads_to(["8.8.8.8", refused][::order]))

    assert connected == []


def test_the_translated_form_of_a_public_address_is_the_same_place() -> None:
    with Deadline(5) as deadline:
        guard = Guard(policy=OPEN, deadline=deadline, connect_s=1, resolve=leads_to(["64:ff9b::808:808", "8.8.8.8"]))

        assert guard._permitted("pictures.example", 443) == ["8.8.8.8"]


@in_one_test("host", METADATA)
def test_metadata_is_known_however_it_is_written(host: str) -> None:
    assert leads_to_metadata(host)


@in_one_test("host", ["192.168.1.20", "127.0.0.1", "localhost", "api.klingai.com", "8.8.8.8", "[fd12::1]", "", "x" * 300])
def test_other_hosts_are_not_metadata(host: str) -> None:
    assert not leads_to_metadata(host)


def test_the_environment_has_no_say(connected: list[object], files: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    files.answers["/v.mp4"] = plain()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")

    _fetch(files.url("/v.mp4"), LOOPBACK)

    assert connected == [("127.0.0.1", int(files.origin.rpartition(":")[2]))]


def test_the_record_of_connects_works(connected: list[object]) -> None:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        probe.connect_ex(("127.0.0.1", 9))

    assert connected == [("127.0.0.1", 9)]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return self_signed(tmp_path, "pictures.example")


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A server that answers one request over TLS and remembers the name that it was asked by."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_once, args=(listener, context), daemon=True)
        thread.start()
        yield listener.getsockname()[1], names
        thread.join(5)


def _answer_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    raw, _ = listener.accept()
    try:
        with context.wrap_socket(raw, server_side=True) as connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
    except OSError:
        raw.close()


def test_tls_checks_the_name_while_the_address_is_pinned(certificate: Path, tls_port: tuple[int, list[str | None]]) -> None:
    port, names = tls_port
    policy = NetworkPolicy(allow_cidrs=("127.0.0.0/8",), ca_file=str(certificate))

    fetched = _fetch(f"https://pictures.example:{port}/x", policy, resolve=leads_to(["127.0.0.1"]))

    assert (fetched.size_bytes, names) == (3, ["pictures.example"])


def test_http_address_is_fetched_over_https_on_the_same_host(certificate: Path, tls_port: tuple[int, list[str | None]]) -> None:
    port, names = tls_port
    policy = NetworkPolicy(allow_cidrs=("127.0.0.0/8",), ca_file=str(certificate))

    fetched = _fetch(f"http://pictures.example:{port}/x?Signature=s", policy, resolve=leads_to(["127.0.0.1"]))

    assert (fetched.size_bytes, names) == (3, ["pictures.example"])


def test_http_address_without_a_port_is_asked_on_the_port_of_https(connected: list[object]) -> None:
    policy = NetworkPolicy(allow_cidrs=("127.0.0.0/8",))

    with pytest.raises(Blocked) as caught:
        _fetch("http://dashscope-result.example/x", policy, resolve=leads_to(["127.0.0.1"]))

    assert (caught.value.code, connected) == ("plain_http", [("127.0.0.1", 443)])


def test_http_address_is_asked_over_https_first_where_plain_http_is_allowed_too(connected: list[object]) -> None:
    policy = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))

    with pytest.raises(Unavailable):
        _fetch("http://dashscope-result.example/x", policy, resolve=leads_to(["127.0.0.1"], ["127.0.0.1"]))

    assert connected == [("127.0.0.1", 443), ("127.0.0.1", 80)]


def test_key_of_an_account_with_an_http_address_goes_to_that_port_alone(connected: list[object]) -> None:
    policy = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))

    with pytest.raises(Unavailable):
        _fetch("http://gateway.example/x", policy, headers={"Authorization": "Bearer k"}, resolve=leads_to(["127.0.0.1"], ["127.0.0.1"]))

    assert connected == [("127.0.0.1", 80)]


@pytest.mark.parametrize(("host", "trusted"), [("other.example", True), ("pictures.example", False)])
def test_tls_fails_when_the_certificate_is_not_good(
    certificate: Path, tls_port: tuple[int, list[str | None]], host: str, trusted: bool
) -> None:
    policy = NetworkPolicy(allow_cidrs=("127.0.0.0/8",), ca_file=str(certificate) if trusted else None)

    with pytest.raises(Unavailable):
        _fetch(f"https://{host}:{tls_port[0]}/x", policy, resolve=leads_to(["127.0.0.1"]))
