"""What services raise. Providers' own errors are in providers.core.errors."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Conflict", "InvalidRequest", "LostRace", "NotAllowed", "NotThere", "PortalError"]


class PortalError(Exception):
    """Base: `code` is a stable slug for API, database and UI; the message says what to do; `status` is what HTTP calls it."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code


class InvalidRequest(PortalError):
    """The request cannot be taken as it is; `fields` maps a field's path to what is wrong with it."""

    code = "invalid_request"
    status = 422

    def __init__(self, message: str, *, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.fields = dict(fields or {})


class Conflict(PortalError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"
    status = 409


class NotThere(PortalError):
    """No such thing, or not for you."""

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
