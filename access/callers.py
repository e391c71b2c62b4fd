"""The caller of a request: a person at a page or a program with a token, and its address."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest

from access.models import ApiToken

__all__ = ["Caller", "caller_of"]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The user in whose name a request is made. `token` is None for a person at a page, `ip` empty for a command on the server."""

    user: User
    token: ApiToken | None = None
    ip: str = ""


def caller_of(request: HttpRequest, *, token: ApiToken | None = None) -> Caller:
    """Return who sent this request: the token's owner, or else the person who is signed in."""
    user = token.owner if token else request.user
    assert isinstance(user, User), "views and operations without a caller do not ask for one"
    return Caller(user=user, token=token, ip=request.META.get("REMOTE_ADDR", ""))
