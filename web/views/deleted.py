"""The bin: videos go there at once, with an undo, and come back. Only what cannot be undone is asked about first."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from access.callers import caller_of
from delivery.stored_file import serve_video
from generation.actions import bin as actions
from generation.models import Video
from generation.queries.bin import bin_page, binned_count
from web.presenters.videos import binned_of
from web.views.common import answer, found, known_video, uuid_in

__all__ = ["bin_of_videos", "delete", "delete_for_good", "empty", "poster", "restore"]


@login_required
@require_GET
def bin_of_videos(request: HttpRequest) -> HttpResponse:
    """Show one page of the bin; staff see everybody's unless they ask for theirs."""
    caller = caller_of(request)
    is_staff = caller.user.is_staff
    mine = request.GET.get("who") == "mine" or not is_staff
    videos, has_more = bin_page(caller, mine=mine, before=_place(request))
    query = {"who": "mine"} if mine and is_staff else {}
    context = {
        "videos": [binned_of(video, caller) for video in videos],
        "own": binned_count(caller.user),
        "days": settings.BIN_DAYS,
        "is_staff": is_staff,
        "mine": mine,
        "next_url": reverse("bin", query=query | _cursor(videos[-1])) if has_more else "",
    }
    return render(request, "bin/page.html", context)


def _cursor(last: Video) -> dict[str, str]:
    """Return the query of the page behind this video."""
    return {"before": str(last.pk), "deleted": last.deleted_at.isoformat() if last.deleted_at else ""}


def _place(request: HttpRequest) -> tuple[datetime, UUID] | None:
    """Return what `_cursor` wrote; None for the first page and for nonsense."""
    pk = uuid_in(request, "before")
    try:
        at = datetime.fromisoformat(request.GET.get("deleted", ""))
        return (at.astimezone(UTC), pk) if pk and at.tzinfo else None
    except (ValueError, OverflowError):  # the first and the last hours of the calendar have no time in UTC
        return None


@login_required
@require_safe
def poster(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send the poster of a video in the bin; its other files are not shown until it is restored."""
    video = get_object_or_404(Video.objects.binned_for(caller_of(request)), pk=pk)
    return found(lambda: serve_video(request, video, "poster"))


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move the video to the bin, and offer to undo that. A page may be older than its last deletion."""
    video = known_video(request, pk)
    is_gone = video.purged_at is not None

    def act() -> str:
        actions.move_to_bin(video, by=caller_of(request))
        return _("Deleted for good.") if is_gone else _("Moved to the bin.")

    state, undo = ("purged", "") if is_gone else ("binned", reverse("video-restore", args=[pk]))
    return answer(request, act, video=(pk, state), undo=undo)


@login_required
@require_POST
def restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the video out of the bin. With `?open=1` a script goes to its page, as a form does."""
    video = known_video(request, pk)
    page = reverse("video", args=[pk])

    def act() -> str:
        actions.restore(video, by=caller_of(request))
        return _("Restored.")

    response = answer(request, act, to=page, video=(pk, "kept"))
    if request.GET.get("open") == "1" and response.status_code == 204:
        response["HX-Redirect"] = page
    return response


@login_required
@require_POST
def delete_for_good(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete the video and its files."""
    video = known_video(request, pk)

    def act() -> str:
        actions.delete_for_good(video, by=caller_of(request))
        return _("Deleted for good.")

    return answer(request, act, to=reverse("bin"), video=(pk, "purged"))


@login_required
@require_POST
def empty(request: HttpRequest) -> HttpResponse:
    """Delete for good what this person has in the bin."""

    def act() -> str:
        count = actions.empty_bin(by=caller_of(request))
        return ngettext("%(n)d video was deleted for good.", "%(n)d videos were deleted for good.", count) % {"n": count}

    return answer(request, act, to=reverse("bin"))
