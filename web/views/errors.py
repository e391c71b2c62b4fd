"""Answers to requests that are refused before they reach a view, or that failed because the database or the storage did not answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.views import defaults

from delivery.database_trouble import is_passing
from delivery.request_ids import current_id
from generation.errors import BUSY_FOR_S, is_full_disk
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


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer a form whose token is stale, usually after a long pause or a sign-out elsewhere."""
    return render(request, "403_csrf.html", status=403)


def _refusal(request: HttpRequest, code: str, words: Promise) -> HttpResponse:
    """Answer a script with a toast, a program with JSON, a person with a page. The page is rendered without the request, because context
    processors would query the database.
    """
    status, heading = REFUSALS[code]
    if wants_fragment(request):
        response = toast(str(words), messages.ERROR, status)
    elif request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        response = JsonResponse({"error": {"code": code, "message": str(words), "fields": {}, "request_id": current_id()}}, status=status)
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
    """Middleware that answers "try again" instead of "something broke" when a lock was held, the connection was lost or the storage did
    not answer.

    If the database ended the connection, it repeats a request that only reads, on a fresh one.
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
        return _refusal(request, "busy", BUSY) if is_passing(request, error) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer every other error, also one outside the views, such as in the session's own queries."""
    error = sys.exc_info()[1]
    if is_passing(request, error):
        return _refusal(request, "busy", BUSY)
    return _refusal(request, "storage_full", FULL_DISK) if is_full_disk(error) else defaults.server_error(request)
