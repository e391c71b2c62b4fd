"""Single sign-on with OpenID Connect, by django-allauth: one provider, from the environment. Who is new, and whose account is linked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

__all__ = ["PortalSingleSignOn", "callback", "sign_in"]

log = logging.getLogger("access.single_sign_on")


class PortalSingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Somebody whom the provider knows is a known person, a person with the same verified address (if the installation trusts the
    provider's addresses), or a new one (if it lets the provider make people).
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse to connect an identity to the person who is signed in: a foreign page could start that by a link. Link by address."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(_refused(request, _("Start the sign-in on the sign-in page.")))
        if not sociallogin.is_existing and settings.OIDC_TRUST_EMAIL:
            people = list(User.objects.filter(is_active=True, email__iexact=_verified_address(sociallogin) or "-")[:2])
            if len(people) == 1:
                sociallogin.connect(request, people[0])

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        """Take over an address only if the provider has verified it: people are found by their address later."""
        sociallogin.email_addresses = [address for address in sociallogin.email_addresses if address.verified in (True, "true")]
        for address in sociallogin.email_addresses:
            address.verified = True
        return super().populate_user(request, sociallogin, data if sociallogin.email_addresses else data | {"email": ""})

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        """Return whether this identity may become a new person. Never if somebody has the address already, also one who has left."""
        address = _verified_address(sociallogin)
        if not settings.OIDC_SIGN_UP or (address and User.objects.filter(email__iexact=address).exists()):
            return False
        return not settings.OIDC_DOMAINS or address.rpartition("@")[2].lower() in {name.lower() for name in settings.OIDC_DOMAINS}

    def on_authentication_error(
        self, request: HttpRequest, *_provider: Any, error: Any = None, exception: Any = None, **_more: Any
    ) -> None:
        """Send a person who gave up at the provider back to the sign-in; log every other error."""
        if error == AuthError.CANCELLED:
            messages.info(request, _("You did not sign in."))
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))
        log.warning("single sign-on failed: %s %r", error, exception)


def _verified_address(sociallogin: SocialLogin) -> str:
    return next((str(address.email) for address in sociallogin.email_addresses), "")


def sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the person to the provider."""
    return _guarded(views.login, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the person back from the provider."""
    return _guarded(views.callback, request, provider_id)


UNUSABLE = (OSError, ImproperlyConfigured, KeyError, TypeError, ValueError, AttributeError)
"""What allauth raises where the provider does not answer (every error of requests is an OSError), or not as OpenID Connect says."""


def _guarded(view: Callable[..., HttpResponse], request: HttpRequest, provider_id: str) -> HttpResponse:
    """Answer with a page when the provider cannot be used; allauth catches a part of that."""
    try:
        return view(request, provider_id)
    except UNUSABLE as error:
        log.warning("the single sign-on's provider cannot be used: %r", error, exc_info=True)
        words = _("The single sign-on gave an unexpected answer. Try again later, or sign in another way.")
        return _refused(request, words, HTTPStatus.BAD_GATEWAY)


def _refused(request: HttpRequest, words: str, status: int = HTTPStatus.FORBIDDEN) -> HttpResponse:
    return render(request, "socialaccount/authentication_error.html", {"words": words}, status=status)
