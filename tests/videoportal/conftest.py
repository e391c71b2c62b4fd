"""The web process as `make run` starts it, on a separate database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.migrated import put_sqlite
from tools.stack import ROOT, free_port

READY_WITHIN_S = 120
STOPPED_WITHIN_S = 60
PREPARE = """
from benchmarks.slow import SLOW, make_target
plan, visitor = make_target(SLOW)
print(plan.token, visitor.cookie, plan.file)
"""


@dataclass(frozen=True, kw_only=True)
class Web:
    """A running web process, a person's token and session, and the path of a video of 64 MB."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    cookie: str
    file: str

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPPED_WITHIN_S)


def serve(folder: Path, **settings: str) -> Web:
    environment = os.environ | {
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_TESTING": "True",
        "PORTAL_WEB_PROCESSES": "1",
        "PORTAL_LOG_LEVEL": "ERROR",
        "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "videoportal.settings",
        "OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8",
        **settings,
    }
    put_sqlite(folder / "portal.sqlite3")
    shell = [sys.executable, "manage.py", "shell", "--no-imports", "--verbosity", "0", "-c", PREPARE]
    done = subprocess.run(shell, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    token, cookie, file = done.stdout.split()
    port = free_port()  # chosen last: until it is bound, any connection of this machine may take it
    process = subprocess.Popen([sys.executable, "-m", "gunicorn"], cwd=ROOT, env=environment | {"PORTAL_BIND": f"127.0.0.1:{port}"})
    web = Web(process=process, url=f"http://127.0.0.1:{port}", token=token, cookie=cookie, file=file)
    _await(web)
    return web


def _await(web: Web) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end and web.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{web.url}/healthz", timeout=READY_WITHIN_S):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    web.process.kill()
    raise RuntimeError("the web process did not answer")


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    started = serve(tmp_path_factory.mktemp("web"))
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def own_web(tmp_path: Path) -> Iterator[Web]:
    """One that the test may stop."""
    started = serve(tmp_path)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.stop()
