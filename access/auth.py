"""Who is calling the API: a program with a token, or a person signed in on our own pages. Rules about rows live with the rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from access.models import ApiToken
from access.tokens import authenticate

__all__ = ["BearerToken", "Caller", "SignedInPage", "caller"]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """In whose name a request is made; `token` is None for a person at a page."""

    user: User
    token: ApiToken | None = None


def caller(request: HttpRequest) -> Caller:
    """Whom the API's authentication found. Only for operations that have one."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


class BearerToken(HttpBearer):
    """`Authorization: Bearer vp_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        row = authenticate(token)
        if row is None:
            return None
        request.user = row.owner
        return Caller(user=row.owner, token=row)


class SignedInPage(APIKeyCookie):
    """The session of our own pages, with Django's CSRF check. A request that brings a token stands or falls by the token."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> Caller | None:
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        self._get_key(request)  # raises when a writing request has no CSRF token
        return Caller(user=request.user)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return Caller(user=request.user) if key and request.user.is_authenticated else None
