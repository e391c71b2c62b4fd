"""Pages for requests that are refused before they reach a view, or that met a lock which somebody holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from generation.errors import BUSY_FOR_S, is_held_lock
from generation.services.messages import BUSY
from generation.views.common import toast, wants_fragment

__all__ = ["HeldLocks", "csrf_failure"]

log = logging.getLogger("generation.pages")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form's protection is stale, usually after a long pause or a sign-out elsewhere."""
    return render(request, "403_csrf.html", status=403)


class HeldLocks:
    """Middleware: what could not be done because of a held lock is answered by "try again", not by "something broke"."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not (isinstance(error, OperationalError) and is_held_lock(error)):
            return None
        log.warning("%s %s met a lock that somebody holds: %s", request.method, request.path, error)
        response = toast(str(BUSY), messages.ERROR, 503) if wants_fragment(request) else render(request, "503.html", status=503)
        response["Retry-After"] = str(BUSY_FOR_S)
        return response
