"""Middleware for every request (forwarded headers, body limits, NUL characters) and every answer (caching, content policy).

Django 5.2 has no setting for the Content-Security-Policy. No inline scripts; style attributes may have numbers.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from access.second_factor import where_to_get_one
from api.compat.tokens import HEADER
from api.errors import Failure
from api.shapes import for_programs, refused
from delivery.stored_file import bucket_source
from generation import store

API, ADMIN, ACCOUNTS = "/api/", "/admin/", "/accounts/"
FORWARDED = ("HTTP_FORWARDED", *(f"HTTP_X_FORWARDED_{part}" for part in ("FOR", "PROTO", "HOST", "PORT", "SSL")))

ASK_AGAIN_S = 60.0
"""How long pages do without the bucket's origin after the storage could not sign."""
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src-elem 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:{bucket}",
        "media-src 'self' blob:{bucket}",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def content_security_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add the policy to every answer that does not have one. Pictures and videos may come from the bucket, if viewers are sent there."""
    policy, ask_at = "", 0.0

    def middleware(request: HttpRequest) -> HttpResponse:
        nonlocal policy, ask_at
        response = get_response(request)
        if not policy and time.monotonic() >= ask_at:
            ask_at = time.monotonic() + ASK_AGAIN_S  # a role's credentials may take half a minute to fail: no other answer waits for them
            with suppress(store.StorageUnavailable):
                policy = POLICY.format(bucket=bucket_source())
        response.headers.setdefault("Content-Security-Policy", policy or POLICY.format(bucket=""))
        return response

    return middleware


def compress_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Compress HTML, and nothing else: a video in parts must keep its bytes.

    Against BREACH, the CSRF token is masked differently in each answer, and Django adds random bytes. A page shows a secret
    only once.
    """
    gzip = GZipMiddleware(lambda _request: HttpResponse())

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            gzip.process_response(request, response)  # changes the answer that it is given
        return response

    return middleware


def trusted_proxies(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Ignore what a client says about its address, scheme and host, unless it is one of PORTAL_TRUSTED_PROXIES. If a request came through
    those, the client's own address becomes REMOTE_ADDR.
    """
    networks = [ipaddress.ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]

    def middleware(request: HttpRequest) -> HttpResponse:
        if not _is_in(networks, request.META.get("REMOTE_ADDR", "")):
            for name in FORWARDED:
                request.META.pop(name, None)
        for address in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):  # each proxy appends the address that it saw
            if not _is_in(networks, request.META.get("REMOTE_ADDR", "")):
                break
            request.META["REMOTE_ADDR"] = _without_port(address.strip()) or request.META["REMOTE_ADDR"]
        return get_response(request)

    return middleware


def _without_port(address: str) -> str:
    """Return the address of `203.0.113.7:50123` or `[2001:db8::7]:50123`, as some proxies write it: limits count addresses."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _is_in(networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network], address: str) -> bool:
    try:
        client = ipaddress.ip_address(address)
    except ValueError:  # a socket in the file system has none
        return False
    names = {client, getattr(client, "ipv4_mapped", None) or client}  # a socket for both families names IPv4 proxies ::ffff:10.0.0.5
    return any(name in network for name in names for network in networks)


def cache_control(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Keep answers without a Cache-Control out of shared caches, and those of API, admin and sign-in out of browsers' caches too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        secret = request.path.startswith((ADMIN, API, ACCOUNTS))
        response.headers.setdefault("Cache-Control", "private, no-store" if secret else "private, no-cache")
        return response

    return middleware


def no_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Ignore cookies with a NUL character, which PostgreSQL does not store; refuse addresses of the admin that have one.

    Django passes both on. The portal's own pages and the API check their addresses themselves.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\0" not in value}
        in_admin = request.path.startswith(ADMIN)
        if in_admin and ("\0" in request.path or "%00" in request.META["QUERY_STRING"]):
            raise BadRequest("a NUL character in an address of the admin")
        return get_response(request)

    return middleware


def body_limits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a body that is too large before anything reads it; the CSRF check would be the first.

    An API token is not looked up here: the API reads nothing before it has checked the token.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdecimal() else 0
        if size <= settings.MAX_ANONYMOUS_BYTES:
            return get_response(request)
        with_token = for_programs(request.path) and ("Authorization" in request.headers or HEADER in request.headers)
        most = settings.MAX_BATCH_BYTES if request.path in settings.BATCH_UPLOADS else settings.MAX_BODY_BYTES
        if size <= most and (with_token or request.user.is_authenticated):
            return get_response(request)
        return refused(request.path, Failure(status=413, code="too_large", message=_("The request is too large.")))

    return middleware


def second_factor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Send people who need a second factor to the page where they get one; answer the API's sessions with 403. Tokens are not sessions,
    and no session opens a dialect.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        in_api = request.path.startswith(API)
        with_token = (in_api and "Authorization" in request.headers) or (not in_api and for_programs(request.path))
        if with_token or (way := where_to_get_one(request)) is None:
            return get_response(request)
        if in_api:
            words = _("Sign in with a second factor first: open Settings, then Security.")
            return refused(request.path, Failure(status=403, code="second_factor_required", message=words))
        return redirect(way)

    return middleware
