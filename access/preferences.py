"""What a person chose for all of their browsers. The session carries it, so that a page needs no query for it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from access.models import Preference

__all__ = ["LANGUAGE_KEY", "SESSION_KEY", "THEMES", "THEME_KEY", "WISHES", "language_of", "remember", "wishes_of"]

SESSION_KEY = "time_zone"
LANGUAGE_KEY = "language"
THEME_KEY = "theme"
WISHES_KEY = "page_notices"
CARRIED = (SESSION_KEY, LANGUAGE_KEY, THEME_KEY, WISHES_KEY)
"""Columns of `Preference` that are in the session, under the same names."""
THEMES = ("system", "light", "dark")
WISHES = ("title", "sound", "browser")
"""What a page does when a task of the person ended: counts it in the tab's title, plays a sound, shows a notification of the browser."""
USUAL_WISHES = ("title",)


def remember(request: HttpRequest, user: User, **choices: Any) -> None:
    """Store columns of the person's preference, and put those that pages need into the session."""
    Preference.objects.update_or_create(user=user, defaults=choices)
    for name in choices.keys() & set(CARRIED):
        request.session[name] = choices[name]


def language_of(user: User) -> str:
    """Return the language that the person chose, empty if none. One query, for where there is no session."""
    return Preference.objects.filter(user=user).values_list("language", flat=True).first() or ""


def wishes_of(request: HttpRequest) -> list[str]:
    """Return what of `WISHES` the person of this session wants."""
    chosen = request.session.get(WISHES_KEY)
    return [wish for wish in WISHES if wish in (USUAL_WISHES if chosen is None else chosen)]


@receiver(user_logged_in)
def carry(request: HttpRequest, user: User, **_more: Any) -> None:
    """Put what is stored into the new session."""
    stored = Preference.objects.filter(user=user).first()
    if stored is not None:
        for name in CARRIED:
            request.session[name] = getattr(stored, name)
