"""`manage.py worker` as systemd would run it: started again whenever it ends. Nothing else here helps it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.stage import ROOT

__all__ = ["SupervisedWorker", "left_behind"]

RESTART_AFTER_S = 1.0
ROLES = ("root", "cluster", "sentinel", "pool")


class SupervisedWorker:
    """The worker, its tree of processes, and the names of their parts. Start it from the main thread: it dies with its parent."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.starts = 0
        self.seen: dict[tuple[int, float], str] = {}
        """Every process that was ever part of a tree, by pid and time of birth."""
        self._ended_at = 0.0
        self._start()

    def _start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=log)

    def tend(self) -> None:
        """Start the root again a second after its end. Call this often."""
        if self._process.poll() is None:
            self._ended_at = 0.0
        elif not self._ended_at:
            self._ended_at = time.monotonic()
        elif time.monotonic() - self._ended_at > RESTART_AFTER_S:
            self._start()

    def tree(self) -> list[tuple[str, psutil.Process]]:
        """Return its living processes, each with its role: root, cluster, sentinel, pool (workers, pusher, monitor) or media."""
        try:
            root = psutil.Process(self._process.pid)
            found = [("root", root), *self._below(root, 1)] if self._process.poll() is None else []
        except psutil.NoSuchProcess:
            return []
        for role, process in found:
            self.seen.setdefault((process.pid, _born(process)), role)
        return found

    def _below(self, parent: psutil.Process, depth: int) -> list[tuple[str, psutil.Process]]:
        found = []
        try:
            for child in parent.children():
                found += [(ROLES[depth] if depth < len(ROLES) else "media", child), *self._below(child, depth + 1)]
        except psutil.NoSuchProcess:
            pass
        return found

    def pool_of(self, cluster: str) -> list[psutil.Process]:
        """Return workers, pusher and monitor of one cluster."""
        return [process for role, process in self.tree() if role == "pool" and _cluster_of(process) == cluster]

    def survivors(self) -> list[str]:
        """Return the processes of any tree that still live."""
        return [f"{role} {pid}" for (pid, born), role in self.seen.items() if pid != self._process.pid and _lives(pid, born)]

    def kill(self) -> None:
        """Send SIGKILL to the root; `tend` starts it again."""
        self.tree()
        self._process.kill()

    def stop(self, within_s: float = 40.0) -> float:
        """Send SIGTERM, as a deployment does. Return the seconds until it was gone; raise `subprocess.TimeoutExpired`."""
        self.tree()
        began = time.monotonic()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        return time.monotonic() - began

    def restarted_clusters(self) -> int:
        """Return how often the watchdog restarted a cluster."""
        return self.log.read_text(errors="replace").count("restarting cluster ")


def _born(process: psutil.Process) -> float:
    try:
        return process.create_time()
    except psutil.NoSuchProcess:
        return 0.0


def _lives(pid: int, born: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.create_time() == born and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _cluster_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("Q_CLUSTER_NAME", "")
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return ""


def left_behind(worker: SupervisedWorker, data_folder: str) -> list[str]:
    """Return what is left of the tree a few seconds after its orderly stop; a media child may finish the file in hand."""
    until = time.monotonic() + 30
    while (left := [*worker.survivors(), *(f"stray {pid}" for pid in _strays(data_folder))]) and time.monotonic() < until:
        time.sleep(0.5)
    return left


def _strays(data_folder: str) -> list[int]:
    """Return the processes of this stage's worker, whatever their parents are now."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("PORTAL_DATA_DIR") == data_folder
            if mine and process.pid != os.getpid() and {"worker", "cluster"} & set(process.cmdline()[1:]):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue
    return found
