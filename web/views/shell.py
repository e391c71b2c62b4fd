"""What every page needs (theme, counts, notices, the stop of paid submits, the cursor of its live updates, its key), and the buttons of the
shell: theme and language.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from access.callers import caller_of
from access.preferences import THEME_KEY, THEMES, remember, wishes_of
from database import clock
from generation.ordering.page_keys import new_key
from generation.queries.tasks import live_count, video_count
from generation.scheduling.stop_switch import current_stop
from web.presenters.file_alerts import file_alerts
from web.presenters.media_place import media_place
from web.presenters.notices import notices_of
from web.views.common import back

__all__ = ["keep_theme", "language", "shell", "theme"]

THEME_KEPT = timedelta(days=365)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Add what every page needs (context processor). Counts are lazy, so that pages without navigation count nothing."""
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    chosen = (request.session.get(THEME_KEY) if is_known else "") or request.COOKIES.get("theme", "system")
    found: dict[str, Any] = {
        "theme": chosen if chosen in THEMES else "system",
        "tick_cursor": clock.now().isoformat(),
        "page_key": new_key(),
    }
    if user is not None and user.is_authenticated:
        found["page_wishes"] = " ".join(wishes_of(request))
        found["notices"] = SimpleLazyObject(partial(notices_of, user))
        found["has_admin"] = SimpleLazyObject(partial(_has_admin, request))
        found["paid_stop"] = SimpleLazyObject(current_stop)
        found["file_alerts"] = SimpleLazyObject(file_alerts)
        found["media_place"] = SimpleLazyObject(media_place)
        found["nav_counts"] = {
            "videos": SimpleLazyObject(partial(video_count, caller_of(request))),
            "active": SimpleLazyObject(partial(live_count, user)),
        }
    return found


def _has_admin(request: HttpRequest) -> bool:
    """Return whether the admin has a page for this person. Django's list of those pages says it too, after 7 ms for an administrator."""
    pages = (admin.site.get_model_admin(model) for model in apps.get_models() if admin.site.is_registered(model))
    allowed = (any(page.get_model_perms(request).values()) for page in pages if page.has_module_permission(request))
    return request.user.is_staff and any(allowed)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme for the person, and in a cookie for who is not signed in; the page is rendered with it, so nothing flashes."""
    chosen = request.POST.get("theme", "")
    response = back(request)
    if chosen in THEMES:
        if request.user.is_authenticated:
            remember(request, theme=chosen)
        keep_theme(request, response, chosen)
    return response


def keep_theme(request: HttpRequest, response: HttpResponse, chosen: str) -> None:
    """Put the theme into the browser's cookie, which pages without a session read."""
    response.set_cookie("theme", chosen, max_age=THEME_KEPT, httponly=True, samesite="Lax", secure=request.is_secure())


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language for the person; Django puts it into the cookie that pages without a session read."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        remember(request, language=chosen)
    return set_language(request)
