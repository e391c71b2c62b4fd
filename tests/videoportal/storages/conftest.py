"""`OSSStorage` on the OSS server of the tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, BUCKET, REGION, OssServerProcess
from videoportal.storages.oss import OSSStorage


def options_of(server: OssServerProcess) -> dict[str, object]:
    return {
        "bucket_name": BUCKET,
        "region_name": REGION,
        "endpoint_url": server.url,
        "access_key": ACCESS_KEY_ID,
        "secret_key": ACCESS_KEY_SECRET,
        "read_timeout": 5,
    }


@pytest.fixture
def storage_with(oss_server) -> Callable[..., OSSStorage]:
    """`storage_with(part_size=...)`: a storage with these options."""
    return lambda **options: OSSStorage(**options_of(oss_server) | options)


@pytest.fixture
def storage(storage_with) -> OSSStorage:
    return storage_with()


@pytest.fixture
def in_the_bucket(settings, oss_server) -> None:
    """Make it the media storage of the portal."""
    oss = {"BACKEND": "videoportal.storages.oss.OSSStorage", "OPTIONS": options_of(oss_server)}
    settings.STORAGES = settings.STORAGES | {"default": oss}


@pytest.fixture
def requests_of(oss_server) -> Callable[[Callable[[], object]], dict[str, int]]:
    """`requests_of(call)`: what the call asked the server, counted by operation."""

    def count(call: Callable[[], object]) -> dict[str, int]:
        before = oss_server.state()["requests"]
        call()
        after = oss_server.state()["requests"]
        return {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0)}

    return count
