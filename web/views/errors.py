"""Pages for requests that are refused before they reach a view, or that met a lock which somebody holds."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.contrib import messages
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.views import defaults

from generation.errors import BUSY_FOR_S, is_cut_off, is_full_disk, is_held_lock
from generation.messages import BUSY, FULL_DISK
from web.views.common import toast, wants_fragment

__all__ = ["HeldLocks", "csrf_failure", "server_error"]

PAGE_LANGUAGES = ("en", "zh-hans")
log = logging.getLogger("web.errors")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form's protection is stale, usually after a long pause or a sign-out elsewhere."""
    return render(request, "403_csrf.html", status=403)


def _busy_page() -> HttpResponse:
    """Rendered without a request, because context processors would query the database."""
    facts = {"busy": {code: _in(code, BUSY) for code in PAGE_LANGUAGES}}
    return HttpResponse(render_to_string("503.html", facts), status=503)


def _in(language: str, words: Promise) -> str:
    with translation.override(language):
        return str(words)


class HeldLocks:
    """Middleware: what could not be done because of a held lock or a lost connection is answered by "try again", not by "something broke".

    What only reads is tried once more on a fresh connection when the database ended the old one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if hasattr(request, "connection_lost"):
            connection.close()
            if request.method in ("GET", "HEAD"):
                response = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, (DatabaseError, InterfaceError)) or not is_passing(request, error):
            return None
        response = toast(str(BUSY), messages.ERROR, 503) if wants_fragment(request) else _busy_page()
        response["Retry-After"] = str(BUSY_FOR_S)
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for what broke; also reached by what broke outside the views, such as the session's own queries."""
    error = sys.exc_info()[1]
    if isinstance(error, (DatabaseError, InterfaceError)) and is_passing(request, error):
        response = _busy_page()
        response["Retry-After"] = str(BUSY_FOR_S)
        return response
    return _full_disk(request) if is_full_disk(error) else defaults.server_error(request)


def _full_disk(request: HttpRequest) -> HttpResponse:
    if wants_fragment(request):
        return toast(str(FULL_DISK), messages.ERROR, 507)
    if "text/html" not in request.headers.get("Accept", ""):  # a script that uploads
        return JsonResponse({"error": {"code": "storage_full", "message": str(FULL_DISK), "fields": {}}}, status=507)
    facts = {"full": {code: _in(code, FULL_DISK) for code in PAGE_LANGUAGES}}
    return HttpResponse(render_to_string("507.html", facts), status=507)


def is_passing(request: HttpRequest, error: DatabaseError | InterfaceError) -> bool:
    """Return whether the request may succeed in a moment, and mark it when its connection was lost."""
    if isinstance(error, OperationalError) and is_held_lock(error):
        log.warning("%s %s met a lock that somebody holds: %s", request.method, request.path, error)
        return True
    if is_cut_off(error):
        log.warning("%s %s lost the database: %s", request.method, request.path, error)
        request.connection_lost = True  # type: ignore[attr-defined]
        return True
    return False
