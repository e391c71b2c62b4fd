"""Answers to requests that no view answered: in the shape of the API or the dialect that has the address, as a page elsewhere."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from api.errors import Failure, failure_of, not_found
from api.shapes import for_programs, refused
from web.views import errors as pages

__all__ = ["bad_request", "csrf_failure", "page_not_found", "permission_denied", "server_error"]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a request that Django refuses: for a host that is not the portal's, a broken upload, a suspicious cookie."""
    if for_programs(request.path):
        words = _("The request cannot be read. Is the host one of the portal's (PORTAL_HOSTS)?")
        return refused(request.path, Failure(status=400, code="bad_request", message=words))
    # not Django's view: it looks for the CSRF token, and so reads the form that could not be read
    return HttpResponseBadRequest(render_to_string("400.html"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that a view or Django does not permit."""
    if for_programs(request.path):
        return refused(request.path, Failure(status=403, code="forbidden", message=_("You may not do this.")))
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for an address that leads nowhere."""
    return not_found(request) if for_programs(request.path) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer every other error, also one outside of the views, such as in the session's own queries."""
    if for_programs(request.path):
        return refused(request.path, failure_of(request, sys.exc_info()[1]))
    return pages.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request whose CSRF token is stale or missing. Operations of the API check theirs themselves (`api.auth`)."""
    if for_programs(request.path):
        words = _("Reload the page: its protection against forged requests is stale.")
        return refused(request.path, Failure(status=403, code="forbidden", message=words))
    return pages.csrf_failure(request, reason)
