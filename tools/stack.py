"""The portal's processes, started and stopped together: simulator, workers, web."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.migrated import ROOT, put_sqlite

__all__ = ["ROOT", "Stack", "free_port"]

READY_WITHIN_S = 120.0  # other trials may run beside
STOPPED_WITHIN_S = 35.0
RESTART_PAUSE_S = 1.0


def free_port(wanted: int = 0) -> int:
    """Return `wanted` if it is free on this machine, otherwise any free port of those that no system gives to outgoing connections."""
    others = random.sample(range(20_000, 32_000), 50)
    for port in [wanted, *others] if wanted else others:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on 127.0.0.1")


@dataclass(kw_only=True)
class Stack:
    """Simulator, workers and web, and with `mcp_port` the MCP server. Use as a context manager; `watch` keeps them running until a signal
    comes.
    """

    web_port: int = 8000
    web_host: str = "127.0.0.1"
    simulator_port: int = 9100
    environment: dict[str, str] = field(default_factory=dict)
    simulator_words: tuple[str, ...] = ()
    workers: int = 1
    mcp_port: int | None = None
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    _commands: dict[str, list[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.web_port, self.simulator_port = free_port(self.web_port), free_port(self.simulator_port)
        self.mcp_port = None if self.mcp_port is None else free_port(self.mcp_port)
        public = os.environ.get("PORTAL_PUBLIC_URL", self.url)  # the simulator calls back, as vendors do
        own = {"PORTAL_SIMULATOR_URL": self.simulator_url, "PORTAL_PUBLIC_URL": public, "PORTAL_ENVIRONMENT_ACCOUNTS": "False"}
        self.environment = {**own, **self.environment}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def _worker_names(self) -> list[str]:
        return [f"worker {number}" if self.workers > 1 else "worker" for number in range(1, self.workers + 1)]

    def prepare(self) -> str:
        """Prepare the database, static files and accounts. Return a line for each account that the environment gives."""
        if (folder := self.environment.get("PORTAL_DATA_DIR")) and not self.environment.get("DATABASE_URL"):
            put_sqlite(Path(folder) / "portal.sqlite3")
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("sandbox_accounts", "--url", self.simulator_url)
        return self.manage("environment_accounts")

    def manage(self, *words: str) -> str:
        """Run a management command and return its output; its errors go to the terminal. Raises if it fails."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | self.environment).stdout

    def __enter__(self) -> Self:
        try:
            self._start("simulator", ["-m", "providers.simulator", "--port", str(self.simulator_port), *self.simulator_words])
            for name in self._worker_names:
                self._start(name, ["manage.py", "worker"])
            self._start("web", ["-m", "gunicorn", "--bind", f"{self.web_host}:{self.web_port}"])
            self._await("web", self.web_port)
            if self.mcp_port is not None:
                self._start("mcp", ["manage.py", "mcp", "--http", f"127.0.0.1:{self.mcp_port}"])
                self._await("mcp", self.mcp_port)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _start(self, name: str, words: list[str]) -> None:
        self._commands[name] = words
        self._children[name] = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if name == "simulator" else None,
            start_new_session=True,  # Ctrl-C is for this process alone; it stops the children in order
        )

    def _await(self, which: str, port: int) -> None:
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end:
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise RuntimeError(f"the {name} process ended with {child.returncode}; its message is above")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"the {which} process did not answer within {READY_WITHIN_S:g} s")

    def watch(self) -> None:
        """Wait until SIGINT or SIGTERM. Restart a child that ends by itself."""
        stop_asked = False

        def ask(_number: int, _frame: object) -> None:
            nonlocal stop_asked
            stop_asked = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, ask)
        while not stop_asked:
            for name, child in self._children.items():
                if child.poll() is not None:
                    sys.stderr.write(f"The {name} process ended with {child.returncode}; starting it again.\n")
                    time.sleep(RESTART_PAUSE_S)
                    self._start(name, self._commands[name])
                    break
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask all to stop, the workers first; kill those that do not."""
        for name in (*self._worker_names, "mcp", "web", "simulator"):
            child = self._children.get(name)
            if child is not None and child.poll() is None:
                child.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOPPED_WITHIN_S
        for child in self._children.values():
            try:
                child.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
