"""Which addresses may be reached, decided where the socket opens.

`NetworkPolicy` says yes or no to an address, `Guard` resolves a name once, asks the policy about each address and connects to the very
address that was checked, and `guarded_pool` gives a urllib3 pool whose every connection goes through the guard (Host, SNI and the
certificate check keep the name). `Deadline` ends a conversation in whatever phase it hangs. No URL logic, no HTTP semantics here.

The ranges come from the IANA special-purpose registries (IPv4 and IPv6), plus the metadata addresses of the large clouds.
"""

import contextlib
import functools
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from providers.core.fetch_errors import Blocked, TooSlow, Unavailable

__all__ = [
    "Deadline",
    "Guard",
    "GuardedHTTPConnection",
    "GuardedHTTPSConnection",
    "NetworkPolicy",
    "PacedDeadline",
    "Resolver",
    "guarded_pool",
    "is_public",
    "leads_to_metadata",
    "system_addresses",
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

MAX_ADDRESSES_TRIED = 4

METADATA = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local: AWS, Azure, GCP, Tencent and container credentials live here
        "168.63.129.16/32",  # Azure's host agent
        "100.100.100.200/32",  # Alibaba Cloud
        "192.0.0.192/32",  # Oracle Cloud
        "fe80::/10",
        "fd00:ec2::/32",
        "fd20:ce::/32",
    )
)
INTERNAL_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
INTERNAL_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
V4_COMPATIBLE = ipaddress.IPv6Network("::/96")


@functools.lru_cache(maxsize=256)
def _network(text: str) -> Network:
    return ipaddress.ip_network(text)


def _embedded_v4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a transition mechanism would reach through this one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64 or address in V4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _inside(address: Address, networks: Sequence[Network]) -> bool:
    return any(network.version == address.version and address in network for network in networks)


def _is_metadata(address: Address) -> bool:
    inner = _embedded_v4(address) if isinstance(address, ipaddress.IPv6Address) else None
    return _inside(address, METADATA) or (inner is not None and _inside(inner, METADATA))


def is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        return address in GLOBAL_UNICAST_V6 and not _inside(address, INTERNAL_V6)
    return address.is_global and not _inside(address, INTERNAL_V4)


def _is_mixed(addresses: Sequence[str], permitted: Sequence[str]) -> bool:
    """Return whether a name leads to the internet and to refused places too: no honest host does, a rebinding one does.

    A network that translates IPv6 (DNS64) adds the NAT64 form of each public IPv4 address; that is the same place.
    """
    refused = [_plain(address) for address in addresses if address not in permitted]
    return any(is_public(ipaddress.ip_address(address)) for address in permitted) and not all(one and is_public(one) for one in refused)


def _plain(text: str) -> Address | None:
    """Return the address that is reached: behind a NAT64 prefix the IPv4 one. None for what is not an address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (_embedded_v4(address) if address in NAT64 else address) if isinstance(address, ipaddress.IPv6Address) else address


def leads_to_metadata(host: str) -> bool:
    """Return whether a host, written as an address in any of the ways that a resolver reads, is a cloud's metadata service. Asks no DNS."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return any(_is_metadata(ipaddress.ip_address(str(entry[4][0]))) for entry in found)


@dataclass(frozen=True, kw_only=True)
class NetworkPolicy:
    """What may be reached. Allowed networks may be internal and on any port; metadata addresses stay refused even inside them."""

    allow_http: bool = False
    allow_cidrs: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = (80, 443)
    ca_file: str | None = None

    def permits(self, address: str, port: int) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if _is_metadata(parsed):
            return False
        if _inside(parsed, [_network(text) for text in self.allow_cidrs]):
            return True
        return port in self.allow_ports and is_public(parsed)


def system_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the system's resolver gives them, in its order, without repeats."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _uptime_s() -> float:
    """Return seconds that count a suspended machine's sleep, where the system can; the monotonic clock stops then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Deadline:
    """Shuts the watched sockets when time is over, so that no phase (handshake, header, chunk line) can drip past it."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._over = threading.Event()
        self._until = _uptime_s() + seconds
        self._why = "The download took longer than its deadline"
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            for handle in self._watched:
                handle.close()
            self._watched.clear()

    @property
    def is_over(self) -> bool:
        """Return whether time is over. In a process that was paused the timer's thread may wake after this one."""
        return self._over.is_set() or _uptime_s() > self._until

    def check(self) -> None:
        if self.is_over:
            raise TooSlow(self._why)

    def restart(self, seconds: float) -> None:
        """Give the next phase this long from now on. Raise `TooSlow` when time is over already."""
        self._timer.cancel()
        self.check()
        self._until = _uptime_s() + seconds
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def wait(self, seconds: float) -> None:
        """Pause, but not past the deadline."""
        self._over.wait(seconds)
        self.check()

    def watch(self, connection: socket.socket) -> None:
        # A duplicate handle: wrapping in TLS detaches the original socket object, the duplicate still reaches the connection.
        with self._lock:
            self.check()
            self._watched.append(connection.dup())

    def _expire(self) -> None:
        with self._lock:
            self._over.set()
            for handle in self._watched:
                with contextlib.suppress(OSError):  # the other side was faster
                    handle.shutdown(socket.SHUT_RDWR)


class PacedDeadline(Deadline):
    """A deadline that also passes when less than `window_s` times `bytes_per_s` arrive in a window; the first window begins with it."""

    def __init__(self, seconds: float, *, bytes_per_s: int, window_s: float) -> None:
        super().__init__(seconds)
        self._arrived = 0
        self._left = threading.Event()
        self._pacer = threading.Thread(target=self._keep_pace, args=(bytes_per_s, window_s), name="pace", daemon=True)

    def __enter__(self) -> Self:
        self._pacer.start()
        return super().__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._left.set()
        super().__exit__(kind, error, trace)

    def progress(self, size: int) -> None:
        """Count bytes that have arrived."""
        self._arrived += size

    def _keep_pace(self, bytes_per_s: int, window_s: float) -> None:
        seen = 0
        while not self._left.wait(window_s):
            if self._arrived - seen < bytes_per_s * window_s:
                self._why = f"Fewer than {bytes_per_s / 1000:g} kB/s arrived for {window_s:g} s"
                self._expire()
                return
            seen = self._arrived


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Opens sockets to permitted addresses only."""

    policy: NetworkPolicy
    deadline: Deadline
    connect_s: float
    resolve: Resolver = system_addresses

    def open(self, host: str, port: int) -> socket.socket:
        connection = self._connect(host, port, self._permitted(host, port))
        try:
            self.deadline.watch(connection)
        except TooSlow:
            connection.close()
            raise
        return connection

    def _permitted(self, host: str, port: int) -> list[str]:
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"The name {host} has no address", code="no_address") from error
        self.deadline.check()
        permitted = [address for address in addresses if self.policy.permits(address, port)]
        if not permitted or _is_mixed(addresses, permitted):
            raise Blocked(f"Our network policy blocks the address of {host} (port {port})")
        return permitted[:MAX_ADDRESSES_TRIED]

    def _connect(self, host: str, port: int, addresses: list[str]) -> socket.socket:
        failure: OSError | None = None
        for address in addresses:
            self.deadline.check()
            try:
                return socket.create_connection((address, port), timeout=self.connect_s)
            except OSError as error:
                failure = error
        raise Unavailable(f"No connection to {host}") from failure


class GuardedHTTPConnection(HTTPConnection):
    def __init__(self, *args: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*args, **options)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.open(self._dns_host, self.port)


class GuardedHTTPSConnection(HTTPSConnection):
    def __init__(self, *args: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*args, **options)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.open(self._dns_host, self.port or 443)


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = GuardedHTTPSConnection


def guarded_pool(scheme: str, host: str, port: int, guard: Guard) -> HTTPConnectionPool:
    """Return a pool for one origin. It reads no proxy setting, no netrc and no cookie from the environment."""
    if scheme == "http":
        return _GuardedHTTPPool(host, port, guard=guard)
    ca_file = guard.policy.ca_file or certifi.where()
    return _GuardedHTTPSPool(host, port, guard=guard, cert_reqs="CERT_REQUIRED", ca_certs=ca_file)
