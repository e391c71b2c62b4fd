"""Second factors of django-allauth (authenticator apps, passkeys, recovery codes): secrets encrypted at rest, and who must have one."""

from __future__ import annotations

from http import HTTPStatus
from itertools import count

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import Caller
from access.passkeys import host_name
from database import sealing
from events import audit

__all__ = ["PortalSecondFactors", "forget_shown", "lacks_one", "remove_all", "where_to_get_one"]

PURPOSE = "second factor"
FREE = ("/accounts/", "/settings/security/", "/i18n/", "/theme", "/v/")
"""Nobody needs a second factor at these addresses: where a person gets one or leaves, and what plays without a sign-in."""
STRONG = frozenset({"mfa", "socialaccount"})
"""How one must have signed in, in allauth's words, where a second factor is required. A team's own sign-in asks for its factors itself."""


class PortalSecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed with CREDENTIAL_KEYS, and the portal is called by its host name in authenticator apps."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This was not accepted. Use the code that the app shows now, or a passkey that you added here."),
        "cannot_generate_recovery_codes": gettext_lazy("Recovery codes come with an authenticator app or a passkey. Add one first."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal({"purpose": PURPOSE, "text": text})

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Where CREDENTIAL_KEYS no longer open it, the request is answered with what to do."""
        try:
            facts = sealing.unseal(encrypted_text)
        except sealing.Unreadable as error:
            raise ImmediateHttpResponse(_unreadable(self.request)) from error
        if facts.get("purpose") != PURPOSE:
            raise ImmediateHttpResponse(_unreadable(self.request))
        return str(facts["text"])

    def get_totp_issuer(self) -> str:
        return f"Video Portal {host_name(self.request)}"  # a colon and a port would end the issuer: Key URI Format, checked 2026-11-29

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        taken = set(Authenticator.objects.filter(user_id=user.pk, type=type).values_list("data__name", flat=True))
        return next(name for number in count(1) if (name := _("Passkey %(number)d") % {"number": number}) not in taken)


def _unreadable(request: HttpRequest) -> HttpResponse:
    return render(request, "mfa/unreadable.html", status=HTTPStatus.SERVICE_UNAVAILABLE)


def lacks_one(request: HttpRequest) -> bool:
    """Return whether PORTAL_REQUIRE_SECOND_FACTOR wants a second factor of this person, and the session has none. Costs no query."""
    required, person = settings.REQUIRE_SECOND_FACTOR, request.user
    if required == "nobody" or not person.is_authenticated or (required == "staff" and not person.is_staff):
        return False
    return STRONG.isdisjoint(record.get("method") for record in request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, []))


def where_to_get_one(request: HttpRequest) -> str | None:
    """Return the page where this person gets or shows a second factor, if one is required and lacking; None at addresses that are free."""
    if request.path.startswith(FREE) or not lacks_one(request):
        return None
    kinds = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
    if not kinds:
        return reverse("mfa_index")
    name = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
    back = request.get_full_path() if request.method == "GET" else reverse(settings.LOGIN_REDIRECT_URL)
    return f"{reverse(name)}?{urlencode({'next': back})}"


def forget_shown(request: HttpRequest, person: User) -> None:
    """Forget in this session that a second factor was used, if the person has none left: where one is required, they must add one first."""
    if not Authenticator.objects.filter(user=person).exists():
        records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [record for record in records if record.get("method") != "mfa"]


@transaction.atomic
def remove_all(person: User, *, by: Caller | None) -> int:
    """Delete the person's second factors, for somebody who lost them. Return how many."""
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    if kinds:
        factors.delete()
        audit.record("user.second_factor_removed", person, by=by, before={"type": ", ".join(kinds)})
    return len(kinds)
