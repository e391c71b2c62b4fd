"""An id for each request: in the answer's `X-Request-Id`, in errors of the API and in lines of the log, so that one finds the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars, get_contextvars
from uuid_utils import uuid7

__all__ = ["HEADER", "a_request", "current_id", "identify_requests", "new_id"]

HEADER = "X-Request-Id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def new_id() -> str:
    """Return an id that no other request has: 32 hex digits, which sort by time."""
    return uuid7().hex


def current_id() -> str:
    """Return the id of the request that this thread answers, empty outside of one."""
    return str(get_contextvars().get("request", ""))


@contextmanager
def a_request(given: str = "") -> Iterator[str]:
    """Give this thread's request an id while it is answered: the caller's own, if it can be one, or else a new one."""
    request_id = given if GIVEN.fullmatch(given) else new_id()
    with bound_contextvars(request=request_id):
        yield request_id


def identify_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id: the caller's own, if it is 1 to 64 letters, digits, dots, dashes and underscores, or else a new one. The
    first middleware, so that every answer has it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        with a_request(request.META.get("HTTP_X_REQUEST_ID", "")) as request_id:
            request.request_id = request_id  # type: ignore[attr-defined]
            response = get_response(request)
        response[HEADER] = request_id
        return response

    return middleware
