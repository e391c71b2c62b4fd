"""Signing in with a name and a password, by django-allauth: limits of tries, sentences for people, and records."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access.passkeys import offers_passkeys
from access.password_reset import send_soon
from access.sign_in_records import failed

__all__ = ["PortalAccounts", "SignIn", "SignInForm"]

log = logging.getLogger("access.sign_in")

WRONG = _("The username or the password is wrong. Upper and lower case count.")
TOO_OFTEN = _("Too many failed sign-ins. Wait five minutes, then try again.")
SAID: dict[str, str | Promise] = {
    "account/messages/password_changed.txt": _("Your password is changed. You are signed out everywhere else."),
    "account/messages/password_set.txt": _("Your password is set."),
    "mfa/messages/totp_activated.txt": _("From now on, signing in asks for a code of your authenticator app."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is removed."),
    "mfa/messages/webauthn_added.txt": _("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
}
"""What people read after an action, by allauth's template. A template that is not here says nothing."""


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password. The name's field is called `username`, as in Django's own form: scripts and password managers know it."""

    def add_prefix(self, field_name: str) -> str:
        return str(super().add_prefix("username" if field_name == "login" else field_name))


class PortalAccounts(DefaultAccountAdapter):  # type: ignore[misc]
    """People are made by administrators or by single sign-on. The client's address is the one that `trusted_proxies` found."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": WRONG,
        "email_password_mismatch": WRONG,
        "too_many_login_attempts": TOO_OFTEN,
        "rate_limited": TOO_OFTEN,
        "incorrect_password": _("This password is wrong. Upper and lower case count."),
        "enter_current_password": _("This is not your current password. Upper and lower case count."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that limits count by; all who come through a Unix socket without a trusted proxy share one."""
        return request.META.get("REMOTE_ADDR") or "local"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        """Return what failed sign-ins are counted by: the name alone. allauth adds the Host header, whose port the client chooses."""
        return str(credentials.get("email", credentials.get("username", ""))).lower()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the attempt at a person who exists. Other names are not written down: some people type their password there."""
        name = str(credentials.get("username", ""))
        person = get_user_by_username(name) or next(iter(filter_users_by_email(name)), None)
        if isinstance(person, User):
            failed(request, person, method="password")
        log.warning("a sign-in from %s failed: %s", self.get_client_ip(request), person.pk if person else "no such person")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        return reverse("mfa_index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address of a link: PORTAL_PUBLIC_URL, or else the host that this request came to."""
        uid, _dash, token = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[uid, token])
        return settings.PUBLIC_URL + path if settings.PUBLIC_URL else str(self.request.build_absolute_uri(path))

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:  # noqa: ARG002
        """Write to the stored address: the typed one may differ in upper and lower case, which some mail servers tell apart."""
        assert isinstance(user, User), "people are Django's own users"
        send_soon(self.render_mail("account/email/password_reset_key", user.email, context))

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *_args: Any, message: str | None = None, **_more: Any
    ) -> None:
        if words := message or SAID.get(message_template or ""):
            messages.add_message(request, level, str(words))


class SignIn(LoginView):  # type: ignore[misc]
    """The page with every way to sign in that this installation has at this address."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
        ways = [(app["name"], self.passthrough_next_url(reverse("openid_connect_login", args=[app["provider_id"]]))) for app in apps]
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"single_sign_on": ways, "passkeys": offers_passkeys(self.request), "password_mails": settings.PASSWORD_MAILS}
