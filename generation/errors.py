"""What the engine raises, and how to recognise a database that is locked, away or full. See providers.core.errors for providers' errors."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

from generation.media.prepare import NO_ROOM

__all__ = [
    "BUSY_FOR_S",
    "Busy",
    "Conflict",
    "InvalidRequest",
    "LostRace",
    "NotAllowed",
    "NotThere",
    "OrdersRefused",
    "PortalError",
    "is_cut_off",
    "is_full_disk",
    "is_held_lock",
    "is_taken",
]

BUSY_FOR_S = 5
"""Retry-After of what may succeed in a moment, in seconds. The database ends an idle transaction, and with it its locks, after 20 s."""
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


DISK_FULL_STATE = "53100"
"""PostgreSQL's disk_full."""


def is_full_disk(error: BaseException | None) -> bool:
    """Return whether a disk, a quota or the database's disk has no room, so that nothing was stored."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    cause = getattr(error, "__cause__", None)
    full = getattr(cause, "sqlstate", None) == DISK_FULL_STATE or getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
    return isinstance(error, DatabaseError) and full


class PortalError(Exception):
    """Base: `code` is a stable slug for API, database and UI; the message says what to do; `status` is what HTTP calls it."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code


class InvalidRequest(PortalError):
    """The request is not valid; `fields` maps a field's path to what is wrong with it."""

    code = "invalid_request"
    status = 422

    def __init__(self, message: str, *, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.fields = dict(fields or {})


class Conflict(PortalError):
    """The row is not in a state in which this can be done."""

    code = "conflict"
    status = 409


class OrdersRefused(PortalError):
    """Some of many orders cannot be taken, so none was stored: `errors` has an `InvalidRequest` or `Conflict` by the order's index."""

    status = 422

    def __init__(self, errors: Mapping[int, PortalError]) -> None:
        first = next(iter(errors.values()))
        super().__init__(first.message, code=first.code)
        self.errors = dict(errors)


class NotThere(PortalError):
    """There is no such row, or the caller may not see it."""

    code = "not_found"
    status = 404


class NotAllowed(PortalError):
    """This person may see it, and may not do this."""

    code = "not_allowed"
    status = 403


class LostRace(PortalError):
    """Another process moved the row first. The caller drops its own result or looks again."""

    code = "lost_race"
    status = 409


class Busy(PortalError):
    """Too many of these are under way. It may be tried again after `BUSY_FOR_S`."""

    code = "busy"
    status = 503
