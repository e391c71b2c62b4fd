"""Recognises a held lock, a lost connection and a taken key in the errors of SQLite and PostgreSQL."""

from __future__ import annotations

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

__all__ = ["is_cut_off", "is_held_lock", "is_taken"]

LOCK_STATES = frozenset({"55P03", "40P01"})
"""PostgreSQL's lock_not_available (our lock_timeout) and deadlock_detected: the transaction was rolled back."""

TAKEN_STATE = "23505"
"""PostgreSQL's unique_violation."""

CUT_OFF_STATES = ("08", "57P")
"""PostgreSQL's connection exceptions, and operator intervention: a backend was ended, the server stops or starts."""


def is_held_lock(error: OperationalError) -> bool:
    """Return whether a row, or SQLite's file, was locked for longer than we wait. Nothing was changed; it may succeed in a moment."""
    cause = error.__cause__
    sqlite = str(getattr(cause, "sqlite_errorname", ""))
    return getattr(cause, "sqlstate", None) in LOCK_STATES or sqlite.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def is_taken(error: IntegrityError) -> bool:
    """Return whether another row has this unique key."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) == TAKEN_STATE or getattr(cause, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_UNIQUE"


def is_cut_off(error: DatabaseError | InterfaceError) -> bool:
    """Return whether the connection was lost: its backend was ended, or the server is away or starting. The next one may work at once.

    psycopg gives no SQLSTATE when it finds the socket closed.
    """
    state = getattr(error.__cause__, "sqlstate", None)
    if state is not None:
        return str(state).startswith(CUT_OFF_STATES)
    return connection.vendor == "postgresql" and (connection.connection is None or connection.connection.closed)
