"""The database's time, by which processes of several machines compare leases, due times, permits and cooldowns."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

import psycopg
from django.db import DatabaseError, connection
from django.utils import timezone

__all__ = ["measured_now", "now"]

log = logging.getLogger("database.clock")

MEASURE_EVERY_S = 30.0
NEAR = timedelta(milliseconds=10)
"""Differences up to this are ignored."""


class _Offset:
    """What to add to this process's clock, and when that was measured, in seconds of the monotonic clock."""

    value = timedelta(0)
    measured_at = float("-inf")


def now() -> datetime:
    """Return the time of the database: on PostgreSQL the server's, measured now and then; on SQLite, which is one machine, its own."""
    if connection.vendor == "postgresql" and time.monotonic() - _Offset.measured_at > MEASURE_EVERY_S:
        _measure()
    return timezone.now() + _Offset.value


def measured_now() -> datetime | None:
    """Ask the database for its time; return None when that fails. `now` does not notice a suspended machine: the monotonic clock, by
    which it decides when to ask again, stops then.
    """
    if connection.vendor == "postgresql" and not _measure():
        return None
    return timezone.now() + _Offset.value


def _measure() -> bool:
    """Measure the offset, past Django's cursor, which counts and logs queries. Keep the last value and return False if that fails."""
    try:
        connection.ensure_connection()
        before = timezone.now()
        (there,) = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    except (DatabaseError, psycopg.Error) as error:
        log.info("the database's time is not known: %s", error)
        if not connection.in_atomic_block:
            connection.close()  # it may be dead, and Django has not seen it
        return False
    after = timezone.now()
    least, most = there - after - NEAR, there - before + NEAR  # the server read its clock somewhere between
    if not least <= _Offset.value <= most:
        _Offset.value = timedelta(0) if least <= timedelta(0) <= most else (least + most) / 2
    _Offset.measured_at = time.monotonic()
    return True
