"""Answers to requests that are refused before they reach a view, or that met a held lock or a storage that is away or full."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus

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
from generation.store import StorageUnavailable
from web.views.common import toast, wants_fragment

__all__ = ["HeldLocks", "csrf_failure", "server_error"]

PAGE_LANGUAGES = ("en", "zh-hans")
REFUSALS = {
    "busy": (503, "Busy. Try again in a moment."),
    "storage_full": (507, "The storage is full"),
    "storage_unavailable": (503, "The storage does not answer"),
}
log = logging.getLogger("web.errors")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form's protection is stale, usually after a long pause or a sign-out elsewhere."""
    return render(request, "403_csrf.html", status=403)


def _refusal(request: HttpRequest, code: str, words: Promise) -> HttpResponse:
    """For a script a toast, for a program JSON, otherwise a page. That is rendered without a request, because context processors would
    query the database.
    """
    status, heading = REFUSALS[code]
    if wants_fragment(request):
        response = toast(str(words), messages.ERROR, status)
    elif "text/html" not in request.headers.get("Accept", ""):
        response = JsonResponse({"error": {"code": code, "message": str(words), "fields": {}}}, status=status)
    else:
        facts = {"status": status, "heading": heading, "words": {language: _in(language, words) for language in PAGE_LANGUAGES}}
        response = HttpResponse(render_to_string("refused.html", facts), status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(BUSY_FOR_S)
    return response


def _in(language: str, words: Promise) -> str:
    with translation.override(language):
        return str(words)


class HeldLocks:
    """Middleware: what a held lock, a lost connection or a storage that is away kept from being done is answered by "try again", not by
    "something broke".

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
        if isinstance(error, StorageUnavailable):
            return _refusal(request, error.code, error.sentence)
        if isinstance(error, (DatabaseError, InterfaceError)) and is_passing(request, error):
            return _refusal(request, "busy", BUSY)
        return None


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for what broke; also reached by what broke outside the views, such as the session's own queries."""
    error = sys.exc_info()[1]
    if isinstance(error, (DatabaseError, InterfaceError)) and is_passing(request, error):
        return _refusal(request, "busy", BUSY)
    return _refusal(request, "storage_full", FULL_DISK) if is_full_disk(error) else defaults.server_error(request)


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
