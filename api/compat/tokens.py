"""Finds the token of a request in the places where clients of other APIs put it. `api.auth` checks it, as for /api/v1."""

from __future__ import annotations

import base64
import binascii

from django.http import HttpRequest
from django.utils.translation import gettext as _

from access.callers import Caller
from access.scopes import Scope
from api.auth import BearerToken
from generation.errors import PortalError

__all__ = ["HEADER", "NotAuthenticated", "authenticated", "given_token"]

HEADER = "x-api-key"
SCHEMES = frozenset({"bearer", "token", "apikey", "basic"})


class NotAuthenticated(PortalError):
    """No valid token. `token_missing`, `token_unreadable` (an unknown scheme) or `token_refused`: some dialects answer them differently."""

    status = 401

    def __init__(self, code: str) -> None:
        super().__init__(_("Send a valid token: “Authorization: Bearer vp_…”."), code=code)


def given_token(request: HttpRequest) -> str:
    """Return the text of the token: Bearer, Replicate's Token, SciTiger's ApiKey, Basic (`http://x:TOKEN@host`, or the token as the name),
    `x-api-key`.

    Raises `NotAuthenticated`.
    """
    header = request.headers.get("Authorization", "").strip()
    if not header:
        if key := request.headers.get(HEADER, "").strip():
            return key
        raise NotAuthenticated("token_missing")
    scheme, _space, value = header.partition(" ")
    if scheme.lower() not in SCHEMES or not value.strip():
        raise NotAuthenticated("token_unreadable")
    return _password(value.strip()) if scheme.lower() == "basic" else value.strip()


def _password(encoded: str) -> str:
    try:
        name, _colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise NotAuthenticated("token_unreadable") from error
    return password or name


def authenticated(request: HttpRequest, scope: Scope) -> Caller:
    """Return the caller, whose token must have this scope. Raises `NotAuthenticated`, and what `api.auth` raises."""
    found = BearerToken(scope).authenticate(request, given_token(request))
    if found is None:
        raise NotAuthenticated("token_refused")
    return found
