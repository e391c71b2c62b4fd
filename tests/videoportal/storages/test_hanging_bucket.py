"""A bucket that takes requests and says nothing: whoever reads is told after seconds, whatever the timeout for writes is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from generation import store
from tests.scripted_server import ScriptedServer, hang
from tests.videoportal.storages.conftest import options_of
from videoportal.storages.oss import OSSStorage
from videoportal.storages.s3 import S3MediaStorage
from web.health_checks import CheckFailed, check_storage_answers

HELD_S = 40
"""A little more than two waits for a byte, on a machine that is loaded; the timeout of writes is 60 s."""


@pytest.mark.slow
def test_reading_from_a_bucket_that_hangs_ends_before_a_minute(oss_server):
    def held(storage: OSSStorage | S3MediaStorage) -> float:
        began = time.monotonic()
        with pytest.raises(Exception, match=r"(?i)time"):
            storage.open("videos/a.mp4").read(10)
        return time.monotonic() - began

    with ScriptedServer(hang, hang) as server, ThreadPoolExecutor() as pool:
        oss = OSSStorage(**options_of(oss_server) | {"endpoint_url": server.url, "read_timeout": 60})
        keys = {"access_key": "a", "secret_key": "b", "bucket_name": "c", "region_name": "d"}
        s3 = S3MediaStorage(**keys, endpoint_url=server.url)
        took = list(pool.map(held, (oss, s3)))

    assert max(took) < HELD_S


def test_readiness_does_not_wait_for_a_storage_that_hangs(settings, tmp_path):
    works, until = settings.STORAGES, timezone.now() + timedelta(hours=1)
    options = {"location": tmp_path, "until": until}
    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.SlowStorage", "OPTIONS": options}}

    for patience_s in (0.1, 0.1):  # the second finds the first one's look still under way
        with pytest.raises(CheckFailed, match=r"has not answered for 0\.1 s"):
            check_storage_answers(patience_s)
    default_storage.until = timezone.now()  # it answers again
    assert check_storage_answers(60) == "answers"

    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}
    with pytest.raises(CheckFailed, match="does not answer"):
        check_storage_answers(60)
    settings.STORAGES = works
    assert (check_storage_answers(60), store.listing("nowhere")) == ("answers", ([], []))
