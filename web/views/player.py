"""What the player's tools do with a picture of a video: save it, continue from it, make it the poster."""

from __future__ import annotations

from math import isfinite
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from access.callers import caller_of
from generation.actions.frames import save_frame, set_poster
from generation.errors import PortalError
from generation.models import Asset
from web.views.common import answer, back, the_video

__all__ = ["continue_from", "frame", "poster"]


@login_required
@require_POST
def frame(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save the picture as an image of this person, and let the browser download it."""
    saved = _saved(request, pk)
    return redirect(reverse("asset", args=[saved.pk], query={"download": 1})) if saved else back(request)


@login_required
@require_POST
def continue_from(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open the Studio with the picture as first frame, and with the prompt and the settings of the video."""
    saved = _saved(request, pk)
    if saved is None:
        return back(request)
    return redirect(reverse("studio", query={"from": pk, "fields": "prompt,settings", "first_frame": saved.pk}))


@login_required
@require_POST
def poster(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make the picture the poster."""
    shown = the_video(request, pk)

    def change() -> str:
        set_poster(shown, at_s=_moment(request), by=caller_of(request))
        return _("This is the poster now.")

    return answer(request, change)


def _saved(request: HttpRequest, pk: UUID) -> Asset | None:
    """Save the picture; None, with a message for the next page, if that is not possible."""
    shown = the_video(request, pk)
    try:
        return save_frame(shown, at_s=_moment(request), by=caller_of(request))
    except PortalError as error:
        messages.error(request, error.message)
        return None


def _moment(request: HttpRequest) -> float | None:
    """Return the second that the player is at; None without a script, which takes the last picture."""
    try:
        at_s = float(request.POST.get("at_s", ""))
    except ValueError:
        return None
    return at_s if isfinite(at_s) and at_s >= 0 else None
