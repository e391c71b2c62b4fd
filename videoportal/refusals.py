"""Answers to requests that no view answered: in the API's shape for every address below /api/, as a page for all others."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from api.errors import error_response, not_found, other_error
from web.views import errors as pages

__all__ = ["bad_request", "csrf_failure", "page_not_found", "permission_denied", "server_error"]


def _of_api(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses: for a host that is not the portal's, a broken upload, a suspicious cookie."""
    if _of_api(request):
        return error_response(400, "bad_request", _("The request cannot be read. Is the host one of the portal's (PORTAL_HOSTS)?"))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that a view or Django does not permit."""
    if _of_api(request):
        return error_response(403, "forbidden", _("You may not do this."))
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for an address that leads nowhere."""
    return not_found(request) if _of_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer every other error, also one outside of the views, such as in the session's own queries."""
    return other_error(request, sys.exc_info()[1]) if _of_api(request) else pages.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request whose CSRF token is stale or missing. Operations of the API check theirs themselves (`api.auth`)."""
    if _of_api(request):
        return error_response(403, "forbidden", _("Reload the page: its protection against forged requests is stale."))
    return pages.csrf_failure(request, reason)
