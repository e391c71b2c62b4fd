"""Where people arrive: home, an administrator's first steps, and help."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from providers.models import ProviderAccount
from web.presenters.first_steps import first_steps, sets_up

__all__ = ["guide", "home", "start"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the Studio, or, while no vendor is connected, those who can change that to the first steps."""
    is_new = request.user.is_authenticated and sets_up(request.user) and not ProviderAccount.objects.exists()
    return redirect("start" if is_new else "studio")


@login_required
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show an administrator's first steps; for others the page does not exist."""
    if not sets_up(request.user):  # type: ignore[arg-type]
        raise Http404
    steps = first_steps()
    return render(request, "start/page.html", {"steps": steps, "done": sum(step.done for step in steps)})


@login_required
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Show how the portal is used."""
    return render(request, "help/page.html", {"sets_up": sets_up(request.user)})  # type: ignore[arg-type]
