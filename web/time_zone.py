"""Shows pages on the reader's clock and in their language: those that the person chose, or else the browser's.

main.js puts the browser's time zone into a cookie; the language of who is not signed in is Django's cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from access.preferences import LANGUAGE_KEY, SESSION_KEY, zone_names

__all__ = ["COOKIE", "reader_time_zone"]

COOKIE = "time_zone"
WITHOUT_SESSION = ("/api/", "/v/")
"""Programs, and links, which make no more than one query."""


def reader_time_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Activate the reader's time zone and language for the request. Programs get UTC and the language that they ask for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith(WITHOUT_SESSION)
        language = request.session.get(LANGUAGE_KEY, "") if has_session else ""
        if language in dict(settings.LANGUAGES):
            translation.activate(language)  # Django's own middleware activates one for each request, so this one ends with it
            request.LANGUAGE_CODE = language
        name = (request.session.get(SESSION_KEY) if has_session else "") or request.COOKIES.get(COOKIE, "")
        if name not in zone_names():  # never opened as a file unless it is known
            return get_response(request)
        with timezone.override(ZoneInfo(name)):
            return get_response(request)

    return middleware
