"""`manage.py worker`: the clock, four django-q2 clusters, and a watchdog; one process tree that ends together.

Each cluster is a child with a separate process group. A killed idle process of a cluster may keep a queue's lock and freeze the rest while
everything looks alive (django-q2 issue 23), so the watchdog sends each cluster beats, which must be taken, run and acknowledged. The group
of a frozen or dead cluster is killed and restarted; the rows bring its work back.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections

from jobs import busy_locks, queue
from jobs.parent_death import die_with_parent
from jobs.wiring import Periodic, wiring

__all__ = ["Worker", "run_cluster"]

log = logging.getLogger("jobs.worker")

ROUND_S = 0.1
"""How often the clock checks whether a function is due."""
WATCH_EVERY_S = 1.0
"""How often it checks the clusters, and retries while the database is away."""
BEAT_EVERY_S = 5.0
FROZEN_AFTER_S = 20.0
MOST_PATIENCE_S = 320.0
"""A cluster that was frozen again before its first sign of life gets twice as long, up to this: on an overloaded machine it may need
minutes to start, and each restart only adds to the load."""
CUT_OFF_AFTER_S = 60.0
"""How long a frozen cluster whose processes still work on something may finish that."""
STOP_WITHIN_S = 25.0


@dataclass(kw_only=True)
class Pulse:
    """The watchdog's view of one cluster: when the last beat was sent, and whether it is unanswered. Seconds of a monotonic clock."""

    sent_at: float = 0.0
    is_out: bool = False
    patience_s: float = FROZEN_AFTER_S

    def silent_s(self, now: float) -> float:
        """Return how long a beat has been waiting."""
        return now - self.sent_at if self.is_out else 0.0

    def is_due(self, now: float) -> bool:
        """Return whether it is time for the next beat."""
        return not self.is_out and now - self.sent_at > BEAT_EVERY_S

    def is_frozen(self, now: float, *, busy: int, workers: int) -> bool:
        """Return whether the beat is overdue: soon if no worker is busy, later if some are, never while all are (jobs have time limits)."""
        if self.silent_s(now) < self.patience_s or busy >= workers:
            return False
        return busy == 0 or self.silent_s(now) > max(CUT_OFF_AFTER_S, self.patience_s)


class ClusterProcess:
    """One django-q2 cluster as a child process, and its pulse."""

    def __init__(self, name: str, instance: str, folder: Path) -> None:
        self.name = name
        self.instance = instance
        self.folder = folder / name
        self.start()

    def start(self, patience_s: float = FROZEN_AFTER_S) -> None:
        self.pulse = Pulse(sent_at=time.monotonic(), patience_s=patience_s)
        self.folder.mkdir(parents=True, exist_ok=True)
        queue.drop_beats(self.name, self.instance)
        environment = os.environ | {
            "Q_CLUSTER_NAME": self.name,
            "PORTAL_INSTANCE": self.instance,
            "PORTAL_BUSY_LOCKS_DIR": str(self.folder),
            "PORTAL_PARENT_PID": str(os.getpid()),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "cluster"],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        log.info("cluster %s is process %d", self.name, self.process.pid)

    def watch(self, now: float) -> None:
        """Restart the cluster if it is dead or frozen; otherwise check and send its beats."""
        if self.process.poll() is not None:
            self._restart(f"it ended with {self.process.returncode}")
            return
        if self.pulse.is_out and not queue.beat_is_waiting(self.name, self.instance):
            self.pulse = Pulse(sent_at=self.pulse.sent_at)
        if self.pulse.is_frozen(now, busy=busy_locks.count_busy(self.folder), workers=queue.workers_of(self.name)):
            self._restart(f"no sign of life for {self.pulse.silent_s(now):.0f} s", min(2 * self.pulse.patience_s, MOST_PATIENCE_S))
        elif self.pulse.is_due(now):
            self.pulse = replace(self.pulse, sent_at=now, is_out=True)
            queue.send_beat(self.name, self.instance)

    def _restart(self, why: str, patience_s: float = FROZEN_AFTER_S) -> None:
        log.warning("restarting cluster %s: %s", self.name, why)
        self.kill()
        self.start(patience_s)

    def kill(self) -> None:
        """Kill the whole group. Its unfinished work will be due again."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask_to_stop(self) -> None:
        """Ask the main process to stop: it lets its workers finish their jobs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self, deadline: float) -> None:
        """Wait until the deadline (monotonic seconds), then kill what is left."""
        try:
            self.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            log.warning("cluster %s did not stop in time", self.name)
        self.kill()


class Worker:
    """The clock and the watchdog, in one loop of one process."""

    def __init__(self) -> None:
        self.instance = queue.instance_id()
        self.stopping = False
        self.watched_at = float("-inf")
        self.called_at = {one: float("-inf") if one.at_start else time.monotonic() for one in wiring().periodic}

    def run(self) -> None:
        """Run until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        die_with_parent()
        os.environ["PORTAL_INSTANCE"] = self.instance
        with busy_locks.new_folder() as folder:
            queue.release_of_the_dead()
            clusters = [ClusterProcess(name, self.instance, folder) for name in queue.CLUSTERS]
            try:
                while not self.stopping:
                    self._round(clusters)
            finally:
                self._stop(clusters)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.stopping = True

    def _round(self, clusters: list[ClusterProcess]) -> None:
        started, pause_s = time.monotonic(), ROUND_S
        close_old_connections()
        try:
            for periodic, called_at in self.called_at.items():
                if started - called_at >= periodic.every_s:
                    self.called_at[periodic] = started
                    _call(periodic)
        except DatabaseError as error:  # the database is away or busy: the next round tries again
            log.warning("round failed: %s", error)
            pause_s = WATCH_EVERY_S
        try:
            if started - self.watched_at >= WATCH_EVERY_S:
                self.watched_at = started
                for cluster in clusters:
                    cluster.watch(time.monotonic())
        except DatabaseError as error:
            log.warning("the clusters cannot be watched: %s", error)
        time.sleep(max(pause_s - (time.monotonic() - started), 0.0))

    def _stop(self, clusters: list[ClusterProcess]) -> None:
        log.info("stopping; running jobs have %d s", STOP_WITHIN_S)
        deadline = time.monotonic() + STOP_WITHIN_S
        for cluster in clusters:
            cluster.ask_to_stop()
        for cluster in clusters:
            cluster.stop(deadline)
        with suppress(DatabaseError):
            wiring().at_stop()


def _call(periodic: Periodic) -> None:
    """Call the function. A fault of its own rows is logged, so that it stops no other function; raise if the database is away or busy."""
    try:
        periodic.call()
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        log.exception("a function of the clock failed; it is called again in %g s", periodic.every_s)


def run_cluster() -> None:
    """Run one django-q2 cluster whose processes all die with their parents (`manage.py cluster`)."""
    from django_q.cluster import Cluster

    die_with_parent(int(os.environ.get("PORTAL_PARENT_PID", "0")) or None)
    cluster: Any = Cluster()
    cluster.start()
    cluster.sentinel.join()
