"""What a person chose for all of their browsers: the time zone. The session carries it, so that a page needs no query for it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from access.models import Preference

__all__ = ["SESSION_KEY", "remember_time_zone"]

SESSION_KEY = "time_zone"


def remember_time_zone(request: HttpRequest, user: User, name: str) -> None:
    """Store the person's time zone; an empty name means that of each browser."""
    Preference.objects.update_or_create(user=user, defaults={"time_zone": name})
    request.session[SESSION_KEY] = name


@receiver(user_logged_in)
def carry(request: HttpRequest, user: User, **_more: Any) -> None:
    """Put the stored time zone into the new session."""
    stored = Preference.objects.filter(user=user).first()
    if stored is not None:
        request.session[SESSION_KEY] = stored.time_zone
