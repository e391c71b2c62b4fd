"""Pages for requests that are refused before they reach a view, or that met a lock which somebody holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import Promise

from generation.errors import BUSY_FOR_S, is_held_lock
from generation.services.messages import BUSY
from generation.views.common import toast, wants_fragment

__all__ = ["HeldLocks", "csrf_failure"]

PAGE_LANGUAGES = ("en", "zh-hans")
log = logging.getLogger("generation.pages")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form's protection is stale, usually after a long pause or a sign-out elsewhere."""
    return render(request, "403_csrf.html", status=403)


def _busy_page(request: HttpRequest) -> HttpResponse:
    return render(request, "503.html", {"busy": {code: _in(code, BUSY) for code in PAGE_LANGUAGES}}, status=503)


def _in(language: str, words: Promise) -> str:
    with translation.override(language):
        return str(words)


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
        response = toast(str(BUSY), messages.ERROR, 503) if wants_fragment(request) else _busy_page(request)
        response["Retry-After"] = str(BUSY_FOR_S)
        return response
