"""Live updates: what changed since a cursor, and a fresh card."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.callers import caller_of
from database import clock
from generation.lifecycle import Status
from generation.queries.queue_position import pool_state
from generation.queries.tasks import NEWS_MOST, changed_tasks, live_count
from web.presenters.cards import cards_of, news_of
from web.presenters.notices import notices_of
from web.views.common import the_task

__all__ = ["card", "tick"]

OVERLAP = timedelta(seconds=2)
"""A change is stamped before it is committed, and the clocks of machines differ a little, so look back further than the cursor says."""
RENEWED_AFTER = timedelta(seconds=30)
"""A cursor older than this is replaced though nothing changed: what changed lately is known for a minute without asking (`is_still`)."""
EARLIEST, LATEST = 2000, 9000
TEMPLATES = {"job": "_components/job_row.html", "row": "_components/task_row.html", "take": "videos/_take.html"}


@never_cache
@require_GET
def tick(request: HttpRequest) -> HttpResponse:
    """Return the tasks that changed or are alive, and a new cursor, as JSON; 204 if nothing changed, 401 if the session has ended.

    The cursor is a time and the mark of the pool at that time. While the pool has the same mark, the caller's own waiting tasks have the
    same places and reasons, so those that did not change are left out. `mine` counts all of the caller's unfinished tasks; it is missing
    if none began or ended. `notices` are the ids of those that the bar shows.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    caller, now = caller_of(request), clock.now()
    me = caller.user.pk
    text, _, mark = request.GET.get("since", "").partition("/")
    since = _time(text)
    from_then = since - OVERLAP if since else None
    as_before = bool(mark) and from_then is not None and mark == pool_state().mark(me)
    if as_before and from_then:
        is_still = partial(pool_state().is_still, me, from_then)
        if is_still(for_all=True) or (is_still(for_all=False) and not caller.sees_others):  # teams are asked for only if it matters
            return HttpResponse(status=204)
    tasks = changed_tasks(caller, from_then, all_waiting=not as_before)
    if not tasks and since and now - since < RENEWED_AFTER:
        return HttpResponse(status=204)
    own = [task for task in tasks if task.owner_id == me]
    is_all = not as_before and len(tasks) < NEWS_MOST
    if is_all:
        mark = pool_state().mark(me) if any(task.state is Status.QUEUED for task in own) else ""
    news: dict[str, object] = {"cursor": f"{now.isoformat()}/{mark}", "tasks": news_of(tasks, caller, has_all_own=is_all)}
    news["notices"] = [str(one.id) for one in notices_of(caller.user)]
    if is_all:
        news["mine"] = sum(not task.is_terminal for task in own)
    elif from_then is None or any(task.is_terminal or task.created_at > from_then for task in own):
        news["mine"] = live_count(caller.user)
    return JsonResponse(news)


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    is_usable = found and timezone.is_aware(found) and EARLIEST <= found.year <= LATEST
    return found if is_usable else None


@login_required
@never_cache
@require_GET
def card(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the fragment of one task, as the Studio's job, as Activity's row, or as a take of a video's page."""
    task = the_task(request, pk)
    form = asked if (asked := request.GET.get("as")) in TEMPLATES else "job"
    cards = cards_of([task], caller_of(request), form)
    return render(request, TEMPLATES[form], {"card": cards[0]})
