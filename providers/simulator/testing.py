"""`SimulatorProcess`: a simulator for a test or a benchmark, in a separate process, which ends with the block."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from providers.simulator.server import READY

_ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 30
_STOPPED_WITHIN_S = 10


class SimulatorProcess:
    """`with SimulatorProcess() as simulator:` then `simulator.base("kling")` is a base URL for an account.

    By default it renders fast and serves one tiny clip for all tasks of a length.
    """

    def __init__(self, *, queue_s: float = 0.05, render_s: float = 0.2, media: str = "tiny") -> None:
        timing = ["--queue-s", str(queue_s), "--render-s", str(render_s)]
        self._command = [sys.executable, "-m", "providers.simulator", "--with-parent", "--port", "0", "--media", media, *timing]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def base(self, host: str) -> str:
        """Return the base URL that replaces a vendor's host: `kling`, `dmxapi`, `dashscope`."""
        return f"{self.url}/hosts/{host}"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert self._process.stdout is not None
            readable, _, _ = select.select([self._process.stdout], [], [], _READY_WITHIN_S)
            line = self._process.stdout.readline() if readable else ""
            if not line.startswith(READY):
                raise RuntimeError(f"the simulator did not start; it said {line!r}")
            self.url = line.removeprefix(READY).strip()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        process = self._process
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
        self._process = None

    def ledger(self, *, entries: bool = True) -> dict[str, Any]:
        """Return `count`, `by_prompt`, `by_reference`, `paid_twice` and `entries` of all paid submits."""
        return self.control("ledger" if entries else "ledger?entries=0")

    def requests(self) -> dict[str, Any]:
        """Return the last `requests`, `polls` and `callbacks`."""
        return self.control("requests")

    def stats(self) -> dict[str, Any]:
        return self.control("stats")

    def faults(self, vendor: str, fault: str, count: int = 1) -> None:
        """Let the fault strike the next `count` requests of its kind at that vendor's host."""
        self.control("faults", {"vendor": vendor, "fault": fault, "count": count})

    def advance(self, seconds: float) -> None:
        self.control("clock", {"advance_s": seconds})

    def settings(self, **changes: Any) -> None:
        """Change any of `tuning.Tuning`."""
        self.control("settings", changes)

    def reset(self) -> None:
        self.control("reset", {})

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET without a body, POST with one. Raise ValueError with the simulator's words when it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_control/{path}", data=data)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
                answer: dict[str, Any] = json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(error.read().decode()) from error
        return answer
