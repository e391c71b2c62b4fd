"""Sets a forgotten password by a link that works once: by e-mail if there is a mail server, or handed over by an administrator."""

from __future__ import annotations

import logging
import smtplib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, UserTokenForm, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

__all__ = ["AskForLink", "AskForm", "LinkForm", "SetByLink", "link_for", "send_soon"]

log = logging.getLogger("access.password_reset")

MAILER = ThreadPoolExecutor(1, thread_name_prefix="mail")


def link_for(request: HttpRequest, person: User) -> str:
    """Return an address at which the person can set a new password once, within PASSWORD_RESET_TIMEOUT and before they next sign in."""
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    return str(get_adapter(request).get_reset_password_from_key_url(key))


def send_soon(message: EmailMessage) -> None:
    """Send the message in another thread, so that the time of the answer does not say whether the address is known."""
    MAILER.submit(_send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("the mail server did not take a link to set a password: %s", type(error).__name__)


class AskForm(ResetPasswordForm):  # type: ignore[misc]
    """The address to which links are sent: one for each active person with this address and a password."""

    def clean_email(self) -> str:
        address = str(super().clean_email())
        people = User.objects.filter(email__iexact=address, is_active=True)
        self.users = [person for person in people if person.has_usable_password()]
        return address


class AskForLink(PasswordResetView):  # type: ignore[misc]
    """Send a link by e-mail. The answer is the same for every address."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.PASSWORD_MAILS:
            raise Http404
        reply: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return reply


class LinkForm(UserTokenForm):  # type: ignore[misc]
    """Finds the person that a link is for. A person who is inactive by then cannot set a password."""

    def clean(self) -> dict[str, Any] | None:
        values: dict[str, Any] | None = super().clean()
        if not self.reset_user.is_active:
            raise get_adapter().validation_error("invalid_password_reset")
        return values


class SetByLink(PasswordResetFromKeyView):  # type: ignore[misc]
    """Set the password and go to the sign-in, which asks for the second factor as always. Failed attempts no longer lock the name."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        reply: HttpResponse = super().form_valid(form)
        for name in filter(None, (self.reset_user.get_username(), self.reset_user.email)):
            ratelimit.clear(self.request, action="login_failed", key=name.lower())
        return reply
