"""The wall of videos."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from access.callers import caller_of
from generation.queries.tasks import SHAPES, WallFilter, wall_page
from providers.vendors import ALL_MODELS
from web.presenters.filters import chosen_words, filter_menus, query_of
from web.presenters.videos import days_of
from web.views.common import uuid_in

__all__ = ["gallery", "more"]

LONGEST_SEARCH = 200


@login_required
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show one page of videos; every filter is in the address."""
    wanted = _wanted(request)
    context = _wall(request, wanted, None)
    context |= {"wanted": wanted, "menus": filter_menus(wanted, is_staff=caller_of(request).user.is_staff), "chosen": chosen_words(wanted)}
    return render(request, "gallery/page.html", context)


@login_required
@require_GET
def more(request: HttpRequest) -> HttpResponse:
    """Return the next page, which the script puts below the last."""
    try:
        shown = parse_date(request.GET.get("day", ""))
    except ValueError:
        shown = None
    return render(request, "gallery/_days.html", _wall(request, _wanted(request), shown))


def _wall(request: HttpRequest, wanted: WallFilter, shown: date | None) -> dict[str, Any]:
    videos, has_more = wall_page(caller_of(request), wanted, uuid_in(request, "before"))
    days = days_of(videos, caller_of(request), shown=shown)
    if not has_more:
        return {"days": days}
    query = query_of(wanted) | {"before": str(videos[-1].pk)}
    return {
        "days": days,
        "next_url": reverse("gallery", query=query),
        "more_url": reverse("gallery-more", query=query | {"day": days[-1].date.isoformat()}),
    }


def _wanted(request: HttpRequest) -> WallFilter:
    """Read the filter from the address; ignore unknown values."""
    get = request.GET.get
    model, shape = get("model", ""), get("shape", "")
    return WallFilter(
        q=get("q", "").strip().replace("\x00", "")[:LONGEST_SEARCH],
        model=model if model in ALL_MODELS else "",
        shape=shape if shape in SHAPES else "",
        starred=get("starred") == "1",
        mine=get("who") == "mine",
    )
