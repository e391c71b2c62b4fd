"""A person's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access.callers import caller_of
from access.preferences import SESSION_KEY, remember_time_zone
from generation.ordering.room import use_of
from web.time_zone import COOKIE, zone_names

__all__ = ["settings"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show and store the time zone; show how much storage the person's videos take."""
    if request.method == "POST":
        name = request.POST.get("time_zone", "")
        if name == "" or name in zone_names():
            remember_time_zone(request, caller_of(request).user, name)
            messages.success(request, _("Saved."))
        return redirect("settings")
    use = use_of(caller_of(request).user)
    facts = {
        "use": use,
        "zones": zone_names(),
        "chosen": request.session.get(SESSION_KEY, ""),
        "of_browser": request.COOKIES.get(COOKIE, ""),
    }
    return render(request, "settings/page.html", facts)
