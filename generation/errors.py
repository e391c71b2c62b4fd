"""What the engine raises, and how to recognise a full disk. See providers.core.errors for providers' errors."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError

from generation.media.prepare import NO_ROOM

__all__ = [
    "BUSY_FOR_S",
    "Busy",
    "Conflict",
    "InvalidRequest",
    "LostRace",
    "NotAllowed",
    "NotThere",
    "NotYet",
    "OrdersRefused",
    "PortalError",
    "is_full_disk",
]

BUSY_FOR_S = 5
"""Retry-After of what may succeed in a moment, in seconds. The database ends an idle transaction, and with it its locks, after 20 s."""
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


class NotYet(Conflict):
    """It cannot be done at this moment, and the same request may be sent again after `BUSY_FOR_S`."""


class OrdersRefused(PortalError):
    """Some of many orders cannot be taken, so none was stored: `errors` has what `create` would raise, by the order's index."""

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
