"""`OssServerProcess`: an OSS server in a separate process, which ends with the block."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "BUCKET", "DOMAIN", "READY", "REGION", "TEMPORARY_KEY", "OssServerProcess"]

ACCESS_KEY_ID = "LTAI-for-tests"
ACCESS_KEY_SECRET = "a-secret-for-tests"  # noqa: S105 - of a server on this machine
BUCKET = "team-videos"
DOMAIN = "media.localhost"
REGION = "cn-hangzhou"
TEMPORARY_KEY = ("STS.for-tests", "a-temporary-secret", "a-token-for-tests")
READY = "OSS server: "

_ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 30
_STOPPED_WITHIN_S = 10


class OssServerProcess:
    """`with OssServerProcess() as oss:` then `oss.url` is an endpoint with the bucket `team-videos`.

    Without `folder` the objects lie in a temporary one. `stop` and `start` again keep the port and the objects: the bucket was away.
    """

    def __init__(self, *, folder: Path | None = None, port: int = 0) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="oss-server-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.port, self.url = port, ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def domain(self) -> str:
        """Return an address at a custom domain of the bucket. Browsers find it; other clients need `url` as their proxy."""
        return f"http://{DOMAIN}:{self.port}"

    def start(self) -> None:
        """Start it. Raises RuntimeError if it does not say that it is ready."""
        command = [sys.executable, "-m", "tools.oss_server", "--port", str(self.port), "--folder", str(self.folder)]
        command += ["--token", ":".join(TEMPORARY_KEY), "--with-parent"]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _READY_WITHIN_S)
        line = self._process.stdout.readline() if readable else ""
        if not line.startswith(READY):
            self.stop()
            raise RuntimeError(f"the OSS server did not start; it said {line!r}")
        self.url = line.removeprefix(READY).strip()
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    def fault(self, fault: str, **more: Any) -> None:
        """Order a fault; `tools/oss_server/faults.py` lists them. `operation="PutObject"`, `key="videos/*"`, `count=2`..."""
        self.control("faults", {"fault": fault, **more})

    def state(self) -> dict[str, Any]:
        """Return `faults`, `requests` and those `under_way` (a count for each operation), and `log`."""
        return self.control("state")

    def objects(self) -> dict[str, dict[str, Any]]:
        """Return what lies in the bucket: key to `size`, `etag`, `crc`, `path`, `headers`, `kind`."""
        return {entry["key"]: entry for entry in self.control("objects")[BUCKET]}

    def bucket(self, name: str = BUCKET, **changes: Any) -> None:
        """Make a bucket, or change its `acl` or `cors`."""
        self.control("bucket", {"name": name, **changes})

    def advance(self, seconds: float) -> None:
        self.control("clock", {"advance_s": seconds})

    def age(self, seconds: float) -> None:
        """Make everything in the buckets so much older."""
        self.control("age", {"seconds": seconds})

    def reset(self) -> None:
        self.control("reset", {})

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET without a body, POST with one. Raises ValueError with the server's words when it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_control/{path}", data=data)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
                answer: dict[str, Any] = json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(error.read().decode()) from error
        return answer
