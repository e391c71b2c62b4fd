"""Collections: their list, one of them with its videos in order, and the buttons that change it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.callers import Caller, caller_of
from access.preferences import tile_size_of
from access.rights import may
from generation.errors import InvalidRequest, NotThere, PortalError
from library import collections
from library.collections import Place, seen_in, shown
from library.models import Collection
from web.collection_forms import CollectionForm
from web.presenters.bulk import bar_of
from web.presenters.collections import cards_of
from web.presenters.videos import tile_of
from web.views.common import answer, text_in

__all__ = ["collection", "cover", "delete", "edit", "listing", "more", "move", "new", "take_out"]

MOST_LISTED = 300
PAGE = 60
PLACE = re.compile(r"(-?\d{1,18})\.(\d{1,18})", re.ASCII)


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show the collections of this person and their teams; staff see everybody's with `?who=all`."""
    caller, text = caller_of(request), text_in(request, "q")
    is_all = request.GET.get("who") == "all" and may(caller, "see", Collection)
    rows = Collection.objects.all()
    rows = rows if is_all else rows.filter(rows.shown_to(caller))
    if text:
        rows = rows.filter(name__icontains=text)
    found = list(shown(rows, caller).order_by("name", "pk")[: MOST_LISTED + 1])
    context = {
        "cards": cards_of(found[:MOST_LISTED], caller),
        "has_more": len(found) > MOST_LISTED,
        "most": MOST_LISTED,
        "q": text,
        "is_all": is_all,
        "sees_all": may(caller, "see", Collection),
    }
    return render(request, "collections/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a collection."""
    caller = caller_of(request)
    form = CollectionForm(request.POST or None, by=caller)
    if request.method == "POST" and form.is_valid():
        try:
            made = collections.create(by=caller, **form.changes())
        except InvalidRequest as wrong:
            form.show(wrong)
        except PortalError as error:
            form.add_error(None, error.message)
        else:
            return redirect("collection", made.pk)
    return render(request, "collections/form.html", {"form": form, "collection": None}, status=422 if form.errors else 200)


@login_required
@require_GET
def collection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the videos of a collection in its order; with `?arrange=1`, the buttons that change the order."""
    row, caller = _the_collection(request, pk), caller_of(request)
    may_fill, size = may(caller, "fill", row), row.items.count()
    context = _page(request, row) | {
        "inside": cards_of(list(shown(row.children.visible_to(caller), caller).order_by("name", "pk")[:MOST_LISTED]), caller),
        "above": row.parent if row.parent and may(caller, "see", row.parent) else None,
        "size": size,
        "bar": bar_of(caller, {"collection": str(pk)}, size),
        "may_change": may(caller, "act", row),
        "may_fill": may_fill,
        "tile_size": tile_size_of(request),
    }
    return render(request, "collections/page.html", context)


@login_required
@require_GET
def more(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the next videos, when the end of the page comes into view."""
    return render(request, "collections/_videos.html", _page(request, _the_collection(request, pk)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change name, team and place of a collection."""
    row, caller = _the_collection(request, pk), caller_of(request)
    if not may(caller, "act", row):
        raise PermissionDenied
    form = CollectionForm(request.POST or None, by=caller, collection=row)
    if request.method == "POST" and form.is_valid():
        try:
            collections.change(row, by=caller, **form.changes())
        except InvalidRequest as wrong:
            form.show(wrong)
        except PortalError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("collection", pk)
    return render(request, "collections/form.html", {"form": form, "collection": row}, status=422 if form.errors else 200)


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _the_collection(request, pk)

    def act() -> str:
        collections.delete(row, by=caller_of(request))
        return _("Collection deleted. Its videos are kept.")

    return answer(request, act, to=reverse("collections"))


@login_required
@require_POST
def take_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a video out of the collection."""
    row, video = _the_collection(request, pk), _video_in(request)

    def act() -> str:
        collections.remove(row, [video] if video else [], by=caller_of(request))
        return _("Removed from %(name)s.") % {"name": row.name}

    return answer(request, act, news={"portal:video": {"id": str(video), "state": "taken"}})


@login_required
@require_POST
def cover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a video be the cover."""
    row, video = _the_collection(request, pk), _video_in(request)

    def act() -> str:
        collections.change(row, by=caller_of(request), cover_id=video)
        return _("This video is the cover now.")

    return answer(request, act)


@login_required
@require_POST
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move a video: `to` is `first`, `earlier`, `later` or `last`, or `before` names the video that it goes in front of."""
    row, video, caller = _the_collection(request, pk), _video_in(request), caller_of(request)
    before = _target(row, caller, video, request.POST.get("to", "")) if "to" in request.POST else _uuid(request.POST.get("before", ""))

    def act() -> str:
        collections.move(row, [video] if video else [], by=caller, before=before)
        return _("Moved.")

    return answer(request, act, news={"portal:moved": {"id": str(video), "before": str(before or "")}})


def _target(row: Collection, caller: Caller, video: UUID | None, to: str) -> UUID | None:
    """Return the video that this one goes in front of; None: the end."""
    seen: Any = seen_in(row, caller)
    here: Any = seen.filter(pk=video).first()
    if here is None or to == "last":
        return None
    if to == "first":
        first = seen.exclude(pk=video).first()
    elif to == "later":
        first = next(iter(seen_in(row, caller, after=Place(here.position, here.item))[1:2]), None)
    else:
        first = seen_in(row, caller, before=Place(here.position, here.item)).first() or seen.exclude(pk=video).first()
    return first.pk if first else None


def _page(request: HttpRequest, row: Collection) -> dict[str, Any]:
    caller, is_arranged = caller_of(request), request.GET.get("arrange") == "1"
    place = PLACE.fullmatch(request.GET.get("after", ""))
    after = Place(int(place[1]), int(place[2])) if place else None
    videos: list[Any] = list(seen_in(row, caller, after=after).select_related("task__prompt")[: PAGE + 1])
    query = {"arrange": "1"} if is_arranged and may(caller, "fill", row) else {}
    end = {"after": str(Place(videos[PAGE - 1].position, videos[PAGE - 1].item))} if len(videos) > PAGE else {}
    return {
        "collection": row,
        "is_arranged": bool(query),
        "may_cover": may(caller, "act", row),
        "tiles": [tile_of(video, caller, {"collection": str(row.pk)}) for video in videos[:PAGE]],
        "next_url": reverse("collection", args=[row.pk], query=query | end) if end else "",
        "more_url": reverse("collection-more", args=[row.pk], query=query | end) if end else "",
    }


def _the_collection(request: HttpRequest, pk: UUID) -> Collection:
    """Return the collection if this person may see it. Raises Http404."""
    try:
        return collections.the_collection(caller_of(request), pk)
    except NotThere as gone:
        raise Http404 from gone


def _video_in(request: HttpRequest) -> UUID | None:
    return _uuid(request.POST.get("video", ""))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
