"""What a person chose for all of their browsers. The session carries it, so that a page needs no query for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from access.callers import Caller, caller_of
from access.models import Preference
from events import audit

__all__ = [
    "LANGUAGE_KEY",
    "SESSION_KEY",
    "THEMES",
    "THEME_KEY",
    "TILE_SIZES",
    "WISHES",
    "chosen_language",
    "remember",
    "store",
    "tile_size_of",
    "wanted",
    "wishes_of",
    "zone_names",
]

SESSION_KEY = "time_zone"
LANGUAGE_KEY = "language"
THEME_KEY = "theme"
WISHES_KEY = "page_notices"
TILES_KEY = "tile_size"
CARRIED = (SESSION_KEY, LANGUAGE_KEY, THEME_KEY, WISHES_KEY, TILES_KEY)
"""Columns of `Preference` that are in the session, under the same names."""
THEMES = ("system", "light", "dark")
TILE_SIZES = ("small", "medium", "large")
WISHES = ("title", "sound", "browser")
"""What a page does when a task of the person ended: counts it in the tab's title, plays a sound, shows a notification of the browser."""
USUAL_WISHES = ("title",)


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of places that people know as theirs, and UTC."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/"))))


@transaction.atomic
def store(by: Caller, **choices: Any) -> None:
    """Store columns of the caller's preference. Which team pays is about money, so a change of it is in the audit log."""
    before = Preference.objects.select_related("team").filter(user=by.user).first()
    after, _is_new = Preference.objects.update_or_create(user=by.user, defaults=choices)
    if after.team_id != (before.team_id if before else None):
        audit.record("user.paying_team_changed", by.user, by=by, before={"team": before and before.team}, after={"team": after.team})


def remember(request: HttpRequest, **choices: Any) -> None:
    """Store columns of the preference of the person at this page, and put those that pages need into the session."""
    store(caller_of(request), **choices)
    for name in choices.keys() & set(CARRIED):
        request.session[name] = choices[name]


def chosen_language(user: User) -> str:
    """Return the language that the person chose, or an empty text. Costs one query; for requests without a session."""
    return Preference.objects.filter(user=user).values_list("language", flat=True).first() or ""


def tile_size_of(request: HttpRequest) -> str:
    """Return how large the person of this session wants the wall's tiles."""
    return request.session.get(TILES_KEY) or "medium"


def wishes_of(request: HttpRequest) -> list[str]:
    """Return what of `WISHES` the person of this session wants."""
    return wanted(request.session.get(WISHES_KEY))


def wanted(chosen: Iterable[str] | None) -> list[str]:
    """Return what of `WISHES` a person wants who chose these; None: who chose nothing."""
    return [wish for wish in WISHES if wish in (USUAL_WISHES if chosen is None else chosen)]


@receiver(user_logged_in)
def carry(request: HttpRequest, user: User, **_more: Any) -> None:
    """Put what is stored into the new session."""
    stored = Preference.objects.filter(user=user).first()
    if stored is not None:
        for name in CARRIED:
            request.session[name] = getattr(stored, name)
