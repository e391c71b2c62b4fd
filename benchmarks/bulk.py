"""A tag for 100,000 videos: how long a worker takes, and whether pages answer meanwhile. `python -m benchmarks bulk`, on a stage.

The filter leaves all seeded videos. Once a second a person opens the gallery, at first alone and then while the job runs. The job has ended
when every video has the tag; the search for the tag finds them all when the index has caught up, which the last row tells.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from access.callers import Caller  # noqa: E402
from benchmarks.api import serve  # noqa: E402
from benchmarks.load import run_worker  # noqa: E402
from generation.models import Video  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from library import bulk  # noqa: E402
from library.models import BulkState, VideoTag  # noqa: E402

VIDEOS = 5_000 if os.environ.get("BENCH_SHORT") else 100_000
ALONE_S = 15.0
PATIENCE_S = 900


def main() -> None:
    call_command("seed_gallery", VIDEOS, "--yes", verbosity=0)
    Path(sys.argv[1]).write_text(json.dumps(measure({})))


def measure(wanted: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Tag what this filter leaves, as an address has it."""
    staff = User.objects.create_superuser("bench")
    client = Client()
    client.force_login(staff)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    alone: list[float] = []
    beside: list[float] = []
    with serve("videoportal.settings", "/healthz") as port, run_worker():
        _look(port, cookie, [], 3.0)  # each process has loaded what it needs
        _look(port, cookie, alone, ALONE_S)
        ended, began = Event(), time.monotonic()
        job = bulk.start(by=Caller(user=staff), action="tag", arguments={"tags": ["winter"]}, wanted=wanted)
        person = Thread(target=_look, args=(port, cookie, beside, PATIENCE_S, ended))
        person.start()
        while job.state == BulkState.RUNNING and time.monotonic() < began + PATIENCE_S:
            time.sleep(0.2)
            job.refresh_from_db()
        took = time.monotonic() - began
        ended.set()
        person.join()
        while Video.objects.filter(to_index_at__isnull=False).exists() and time.monotonic() < began + PATIENCE_S:
            time.sleep(0.5)
        indexed = time.monotonic() - began
    assert VideoTag.objects.count() == job.changed == job.total, (job.state, job.changed)
    return {
        f"{job.changed:,} videos have the tag": {"s": f"{took:.1f}"},
        "and are found by it": {"s": f"{indexed:.1f}"},
        "the gallery, alone": _row(alone),
        "the gallery, beside the job": _row(beside),
    }


def _look(port: int, cookie: str, times: list[float], seconds: float, ended: Event | None = None) -> None:
    """Open the gallery once a second and add how long it took."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (ended and ended.is_set()):
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/gallery/", headers={"Cookie": cookie})
        reply = connection.getresponse()
        reply.read()
        connection.close()
        if reply.status != 200:
            raise RuntimeError(f"/gallery/: {reply.status}")
        times.append(time.monotonic() - began)
        time.sleep(max(0.0, 1 - times[-1]))


def _row(times: list[float]) -> dict[str, Any]:
    return {"pages": len(times), "p50 ms": round(1000 * median(times)), "max ms": round(1000 * max(times))}


if __name__ == "__main__":
    die_with_parent()
    main()
