"""Finds the token of a request in the places where clients of other APIs put it. `api.auth` checks it, as for /api/v1; here is only the
check of those that a client signed itself (`access.two_keys`), which the dialects of such clients take.
"""

from __future__ import annotations

import base64
import binascii
from functools import partial

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import Caller
from access.models import ApiToken
from access.scopes import Scope
from access.two_keys import NotSigned, authenticate_signed, is_signed
from api.auth import BearerToken, working_token
from delivery.waiting import waited_s
from generation.errors import PortalError

__all__ = ["HEADER", "NotAuthenticated", "authenticated", "given_token"]

HEADER = "x-api-key"
SCHEMES = frozenset({"bearer", "token", "apikey", "basic"})
SIGNED = {
    "signature_refused": gettext_lazy(
        "The signed token is wrong. Check the access key and the secret key. It must be signed with HS256, have iss and exp, and end "
        "within 24 hours."
    ),
    "signature_early": gettext_lazy("The signed token is not valid yet. Check the clock of the machine that signs it."),
    "signature_expired": gettext_lazy("The signed token has expired. Sign a new one, and check the clock of the machine that signs it."),
}


class NotAuthenticated(PortalError):
    """No valid token. `token_missing`, `token_unreadable` (an unknown scheme), `token_refused` or a code of `NotSigned`: some dialects
    answer them differently.
    """

    status = 401

    def __init__(self, code: str) -> None:
        super().__init__(str(SIGNED.get(code) or _("Send a valid token: “Authorization: Bearer vp_…”.")), code=code)


class SignedToken(BearerToken):
    """A token, or what a client signed with the two keys of one."""

    def find(self, request: HttpRequest, text: str) -> ApiToken | None:
        if not is_signed(text):
            return super().find(request, text)
        check = partial(authenticate_signed, late_s=waited_s(request))  # it was valid when its request came, which is what counts
        try:
            return working_token(text, ip=request.META.get("REMOTE_ADDR", ""), check=check)
        except NotSigned as refused:
            raise NotAuthenticated(refused.code) from refused


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


def authenticated(request: HttpRequest, scope: Scope, *, takes_signed: bool = False) -> Caller:
    """Return the caller, whose token must have this scope. Raises `NotAuthenticated`, and what `api.auth` raises."""
    kind = SignedToken if takes_signed else BearerToken
    found = kind(scope).authenticate(request, given_token(request))
    if found is None:
        raise NotAuthenticated("token_refused")
    return found
