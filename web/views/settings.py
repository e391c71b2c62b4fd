"""A person's own settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings as portal
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from access.callers import caller_of
from access.models import Preference
from access.preferences import LANGUAGE_KEY, SESSION_KEY, THEMES, TILE_SIZES, remember, tile_size_of, zone_names
from delivery.file_names import PARTS, checked_pattern
from generation.errors import InvalidRequest
from generation.ordering.room import use_of
from web.presenters.words import tile_size_words
from web.time_zone import COOKIE
from web.views.shell import keep_theme

__all__ = ["settings"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show and store language, theme, time zone, the usual team and the one that pays; show how much storage the person's videos take."""
    caller = caller_of(request)
    if request.method == "POST":
        return _store(request)
    stored = Preference.objects.select_related("team").filter(user=caller.user).first()
    chosen_team = stored.team if stored else None
    facts = {
        "use": use_of(caller.user),
        "teams": dict(caller.teams),
        "default_team": stored.default_team_id if stored else None,
        "paying_team": chosen_team.pk if chosen_team else None,
        "left_team": chosen_team.name if chosen_team and chosen_team.pk not in caller.teams else "",
        "zones": zone_names(),
        "chosen": request.session.get(SESSION_KEY, ""),
        "of_browser": request.COOKIES.get(COOKIE, ""),
        "languages": [(code, translation.get_language_info(code)["name_local"]) for code, _name in portal.LANGUAGES],
        "language": request.session.get(LANGUAGE_KEY, ""),
        "tile_size": tile_size_of(request),
        "tile_sizes": tile_size_words(),
        "file_names": stored.file_names if stored else "",
        "file_parts": [f"{{{name}}}" for name in PARTS],
    }
    return render(request, "settings/page.html", facts)


def _store(request: HttpRequest) -> HttpResponse:
    """Store what the form sent, if all of it is offered. A field that is not in it stays as it is."""
    caller, sent = caller_of(request), request.POST
    offered = {
        "time_zone": {"", *zone_names()},
        "team": {"", *map(str, caller.teams)},
        "paying_team": {"", *map(str, caller.teams)},
        "language": {"", *dict(portal.LANGUAGES)},
        "theme": set(THEMES),
        "tile_size": set(TILE_SIZES),
    }
    given: dict[str, Any] = {name: sent[name] for name in offered if name in sent}
    response: HttpResponse = redirect("settings")
    if any(value not in offered[name] for name, value in given.items()):
        return response
    if "team" in given:
        given["default_team_id"] = int(given.pop("team") or 0) or None
    if "paying_team" in given:
        given["team_id"] = int(given.pop("paying_team") or 0) or None
    if "file_names" in sent:
        try:
            given["file_names"] = checked_pattern(sent["file_names"])
        except InvalidRequest as wrong:
            messages.error(request, wrong.message)
            return response
    remember(request, **given)
    if theme := given.get("theme"):
        keep_theme(request, response, theme)
    if language := given.get("language"):
        translation.activate(language)
        response.cookies.update(set_language(request).cookies)
    elif "language" in given:
        response.delete_cookie(portal.LANGUAGE_COOKIE_NAME)
    messages.success(request, _("Saved."))
    return response
