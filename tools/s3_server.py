"""An S3 server for tests and for `make run STORAGE=s3`: moto's, in a separate process. Its objects are in its memory and end with it.

moto checks no signatures; `tools/oss_server` does. Requests at `/moto-api/` show and reset what it holds.
"""

from __future__ import annotations

import argparse
import logging
import select
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["ACCESS_KEY_ID", "BUCKET", "REGION", "SECRET_ACCESS_KEY", "S3ServerProcess"]

ACCESS_KEY_ID, SECRET_ACCESS_KEY = "s3-for-tests", "a-secret-for-tests"
BUCKET, REGION = "team-videos", "us-east-1"
READY = "S3 server: "
ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 30
STOPPED_WITHIN_S = 10


class S3ServerProcess:
    """`with S3ServerProcess() as s3:` then `s3.url` is an endpoint with the bucket `team-videos`, on a free port or the given one."""

    def __init__(self, *, port: int = 0) -> None:
        self.port, self.url = port, ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tools.s3_server", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], READY_WITHIN_S)
        line = self._process.stdout.readline() if readable else ""
        if not line.startswith(READY):
            self.stop()
            raise RuntimeError(f"the S3 server did not start; it said {line!r}")
        self.url = line.removeprefix(READY).strip()
        self._make_bucket()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it has nothing to put in order
        process.wait(STOPPED_WITHIN_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def reset(self) -> None:
        """Delete everything, then make the bucket again."""
        self._send("POST", "/moto-api/reset")
        self._make_bucket()

    def _make_bucket(self) -> None:
        self._send("PUT", f"/{BUCKET}")

    def _send(self, method: str, path: str) -> None:
        request = urllib.request.Request(f"{self.url}{path}", data=b"", method=method)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=30):  # noqa: S310
            pass


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.s3_server", description=__doc__)
    parser.add_argument("--port", type=int, default=9300, help="0: any free one")
    words = parser.parse_args()
    from moto.server import ThreadedMotoServer  # takes a second to import, which whoever starts the process does not need

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=words.port, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"{READY}http://{host}:{port}", flush=True)
    sys.stdin.read()  # until whoever started it ends


if __name__ == "__main__":
    main()
