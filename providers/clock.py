"""The database's time, by which processes of several machines compare leases, due times, permits and cooldowns."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

import psycopg
from django.db import DatabaseError, connection
from django.utils import timezone

__all__ = ["measured_now", "now"]

log = logging.getLogger("providers.clock")

MEASURE_EVERY_S = 30.0
NEAR = timedelta(milliseconds=10)
"""Clocks so near to each other are taken as one. So are those whose difference is within the time that the question took."""


class _Offset:
    """What to add to this process's clock, and when that was measured, in seconds of the monotonic clock."""

    value = timedelta(0)
    measured_at = float("-inf")


def now() -> datetime:
    """Return the time of the database: on PostgreSQL the server's, measured now and then; on SQLite, which is one machine, its own."""
    if connection.vendor == "postgresql" and time.monotonic() - _Offset.measured_at > MEASURE_EVERY_S:
        _measure()
    return timezone.now() + _Offset.value


def measured_now() -> datetime:
    """Return the time of the database, asked for at this moment: a machine that was suspended wakes with the clock of before."""
    if connection.vendor == "postgresql":
        _measure()
    return now()


def _measure() -> None:
    """Measure the offset, past Django's cursor, which counts and logs queries. The last value stays where it cannot be measured."""
    try:
        connection.ensure_connection()
        before = timezone.now()
        (there,) = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    except (DatabaseError, psycopg.Error) as error:
        log.info("the database's time is not known: %s", error)
        return
    after = timezone.now()
    same = before - NEAR <= there <= after + NEAR
    _Offset.value = timedelta(0) if same else there - (before + (after - before) / 2)
    _Offset.measured_at = time.monotonic()
