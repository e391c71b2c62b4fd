"""How a person signs in: password, authenticator app, passkeys and recovery codes. django-allauth's pages change them."""

from __future__ import annotations

from allauth.mfa import app_settings as second_factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from access.callers import caller_of
from access.passkeys import offers_passkeys
from access.second_factor import lacks_one

__all__ = ["security"]


@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Show what the person has, with a link to each change."""
    person = caller_of(request).user
    factors = list(Authenticator.objects.filter(user=person).order_by("pk"))
    one_of = {factor.type: factor for factor in factors}
    facts = {
        "app": one_of.get(Authenticator.Type.TOTP),
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "codes_left": _codes_left(one_of.get(Authenticator.Type.RECOVERY_CODES)),
        "passkeys_here": offers_passkeys(request),
        "must": lacks_one(request),
        "single_sign_on": SocialAccount.objects.filter(user=person).exists(),
    }
    return render(request, "settings/security.html", facts)


def _codes_left(codes: Authenticator | None) -> int | None:
    """Return how many recovery codes were not used, without opening them: django-allauth sets a bit for each one that was."""
    return second_factors.RECOVERY_CODE_COUNT - codes.data["used_mask"].bit_count() if codes else None
