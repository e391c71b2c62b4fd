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
from library.filters import WallFilter, filter_of, like_of, query_of
from library.wall import SORTED_MOST, models_on_wall, wall_count, wall_page
from web.presenters.bulk import bar_of
from web.presenters.filters import chosen_words, filter_menus
from web.presenters.videos import days_of
from web.views.common import uuid_in

__all__ = ["gallery", "more"]


@login_required
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show one page of videos; every filter is in the address."""
    caller = caller_of(request)
    wanted = filter_of(request.GET, caller)
    context = _wall(request, wanted, None)
    menus = filter_menus(wanted, models_on_wall(caller), caller)
    count = wall_count(caller, wanted)
    like = like_of(wanted, caller)
    context |= {
        "bar": bar_of(caller, query_of(wanted), count),
        "wanted": wanted,
        "menus": menus,
        "chosen": chosen_words(wanted, menus),
        "count": count,
        "cannot_compare": like is not None and not like.pictures,
        "sorted_most": SORTED_MOST if wanted.sort else 0,
    }
    return render(request, "gallery/page.html", context)


@login_required
@require_GET
def more(request: HttpRequest) -> HttpResponse:
    """Return the next page, which the script puts below the last."""
    try:
        shown = parse_date(request.GET.get("day", ""))
    except ValueError:
        shown = None
    return render(request, "gallery/_days.html", _wall(request, filter_of(request.GET, caller_of(request)), shown))


def _wall(request: HttpRequest, wanted: WallFilter, shown: date | None) -> dict[str, Any]:
    videos, has_more = wall_page(caller_of(request), wanted, uuid_in(request, "before"))
    days = days_of(videos, caller_of(request), query_of(wanted), shown=shown)
    if not has_more:
        return {"days": days}
    query = query_of(wanted) | {"before": str(videos[-1].pk)}
    return {
        "days": days,
        "next_url": reverse("gallery", query=query),
        "more_url": reverse("gallery-more", query=query | {"day": days[-1].date.isoformat()}),
    }
