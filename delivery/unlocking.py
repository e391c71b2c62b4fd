"""Passwords of links. Who typed the right one gets a signed cookie for the addresses of this link, until the browser is closed."""

from __future__ import annotations

import hashlib

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from delivery.models import Link

__all__ = ["is_unlocked", "may_try", "try_password", "unlock"]

COOKIE = "link"
SALT = "delivery.unlocking"


def is_unlocked(request: HttpRequest, link: Link) -> bool:
    """Return whether the link has no password, or this browser knows it."""
    return not link.password or request.get_signed_cookie(COOKIE, default="", salt=SALT) == _proof(link)


def may_try(request: HttpRequest, link: Link) -> bool:
    """Count a try of this address of the network, and return whether it may be made: ACCOUNT_RATE_LIMITS."""
    key = f"{link.pk.hex} {request.META.get('REMOTE_ADDR', '')}"
    tried: bool = ratelimit.consume(request, action="link_password", key=key)
    return tried and bool(ratelimit.consume(request, action="link_passwords", key=link.pk.hex))


def try_password(link: Link, typed: str) -> bool:
    """Return whether this is the link's password."""
    return check_password(typed, link.password)


def unlock(response: HttpResponse, link: Link, token: str) -> None:
    """Let this browser open the link."""
    response.set_signed_cookie(
        COOKIE,
        _proof(link),
        salt=SALT,
        path=reverse("link-page", args=[token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _proof(link: Link) -> str:
    """Return what only somebody who typed this password has: it ends with the password."""
    return hashlib.sha256(f"{link.pk.hex}{link.password}".encode()).hexdigest()
