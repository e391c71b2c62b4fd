"""Finds who calls the API: a program with a token, or a person who is signed in on our pages."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer

from access.callers import Caller, caller_of
from access.tokens import authenticate

__all__ = ["BearerToken", "SignedInPage", "caller"]


def caller(request: HttpRequest) -> Caller:
    """Return whom the API's authentication found. Only for operations that have one."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


class BearerToken(HttpBearer):
    """`Authorization: Bearer vp_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        row = authenticate(token)
        if row is None:
            return None
        request.user = row.owner
        return caller_of(request, token=row)


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check without its page, because the API answers in JSON."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002
        return HttpResponseForbidden()

    @classmethod
    def refuses(cls, request: HttpRequest) -> bool:
        check = cls(lambda request: HttpResponse())  # noqa: ARG005
        request.csrf_processing_done = False  # type: ignore[attr-defined]
        check.process_request(request)
        return check.process_view(request, HttpResponse, (), {}) is not None


class SignedInPage(APIKeyCookie):
    """The session of our pages, with Django's CSRF check. It is ignored if the request has a token."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        if _CsrfCheck.refuses(request):
            raise HttpError(403, _("Reload the page: its protection against forged requests is stale."))
        return caller_of(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return caller_of(request) if key and request.user.is_authenticated else None
