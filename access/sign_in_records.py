"""What the audit log keeps of sign-ins, passwords and second factors. django-allauth says that something happened; here it is recorded."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as single_sign_on
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from access.callers import Caller
from access.second_factor import forget_shown
from events import audit

__all__ = ["failed"]


def failed(request: HttpRequest, person: User, *, method: str) -> None:
    """Record that somebody could not sign in as this person. allauth's limits bound how often."""
    nobody = Caller(user=AnonymousUser(), ip=_ip(request))  # type: ignore[arg-type]
    _record("user.sign_in_failed", person, by=nobody, after={"method": method})


@receiver(account.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_more: Any) -> None:
    used = [record.get("type") or record["method"] for record in get_authentication_records(request, user)]
    _record("user.signed_in", user, by=_self(request, user), after={"method": ", ".join(used)})


@receiver(account.user_signed_up)
def _came_by_single_sign_on(request: HttpRequest, user: User, **_more: Any) -> None:
    _record("user.created", user, by=_self(request, user), after={"username": user.get_username(), "email": user.email})


@receiver(account.password_changed)
@receiver(account.password_set)
def _password(request: HttpRequest, user: User, **_more: Any) -> None:
    _record("user.password_changed", user, by=_self(request, user))


@receiver(account.password_reset)
def _password_by_link(request: HttpRequest, user: User, **_more: Any) -> None:
    _record("user.password_set_by_link", user, by=_self(request, user))


@receiver(mfa.authentication_failed)
def _factor_failed(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    failed(request, user, method=authenticator.type)


@receiver(mfa.authenticator_added)
@receiver(mfa.authenticator_reset)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Record it; and who has just shown a new factor need not show it again in this session."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    _record("user.second_factor_added", user, by=_self(request, user), after={"type": authenticator.type})


@receiver(mfa.authenticator_removed)
def _factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Record it. A person without any factor left has none in this session either."""
    forget_shown(request, user)
    _record("user.second_factor_removed", user, by=_self(request, user), before={"type": authenticator.type})


@receiver(single_sign_on.social_account_added)
def _linked(request: HttpRequest, sociallogin: Any, **_more: Any) -> None:
    person = sociallogin.user
    _record("user.single_sign_on_linked", person, by=_self(request, person), after={"email": person.email})


def _self(request: HttpRequest, user: User) -> Caller:
    return Caller(user=user, ip=_ip(request))


def _ip(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _record(action: str, person: User, *, by: Caller, **facts: Any) -> None:
    with transaction.atomic():
        audit.record(action, person, by=by, **facts)
