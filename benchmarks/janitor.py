"""`python -m benchmarks.janitor FOLDER`: waits until standard input ends, that is, until its parent ends in whatever way. Then it stops the
PostgreSQL that is left in the stage's folder and removes the folder: server and files outlive a parent that was killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 10


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    sys.stdin.read()
    _stop_postgres(folder / "pg" / "postmaster.pid")
    shutil.rmtree(folder, ignore_errors=True)


def _stop_postgres(pid_file: Path) -> None:
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split()[0])
    try:
        os.kill(pid, signal.SIGQUIT)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.1)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
