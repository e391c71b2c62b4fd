"""The simulator's only source of time. No other module may read the system's clock, except to check a caller's signature."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Clock:
    """Wall time plus what a test has added; the source is a value so that tests can stop it."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead_s = 0.0

    def now(self) -> float:
        return self._source() + self._ahead_s

    def advance(self, seconds: float) -> None:
        self._ahead_s += seconds

    def reset(self) -> None:
        self._ahead_s = 0.0


def beijing_text(moment: float) -> str:
    """Return `2026-01-01 10:00:00.120`: Beijing time without zone, as DashScope writes it."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(BEIJING)
    return local.strftime("%Y-%m-%d %H:%M:%S.") + f"{local.microsecond // 1000:03d}"


def milliseconds(moment: float) -> int:
    return int(moment * 1000)
