"""What people note on a video's page: tags, a rating, collections."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from access.callers import caller_of
from generation.actions.rights import require_rights
from generation.errors import PortalError
from library import collections, notes
from web.presenters.collections import notes_of
from web.views.common import back, the_video, toast, wants_fragment

__all__ = ["collect", "rate", "suggest", "tag"]


@login_required
@require_POST
def tag(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put the tags in `tag` on the video, with commas between them; or take off the one in `off`."""
    video, caller = the_video(request, pk), caller_of(request)
    try:
        require_rights(video, caller)
        if off := request.POST.get("off"):
            notes.untag([pk], notes.tag_names([off]), by=caller)
        elif not notes.tag([pk], notes.tag_names(request.POST.get("tag", "").replace("，", ",").split(",")), by=caller):
            return _answer(request, pk, _("A video has at most %(most)d tags.") % {"most": notes.MOST_TAGS}, 422)
    except PortalError as refused:
        return _answer(request, pk, refused.message, refused.status)
    return _answer(request, pk)


@login_required
@require_POST
def rate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Rate the video with `rating`, from 1 to 5; 0 takes the rating away. With `?toast=1`, the answer is a message."""
    video, caller = the_video(request, pk), caller_of(request)
    text = request.POST.get("rating", "")
    rating = int(text) if text in {"0", "1", "2", "3", "4", "5"} else 0
    try:
        require_rights(video, caller)
        notes.rate([pk], rating or None, by=caller)
    except PortalError as refused:
        return _answer(request, pk, refused.message, refused.status)
    if request.GET.get("toast") == "1":
        words = _("Rated %(rating)d of %(best)d.") % {"rating": rating, "best": notes.BEST} if rating else _("Rating removed.")
        return toast(words, messages.SUCCESS, 204)
    return _answer(request, pk)


@login_required
@require_POST
def collect(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put the video into the collection with the id in `collection`, or into a new one with the name in `name`."""
    video, caller = the_video(request, pk), caller_of(request)
    name = request.POST.get("name", "").replace("\x00", "").strip()
    try:
        chosen = request.POST.get("collection", "")
        row = collections.create(by=caller, name=name) if name or not chosen else collections.the_collection(caller, UUID(chosen))
        collections.add(row, [video.pk], by=caller)
    except ValueError:
        return _answer(request, pk)
    except PortalError as refused:
        return _answer(request, pk, refused.message, refused.status)
    return _answer(request, pk)


@login_required
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Return tags that begin as the last one in `tag` does, as choices of a field."""
    words = request.GET.get("tag", "").replace("\x00", "").replace("，", ",")
    before, _comma, last = words.rpartition(",")
    found = notes.suggestions(caller_of(request), last[:200])
    return render(request, "videos/_tag_choices.html", {"choices": [f"{before}, {name}" if before else name for name in found]})


def _answer(request: HttpRequest, pk: UUID, wrong: str = "", status: int = 200) -> HttpResponse:
    """Answer a script with the part of the page as it is now or with why not, a form with its page."""
    if not wants_fragment(request):
        if wrong:
            messages.error(request, wrong)
        return back(request)
    if wrong:
        return toast(wrong, messages.ERROR, status)
    return render(request, "videos/_notes.html", {"notes": notes_of(the_video(request, pk), caller_of(request))})
