"""What people do at the player: save a picture, continue from it, make it the poster; captions; the title."""

from __future__ import annotations

from math import isfinite
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from access.callers import caller_of
from delivery.stored_file import serve_captions
from generation.actions.captions import delete_captions, set_captions
from generation.actions.frames import save_frame, set_poster
from generation.actions.star import note_on
from generation.errors import PortalError
from generation.media.webvtt import MOST_BYTES
from generation.models import Asset
from generation.models.video import first_title
from web.views.common import answer, back, found, the_video
from web.views.images import facts_of

__all__ = ["captions", "continue_from", "frame", "poster", "rename", "take_captions"]

LONGEST_TITLE = 200


@login_required
@require_POST
def frame(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save the picture as an image of this person, and let the browser download it."""
    if request.headers.get("X-Requested-With") == "fetch":  # the Studio fills a slot with it
        try:
            return JsonResponse(facts_of(save_frame(the_video(request, pk), at_s=_moment(request), by=caller_of(request))), status=201)
        except PortalError as wrong:
            return JsonResponse({"error": {"code": wrong.code, "message": wrong.message}}, status=wrong.status)
    saved = _saved(request, pk)
    if saved is None:
        return back(request)
    # sent by the portal itself: the page's policy lets no form lead to a bucket
    return redirect(reverse("asset", args=[saved.pk], query={"download": 1, "direct": 1}))


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
        return _("Poster changed.")

    return answer(request, change)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def captions(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send the captions of a language, or store a WebVTT file."""
    shown = the_video(request, pk)
    if request.method != "POST":
        return found(lambda: serve_captions(request, shown, request.GET.get("language", "")))

    def add() -> str:
        file = request.FILES.get("file")
        content = file.read(MOST_BYTES + 1) if file else b""
        set_captions(shown, language=request.POST.get("language", "").strip(), content=content, by=caller_of(request))
        return _("Captions saved.")

    return answer(request, add)


@login_required
@require_POST
def take_captions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete the captions of a language."""
    shown = the_video(request, pk)

    def take() -> str:
        delete_captions(shown, language=request.POST.get("language", ""), by=caller_of(request))
        return _("Captions deleted.")

    return answer(request, take)


@login_required
@require_POST
def rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give the video another title; an empty one is that of its prompt again."""
    shown = the_video(request, pk)

    def change() -> str:
        title = " ".join(request.POST.get("title", "").replace("\x00", "").split())[:LONGEST_TITLE]
        note_on(shown, by=caller_of(request), title=title or first_title(shown.task.prompt.text))
        return _("Renamed.")

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
