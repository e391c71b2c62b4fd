"""Finds who calls the API: a program with a token, or a person who is signed in on our pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer

from access.callers import Caller, caller_of
from access.models import ApiToken
from access.rates import WINDOW_S, Taken, take
from access.scopes import Scope
from access.tokens import AddressRefused, authenticate
from delivery.waiting import first_run
from generation.errors import NotAllowed, PortalError

__all__ = ["BearerToken", "SignedInPage", "caller", "needs", "with_headers", "working_token"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def caller(request: HttpRequest) -> Caller:
    """Return whom the API's authentication found. Only for operations that have one."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


def working_token(text: str, *, ip: str, check: Callable[..., ApiToken | None] = authenticate) -> ApiToken | None:
    """Return the token with this text, None if none works. Raises `NotAllowed` if it may not be used from this address. `check` is for
    texts that prove in another way who has the token.
    """
    try:
        return check(text, ip=ip)
    except AddressRefused as refused:
        words = _("This token may not be used from your address. Its owner can allow more addresses.")
        raise NotAllowed(words, code="address_not_allowed") from refused


class BearerToken(HttpBearer):
    """`Authorization: Bearer vp_…`, of a token that has one of these scopes, and `also` that one. Without any: `read` for what changes
    nothing, else `admin`, so that an operation that states none is not open to more tokens than it should be.
    """

    def __init__(self, *scopes: Scope, also: Scope | None = None) -> None:
        super().__init__()
        self.scopes, self.also = scopes, also

    def scopes_for(self, method: str) -> list[list[Scope]]:
        """Return lists of scopes; a request with this method needs all of one of them."""
        ones = self.scopes or ((Scope.READ,) if method.upper() in SAFE else (Scope.ADMIN,))
        return [[one, self.also] if self.also else [one] for one in ones]

    def find(self, request: HttpRequest, text: str) -> ApiToken | None:
        """Return the token that a request proves to have, None if none works. Raises `NotAllowed`."""
        return working_token(text, ip=request.META.get("REMOTE_ADDR", ""))

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        row = self.find(request, token)
        if row is None:
            return None
        if row.rate_per_minute is not None and first_run(request) is None:  # the first run of a request that waits was counted
            _count(request, take(row.line_id, row.rate_per_minute))
        asking, needed = caller_of(request, token=row), self.scopes_for(request.method or "")
        if not any(all(asking.has(scope) for scope in scopes) for scopes in needed):
            names = " ".join(scope for scopes in needed for scope in scopes)
            _answer_with(request, {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{names}"'})
            ways = _(" or ").join(_(" and ").join(f"“{scope}”" for scope in scopes) for scopes in needed)
            words = _("This token may not do this. It needs the scope %(scope)s.")
            raise NotAllowed(words % {"scope": ways}, code="insufficient_scope")
        request.user = row.owner
        return asking


class RateLimited(PortalError):
    """The token's minute is used up."""

    code = "rate_limited"
    status = 429


def _count(request: HttpRequest, taken: Taken) -> None:
    """Set the three headers that say what is left of the token's rate. Raise `RateLimited` if nothing is left."""
    facts = {"Limit": taken.limit, "Remaining": taken.remaining, "Reset": taken.reset_s, "Policy": f"{taken.limit};w={WINDOW_S}"}
    _answer_with(request, {f"RateLimit-{name}": str(value) for name, value in facts.items()})
    if not taken.passed:
        _answer_with(request, {"Retry-After": str(taken.reset_s)})
        words = _("This token may send %(limit)d requests in a minute. Try again in %(seconds)d seconds.")
        raise RateLimited(words % {"limit": taken.limit, "seconds": taken.reset_s})


def _answer_with(request: HttpRequest, headers: dict[str, str]) -> None:
    request.answer_headers = getattr(request, "answer_headers", {}) | headers  # type: ignore[attr-defined]


def with_headers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Add to the view's answers, also to refusals, the headers that the caller's authentication gave."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        for name, value in getattr(request, "answer_headers", {}).items():
            response[name] = value
        return response

    return wrapped


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


def needs(*scopes: Scope, also: Scope | None = None) -> list[BearerToken | SignedInPage]:
    """Return who may call an operation: a token with one of these scopes and `also` that one, or a person at a page."""
    return [BearerToken(*scopes, also=also), SignedInPage()]
