"""The caller of a request: a person at a page or a program with a token, and its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User
from django.http import HttpRequest

from access.models import ApiToken
from access.scopes import Scope

__all__ = ["Caller", "caller_of"]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The user in whose name a request is made. `token` is None for a person at a page, `ip` empty for a command on the server."""

    user: User
    token: ApiToken | None = None
    ip: str = ""

    def has(self, scope: Scope) -> bool:
        """Return whether this may be asked with the token; a person at a page has every scope."""
        return self.token is None or scope in self.token.scopes

    @cached_property
    def teams(self) -> Mapping[int, str]:
        """Return the names of the user's groups, each of which is a team, by id and in order. One query, at the first use."""
        return dict(self.user.groups.order_by("name").values_list("pk", "name"))

    @property
    def sees_others(self) -> bool:
        """Return whether lists have rows of others: of everybody for staff, of their teams for members."""
        return (self.user.is_staff and self.has(Scope.ADMIN)) or bool(self.teams)


def caller_of(request: HttpRequest, *, token: ApiToken | None = None) -> Caller:
    """Return who sent this request: the token's owner, or else the person who is signed in."""
    user = token.owner if token else request.user
    assert isinstance(user, User), "views and operations without a caller do not ask for one"
    known: Caller | None = getattr(request, "caller", None)  # one for a request, so that its teams are read once
    if known is None or known.user is not user or known.token is not token:
        known = Caller(user=user, token=token, ip=request.META.get("REMOTE_ADDR", ""))
        request.caller = known  # type: ignore[attr-defined]
    return known
