"""One video: its page, its files, its star."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from generation.models import Video
from generation.presenters.detail import video_context
from generation.presenters.words import title_of
from generation.services.lists import neighbours, versions_of
from generation.services.marks import toggle_star
from generation.serving import serve_file
from generation.views.common import answer, the_user, the_video, the_whole_task, wants_fragment

__all__ = ["file", "poster", "preview", "star", "video"]

NAME_CHARS = 60


@login_required
@require_GET
def video(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Player, settings, history, versions, and how to ask for it through the API."""
    shown, user = the_video(request, pk), the_user(request)
    task = the_whole_task(request, shown.task_id)
    api_url = request.build_absolute_uri("/api/v1/tasks")
    context = video_context(shown, task, versions_of(user, shown), neighbours(user, shown), api_url)
    return render(request, "videos/page.html", context)


@login_required
@require_safe
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The video itself, whole or in part; `?download=1` saves it under the prompt's first words."""
    shown = the_video(request, pk)
    name = f"{title_of(shown.task)[:NAME_CHARS].strip()}.mp4"
    return serve_file(
        request,
        _opener(shown.file),
        size=shown.size_bytes,
        etag=shown.sha256[:32],
        content_type="video/mp4",
        download_name=name,
        inline=request.GET.get("download") != "1",
        last_modified=shown.created_at,
    )


@login_required
@require_safe
def poster(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    shown = the_video(request, pk)
    return _small(request, shown, shown.poster, "image/webp")


@login_required
@require_safe
def preview(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    shown = the_video(request, pk)
    return _small(request, shown, shown.preview, "video/mp4")


def _small(request: HttpRequest, shown: Video, stored: FieldFile, content_type: str) -> HttpResponseBase:
    """A file that was made from the video, so that the video's own hash names its content."""
    if not stored:
        raise Http404
    try:
        size = stored.size
    except FileNotFoundError as gone:
        raise Http404 from gone
    tag = f"{shown.sha256[:24]}-{content_type[:5]}"
    return serve_file(request, _opener(stored), size=size, etag=tag, content_type=content_type, last_modified=shown.created_at)


def _opener(stored: FieldFile) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            return cast("BinaryIO", stored.open("rb").file)
        except FileNotFoundError as gone:
            raise Http404 from gone

    return opened


@login_required
@require_POST
def star(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Turn the star on or off: the button anew for scripts, the page again without."""
    shown = the_video(request, pk)
    if wants_fragment(request):
        return render(
            request, "videos/_star.html", {"video_id": shown.pk, "starred": toggle_star(shown), "small": request.GET.get("small") == "1"}
        )
    return answer(request, lambda: _("Starred.") if toggle_star(shown) else _("No longer starred."))
