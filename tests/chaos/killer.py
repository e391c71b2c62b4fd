"""Kills: SIGKILL, or a pause longer than a lease, for a random process of the worker's tree at random moments."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

import psutil

from tests.chaos.supervised import SupervisedWorker

__all__ = ["Killer"]

HALF_GROWN, SPARE = 12, 0.25
"""A tree that has just begun is little more than its root; it is struck seldom, so that the root does not take most of the kills."""
PAUSE_EVERY = 12
PAUSE_S = (38.0, 58.0)


class Killer:
    """Strikes every `gap_s` on average, `most` kills in all; every twelfth strike is a pause instead and counts as no kill."""

    def __init__(self, worker: SupervisedWorker, *, most: int, gap_s: float, seed: int) -> None:
        self.worker, self.most, self.gap_s = worker, most, gap_s
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.pauses: Counter[str] = Counter()
        self._paused: list[tuple[float, psutil.Process]] = []
        self._next_at = time.monotonic()
        self._strikes = 0

    @property
    def count(self) -> int:
        return self.kills.total()

    @property
    def is_done(self) -> bool:
        return self.count >= self.most and not self._paused

    def act(self) -> None:
        """Strike if it is time, and wake what has been paused long enough. Call this often."""
        now = time.monotonic()
        self._wake(now)
        if self.count < self.most and now >= self._next_at:
            self._next_at = now + self.random.uniform(0.2, 2.0) * self.gap_s
            self._strike(now)

    def _strike(self, now: float) -> None:
        tree = self.worker.tree()
        if not tree or (len(tree) < HALF_GROWN and self.random.random() > SPARE):
            return
        role, victim = self.random.choice(tree)
        self._strikes += 1
        pause = self._strikes % PAUSE_EVERY == 3
        try:
            victim.send_signal(signal.SIGSTOP if pause else signal.SIGKILL)
        except psutil.NoSuchProcess:
            return
        if pause:
            self.pauses[role] += 1
            self._paused.append((now + self.random.uniform(*PAUSE_S), victim))
        else:
            self.kills[role] += 1

    def _wake(self, now: float) -> None:
        for wake_at, process in [*self._paused]:
            if now >= wake_at:
                self._paused.remove((wake_at, process))
                try:
                    process.send_signal(signal.SIGCONT)
                except psutil.NoSuchProcess:
                    continue
