"""`make test`: the suite on SQLite over all processors, and beside it what touches the database on a real PostgreSQL.

`make test-slow`: the tests that take long or start the portal's own processes, and those in a browser.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tools.chromium import found_chromium
from tools.postgres import postgres
from tools.stack import ROOT

DEADLINE_S = 900


def main() -> int:
    started = time.monotonic()
    result = _slow(sys.argv[2:]) if sys.argv[1:2] == ["slow"] else _fast(sys.argv[1:])
    print(f"{'All tests passed' if result == 0 else 'Tests FAILED'} in {time.monotonic() - started:.0f} s")
    return result


def _fast(words: list[str]) -> int:
    print("SQLite", flush=True)
    without_browser = ["-p", "no:playwright", "--ignore", "tests/browser", "--ignore", "tests/chaos"]
    with_database = ["-p", "no:playwright", *_with_mark("postgresql")]
    return _at_once(
        [*_parallel(1), *without_browser, "-m", "not slow", *words],
        [*with_database, "-m", "postgresql and not slow", *words],
    )


def _slow(words: list[str]) -> int:
    print("Processes", flush=True)
    on_both = sorted({*_with_mark("slow")} & {*_with_mark("postgresql")})
    # one more than there are processors: these tests wait for others' processes
    result = _at_once([*_parallel(1), *_with_mark("slow"), "-m", "slow", *words], [*on_both, "-m", "postgresql and slow", *words])
    if not found_chromium():
        print("No Chromium was found, so the browser tests do not run; install it or point PORTAL_CHROMIUM at one.")
        return result
    print("Browser", flush=True)  # its driver keeps an event loop in each process, so it needs a separate run
    with _pytest([*_parallel(1), "tests/browser", *words]) as browser:
        return browser.wait(DEADLINE_S) or result


def _at_once(on_sqlite: list[str], on_postgresql: list[str]) -> int:
    """Run both, so that no processor idles while a server starts or the last tests end. PostgreSQL's words are shown afterwards."""
    with (
        _pytest(on_sqlite) as sqlite,
        tempfile.TemporaryFile("w+") as output,
        postgres() as url,
        _pytest(on_postgresql, output, DATABASE_URL=url) as postgresql,
    ):
        result = sqlite.wait(DEADLINE_S)
        result = postgresql.wait(DEADLINE_S) or result
        output.seek(0)
        print(f"PostgreSQL\n{output.read()}", flush=True)
    return result


def _with_mark(mark: str) -> list[str]:
    """Return the modules that have tests with this mark, but for those in a browser. Collecting all takes longer than running these."""
    marked = (path for path in (ROOT / "tests").rglob("test_*.py") if f"mark.{mark}" in path.read_text())
    return sorted(str(path) for path in marked if "browser" not in path.parts)


def _parallel(more: int = 0) -> list[str]:
    """Return the options for a process for each processor, and some more."""
    return ["-n", str((os.cpu_count() or 2) + more), "--dist", "worksteal"]


@contextmanager
def _pytest(words: list[str], output: IO[str] | None = None, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start pytest. Whatever ends this process, none is left behind."""
    # bytecode is kept: hundreds of processes start in a run, and each would compile the same modules again
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "pytest", *words]
    process = subprocess.Popen(command, cwd=ROOT, env=kept | environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
