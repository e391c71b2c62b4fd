"""Lets one process at a time look for rows and then write one: a row that is not there yet cannot be locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

__all__ = ["one_at_a_time"]


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Begin a transaction that waits until every other one of this name has ended, and sees what they wrote.

    On PostgreSQL by an advisory lock, which ends with the transaction. SQLite has one writer: its transactions begin as IMMEDIATE.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        yield
