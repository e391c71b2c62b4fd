"""A person's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access.callers import caller_of
from access.models import Preference
from access.preferences import SESSION_KEY, remember_time_zone
from generation.ordering.room import use_of
from web.time_zone import COOKIE, zone_names

__all__ = ["settings"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show and store the time zone and the usual team; show how much storage the person's videos take."""
    caller = caller_of(request)
    if request.method == "POST":
        name, team = request.POST.get("time_zone", ""), request.POST.get("team", "")
        if (name == "" or name in zone_names()) and (team == "" or team in map(str, caller.teams)):
            remember_time_zone(request, caller.user, name)
            Preference.objects.update_or_create(user=caller.user, defaults={"default_team_id": team or None})
            messages.success(request, _("Saved."))
        return redirect("settings")
    facts = {
        "use": use_of(caller.user),
        "teams": dict(caller.teams),
        "default_team": Preference.objects.filter(user=caller.user).values_list("default_team", flat=True).first(),
        "zones": zone_names(),
        "chosen": request.session.get(SESSION_KEY, ""),
        "of_browser": request.COOKIES.get(COOKIE, ""),
    }
    return render(request, "settings/page.html", facts)
