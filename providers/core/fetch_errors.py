"""What can go wrong while something is fetched from a URL that somebody else chose.

    FetchError(message, *, code)
    ├─ OurLimit     the file may well be there, a setting of ours keeps us from it   retryable
    │   ├─ Blocked      our network policy: address, port, plain http
    │   └─ TooLarge     more bytes than the caller allows
    ├─ BadAddress   the URL cannot be read, has no http scheme, or redirects without end
    ├─ Denied       the server says no in another way (4xx)
    │   ├─ NotFound     404
    │   ├─ Gone         410
    │   └─ Expired      401, 403: a signed URL past its time
    ├─ WrongType    a page, JSON, encoded or empty body where a file was asked
    ├─ Cut          the body ended early, stalled or changed               retryable
    ├─ TooSlow      the fetch passed its deadline, or fell below its rate  retryable
    └─ Unavailable  no name, no connection, TLS failure, 429, 5xx          retryable

An `OurLimit` says nothing about the file, so it never means that the file is gone; it is retryable because the same address works once
the setting is changed. Callers branch on the type, `retryable` and `code`. Messages name the host, never the path or query: signed URLs
are secrets.
No behaviour lives here.
"""

from typing import ClassVar

__all__ = [
    "BadAddress",
    "Blocked",
    "Cut",
    "Denied",
    "Expired",
    "FetchError",
    "Gone",
    "NotFound",
    "OurLimit",
    "TooLarge",
    "TooSlow",
    "Unavailable",
    "WrongType",
]


class FetchError(Exception):
    """The file was not fetched; what was written so far is of no use."""

    default_code: ClassVar[str] = "fetch_failed"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str | None = None, http_status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.http_status = http_status


class OurLimit(FetchError):
    """A setting of this installation kept us from the file; the server said nothing about it."""

    retryable = True


class Blocked(OurLimit):
    """Our network policy refuses the address, the port or plain http."""

    default_code = "blocked_address"


class TooLarge(OurLimit):
    """The body is larger than the caller allows."""

    default_code = "too_large"


class BadAddress(FetchError):
    """The URL cannot be followed."""

    default_code = "bad_url"


class Denied(FetchError):
    """The server answered that it will not give the file."""

    default_code = "refused"


class NotFound(Denied):
    """The server knows no such file."""

    default_code = "not_found"


class Gone(Denied):
    """The server had the file and deleted it."""

    default_code = "gone"


class Expired(Denied):
    """The signed URL is no longer accepted."""

    default_code = "expired"


class WrongType(FetchError):
    """The body is not the kind of file that was asked for."""

    default_code = "wrong_type"


class Cut(FetchError):
    """The body ended, stalled or changed before its announced end."""

    default_code = "cut"
    retryable = True


class TooSlow(FetchError):
    """The deadline of the whole fetch passed, or too little arrived."""

    default_code = "too_slow"
    retryable = True


class Unavailable(FetchError):
    """The server could not be reached or is in trouble."""

    default_code = "unavailable"
    retryable = True
