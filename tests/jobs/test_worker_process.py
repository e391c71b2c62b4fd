"""The real `manage.py worker`: it starts, answers beats, stops in time when asked, and leaves no process behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tools.migrated import ROOT, put_sqlite

pytestmark = pytest.mark.slow
GROWN = 5 + 4 + 4 + 8
"""Root, four clusters, their sentinels, a pool process of each, each cluster's monitor and pusher."""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A separate portal with an empty database."""
    folder = tmp_path_factory.mktemp("portal")
    mine = os.environ | {"PORTAL_DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}"}
    mine |= {"DJANGO_SETTINGS_MODULE": "videoportal.settings"}
    mine |= {f"PORTAL_{cluster}_WORKERS": "1" for cluster in ("SUBMIT", "POLL", "INGEST", "DELIVER")}
    put_sqlite(folder / "portal.sqlite3")
    return mine


@pytest.fixture
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def grown_tree(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    until = time.monotonic() + 120
    root = psutil.Process(worker.pid)
    while len(tree := root.children(recursive=True)) < GROWN - 1 and time.monotonic() < until:
        time.sleep(0.1)
    return tree


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_stops_in_time_and_leaves_no_process_when_asked(worker):
    tree = grown_tree(worker)
    assert len(tree) == GROWN - 1

    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(60) == 0
    assert time.monotonic() - began < 22, "it does not wait for jobs that it does not have"
    assert living(tree) == []


def test_leaves_no_process_when_killed(worker):
    tree = grown_tree(worker)

    worker.kill()
    worker.wait(30)

    assert len(tree) == GROWN - 1
    assert living(tree) == []


def test_leaves_no_process_when_killed_while_its_clusters_start(worker):
    root = psutil.Process(worker.pid)
    until = time.monotonic() + 20
    while len(tree := root.children(recursive=True)) < 3 and time.monotonic() < until:
        time.sleep(0.01)

    worker.kill()
    worker.wait(30)

    _, alive = psutil.wait_procs(tree, timeout=30)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
