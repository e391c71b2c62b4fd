"""The wall of videos."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from access.callers import Caller, caller_of
from access.preferences import TILE_SIZES, remember, tile_size_of
from generation.models import Video
from library.filters import filter_of, like_of, query_of
from library.months import months_on_wall
from library.wall import SORTED_MOST, WALL_PAGE, beginning_above, models_on_wall, neighbours, wall_beginning, wall_count, wall_page
from web.presenters.bulk import bar_of
from web.presenters.filters import chosen_words, filter_menus
from web.presenters.rail import month_words, rail_of
from web.presenters.videos import days_of, place_on_wall
from web.presenters.words import tile_size_words
from web.views.common import back, uuid_in

__all__ = ["gallery", "more", "tiles"]


@login_required
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show one page of videos; every filter is in the address, and so is the place: after a video (`before`), with one that was opened
    (`near`), or from the end of a month on (`at`).
    """
    caller = caller_of(request)
    wanted = filter_of(request.GET, caller)
    query, near, month = query_of(wanted), uuid_in(request, "near"), _month_in(request)
    before = beginning_above(caller, wanted, near, WALL_PAGE // 2) if near else uuid_in(request, "before")
    until = _end_of(month) if month and not before else None
    is_top = not (before or until)
    if is_top:
        videos, has_more, count = wall_beginning(caller, wanted)
    else:
        videos, has_more = wall_page(caller, wanted, before, until=until)
        count = wall_count(caller, wanted)
    context = _wall(videos, caller, query, None, has_more=has_more)
    if videos and not is_top and neighbours(caller, videos[0], wanted)[0]:
        context["newer_url"] = place_on_wall(videos[0].pk, query)
    menus = filter_menus(wanted, models_on_wall(caller), caller)
    like = like_of(wanted, caller)
    newest = videos[0].created_at if is_top and videos else None
    oldest = None if has_more or not videos else videos[-1].created_at
    context |= {
        "bar": bar_of(caller, query, count),
        "wanted": wanted,
        "menus": menus,
        "chosen": chosen_words(wanted, menus),
        "count": count,
        "cannot_compare": like is not None and not like.pictures,
        "sorted_most": SORTED_MOST if wanted.sort else 0,
        "tile_size": tile_size_of(request),
        "tile_sizes": tile_size_words(),
        "rail": [] if wanted.sort else rail_of(months_on_wall(caller, wanted, newest=newest, oldest=oldest), query),
        "top_url": "" if is_top else reverse("gallery", query=query),
        "empty_month": month_words(month) if month and until and videos and _month_of(videos[0]) != month else "",
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
    caller = caller_of(request)
    wanted = filter_of(request.GET, caller)
    videos, has_more = wall_page(caller, wanted, uuid_in(request, "before"))
    return render(request, "gallery/_days.html", _wall(videos, caller, query_of(wanted), shown, has_more=has_more))


@login_required
@require_POST
def tiles(request: HttpRequest) -> HttpResponse:
    """Remember how large this person wants the tiles; a script has changed the page already."""
    if request.POST.get("size") in TILE_SIZES:
        remember(request, tile_size=request.POST["size"])
    return back(request)


def _wall(videos: list[Video], caller: Caller, query: dict[str, str], shown: date | None, *, has_more: bool) -> dict[str, Any]:
    """Return the days of a page and the way to the next; `shown` has its heading already."""
    days = days_of(videos, caller, query, shown=shown, goes_on=has_more)
    if not has_more:
        return {"days": days}
    after = query | {"before": str(videos[-1].pk)}
    return {
        "days": days,
        "next_url": reverse("gallery", query=after),
        "more_url": reverse("gallery-more", query=after | {"day": days[-1].date.isoformat()}),
    }


def _month_in(request: HttpRequest) -> date | None:
    """Return the first day of the month that the address names as `2026-11`."""
    try:
        month = date.fromisoformat(f"{request.GET.get('at', '')}-01")
    except ValueError:
        return None
    return month if 1970 <= month.year < 9999 else None


def _month_of(video: Video) -> date:
    return timezone.localtime(video.created_at).date().replace(day=1)


def _end_of(month: date) -> datetime:
    """Return when the month ends for the reader."""
    after = (month + timedelta(days=31)).replace(day=1)
    return datetime.combine(after, time(), timezone.get_current_timezone())
