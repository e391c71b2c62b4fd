"""What every page needs (theme, counts, the stop of paid submits, the cursor of its live updates, its key), and the theme button."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST

from access.callers import Caller
from database import clock
from generation.ordering.page_keys import new_key
from generation.queries.tasks import live_count, video_count
from generation.scheduling.stop_switch import current_stop
from web.presenters.file_alerts import file_alerts
from web.presenters.media_place import media_place
from web.views.common import back

__all__ = ["shell", "theme"]

THEMES = ("system", "light", "dark")
THEME_KEPT = timedelta(days=365)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Add what every page needs (context processor). Counts are lazy, so that pages without navigation count nothing."""
    user = getattr(request, "user", None)
    chosen = request.COOKIES.get("theme", "system")
    found: dict[str, Any] = {
        "theme": chosen if chosen in THEMES else "system",
        "tick_cursor": clock.now().isoformat(),
        "page_key": new_key(),
    }
    if user is not None and user.is_authenticated:
        found["has_admin"] = SimpleLazyObject(partial(_has_admin, request))
        found["paid_stop"] = SimpleLazyObject(current_stop)
        found["file_alerts"] = SimpleLazyObject(file_alerts)
        found["media_place"] = SimpleLazyObject(media_place)
        found["nav_counts"] = {
            "videos": SimpleLazyObject(partial(video_count, Caller(user=user))),
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
    """Remember the theme in a cookie; the page is rendered with it, so nothing flashes."""
    chosen = request.POST.get("theme", "")
    response = back(request)
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=THEME_KEPT, httponly=True, samesite="Lax", secure=request.is_secure())
    return response
