"""Fixtures for downloads: a file server, and a downloader that may reach it."""

import io
from collections.abc import Callable, Iterator

import pytest

from providers.core.fetch import Fetched, FetchTimeouts, NetworkPolicy, safe_fetch
from tests.providers.core.fileserver import FileServer, serving

LOOPBACK = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))
AT_ONCE = FetchTimeouts(connect_s=20, stall_s=20, total_s=60, pause_s=0.001)


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving() as server:
        yield server


@pytest.fixture
def fetch() -> Callable[..., tuple[Fetched, bytes]]:
    def run(url: str, **options: object) -> tuple[Fetched, bytes]:
        target = io.BytesIO()
        settings = {"max_bytes": 10_000_000, "allow": LOOPBACK, "timeouts": AT_ONCE, "expected": "video"} | options
        fetched = safe_fetch(url, to=target, **settings)
        return fetched, target.getvalue()

    return run
