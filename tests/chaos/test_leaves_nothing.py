"""However a run ends, nothing of it stays: no worker, no simulator, no database server, no files."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.stage import ROOT

GROWN = 12


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name: a server's socket will be in it."""
    with tempfile.TemporaryDirectory(prefix="vp-") as name:
        yield Path(name)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_run_that_was_ended(how, folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(folder))
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.doubt", "--short", "--database", "postgresql"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 180
        while len(_processes(folder)) < GROWN and time.monotonic() < until:
            time.sleep(0.2)
        assert len(_processes(folder)) >= GROWN
    finally:
        run.send_signal(how)
    run.wait(120)

    until = time.monotonic() + 120
    while (_processes(folder) or list(folder.glob("portal-postgresql-*"))) and time.monotonic() < until:
        time.sleep(0.2)
    assert _processes(folder) == []
    assert list(folder.glob("portal-postgresql-*")) == []


def _processes(folder: Path) -> list[psutil.Process]:
    """Those that were started with this folder for temporary files."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue
    return found
