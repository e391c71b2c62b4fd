"""Passkeys of django-allauth: where browsers have them, pages that ask for them, and forms that survive whatever is sent instead of one."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView
from cryptography.exceptions import UnsupportedAlgorithm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

__all__ = ["AddForm", "AddPasskey", "AuthenticateForm", "ConfirmByPasskey", "ConfirmForm", "LoginForm", "host_name", "offers_passkeys"]

LONGEST_NAME = 60
MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    UnsupportedAlgorithm,
    struct.error,
)
"""What json, fido2 and cryptography raise where a text is not what a device sends; allauth expects a part of them."""


def host_name(request: HttpRequest) -> str:
    """Return the host that was asked for, without its port."""
    host, _, port = request.get_host().rpartition(":")
    return host if port.isdecimal() else request.get_host()


def offers_passkeys(request: HttpRequest) -> bool:
    """Return whether browsers have passkeys at this address: they belong to a host name, which must come over https or be localhost."""
    host = host_name(request)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Ask the device for a passkey that it can find by itself and that checks who holds it, so that it may replace the password too."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"js_data": {"creation_options": auth.begin_registration(self.request.user, passwordless=True)}}


class ConfirmByPasskey(ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Stay on the page after a passkey that was not accepted; allauth would go to the sign-in, and from there to the Studio."""

    def form_invalid(self, form: Any) -> HttpResponse:
        super().form_invalid(form)
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


class _Guarded:
    """A mixin in front of allauth's forms: a malformed credential is not accepted, like a wrong one."""

    def full_clean(self) -> None:
        try:
            super().full_clean()  # type: ignore[misc]
        except MALFORMED:
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))  # type: ignore[attr-defined]


class AddForm(_Guarded, forms.AddWebAuthnForm):  # type: ignore[misc]
    def clean_name(self) -> str:
        """Cut a long name. Refusing it would leave a passkey on the device that the portal does not know."""
        return str(super().clean_name())[:LONGEST_NAME]


class AuthenticateForm(_Guarded, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class LoginForm(_Guarded, forms.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class ConfirmForm(_Guarded, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
