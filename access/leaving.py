"""Ends the access of a person who leaves: sign-in, second factors, sessions, tokens, in one transaction. History keeps their name."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from access.callers import Caller
from access.models import Preference
from access.second_factor import remove_all
from access.tokens import revoke
from database import clock
from events import audit

__all__ = ["came_back", "end_access"]


@transaction.atomic
def end_access(user: User, *, to: User | None, by: Caller | None) -> None:
    """Let the person in no more, by no session and no token. `to` gets what they still make; who left to them leaves to `to` from now on.

    A session asks at each request whether its user is active, and holds a hash of the password; a token asks for its owner.
    """
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    Preference.objects.update_or_create(user=user, defaults={"left_at": clock.now(), "left_to": to})
    if to is not None:
        Preference.objects.filter(left_to=user).exclude(user=to).update(left_to=to)
    for token in user.api_tokens.filter(revoked_at=None):
        revoke(token, by=by)
    remove_all(user, by=by)
    audit.record("user.left", user, by=by, after={"to": to})


def came_back(user: User) -> None:
    """Forget that the person left. Their videos stay with whom they were given to."""
    Preference.objects.filter(user=user).update(left_at=None, left_to=None)
