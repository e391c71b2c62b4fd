"""One video: its page, its files, its star."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from access.callers import caller_of
from access.rights import may
from delivery.file_names import named_by, pattern_of
from delivery.links import origin_of
from delivery.stored_file import serve_video
from generation.actions.choose import choose as choose_video
from generation.actions.choose import end_choice
from generation.actions.star import toggle_star
from generation.queries.tasks import task_in_full
from library.filters import filter_of, query_of
from library.wall import neighbours
from web.presenters.collections import notes_of
from web.presenters.detail import video_context
from web.presenters.review import review_of
from web.presenters.share import share_of
from web.presenters.versions import versions_context
from web.presenters.videos import binned_of
from web.views.common import answer, found, known_video, the_task, the_video, wants_fragment

__all__ = ["choose", "file", "poster", "preview", "star", "versions", "video"]

LONGEST_WIDTH = 5
"""Digits of a width that is read; any other is left out."""


@login_required
@require_GET
def video(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show player, settings, history, versions, and how to order it through the API; of a deleted video, what is left of it."""
    caller, shown = caller_of(request), known_video(request, pk)
    if shown.deleted_at:
        page = "videos/purged.html" if shown.purged_at else "videos/in_bin.html"
        return render(request, page, {"video": binned_of(shown, caller)}, status=404)
    task = the_task(request, shown.task_id, task_in_full)
    api_url = request.build_absolute_uri("/api/v1/tasks")
    wanted = filter_of(request.GET, caller)
    beside = neighbours(caller, shown, wanted)
    context = video_context(shown, task, caller, beside, query_of(wanted), api_url) | versions_context(shown, caller)
    panels = {"share": share_of(shown, caller, origin_of(request)), "notes": notes_of(shown, caller), "review": review_of(shown, caller)}
    return render(request, "videos/page.html", context | panels)


@login_required
@require_GET
def versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the strip of the videos and takes of the same prompt."""
    shown = known_video(request, pk)
    if shown.deleted_at:
        raise Http404
    return render(request, "videos/_versions.html", versions_context(shown, caller_of(request)))


@login_required
@require_safe
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send the video, whole or in part; `?download=1` saves it under a name by the person's pattern, or its title."""
    inline, shown = request.GET.get("download") != "1", the_video(request, pk)
    name = "" if inline else named_by(pattern_of(caller_of(request).user), shown)
    return found(lambda: serve_video(request, shown, inline=inline, name=name))


@login_required
@require_safe
def poster(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send the poster; `?w=384` asks for the narrowest one with so many pixels in width."""
    words = request.GET.get("w", "")
    width = int(words) if words.isdecimal() and len(words) <= LONGEST_WIDTH else None
    return found(lambda: serve_video(request, the_video(request, pk), "poster", width=width))


@login_required
@require_safe
def preview(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return found(lambda: serve_video(request, the_video(request, pk), "preview"))


@login_required
@require_POST
def star(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Turn the star on or off. The script of a wall (`?tile=1`) is told, another one gets the new button, a form its page."""
    shown, caller = the_video(request, pk), caller_of(request)
    if wants_fragment(request) and may(caller, "act", shown):
        starred = toggle_star(shown, by=caller)
        if request.GET.get("tile") == "1":
            news = {"portal:changed": {"ids": [str(pk)], "action": "star", "starred": starred}}
            return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(news)})
        return render(request, "videos/_star.html", {"video_id": pk, "starred": starred})
    return answer(request, lambda: _("Starred.") if toggle_star(shown, by=caller) else _("No longer starred."))


@login_required
@require_POST
def choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose this video for its content id, or clear the choice if it is chosen already."""
    shown, caller = the_video(request, pk), caller_of(request)

    def turn() -> str:
        if shown.chosen_at is None:
            choose_video(shown, by=caller)
            return _("Chosen. Content systems now show this video.")
        end_choice(shown.task.content_id, by=caller)
        return _("No longer chosen.")

    return answer(request, turn)
