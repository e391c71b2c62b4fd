"""Live updates: what changed since a cursor, and a fresh card."""

from __future__ import annotations

from datetime import datetime, timedelta
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
from generation.queries.tasks import NEWS_MOST, changed_tasks, live_count
from web.presenters.cards import cards_of, news_of
from web.views.common import the_task

__all__ = ["card", "tick"]

OVERLAP = timedelta(seconds=2)
"""A change is stamped before it is committed, and the clocks of machines differ a little, so look back further than the cursor says."""
EARLIEST, LATEST = 2000, 9000
TEMPLATES = {"job": "_components/job_row.html", "row": "_components/task_row.html"}


@never_cache
@require_GET
def tick(request: HttpRequest) -> HttpResponse:
    """Return the tasks that changed or are alive, and a new cursor, as JSON; 204 if nothing changed, 401 if the session has ended."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    caller, now = caller_of(request), clock.now()
    since = _cursor(request.GET.get("since", ""))
    tasks = changed_tasks(caller, since - OVERLAP if since else None)
    if not tasks and since:
        return HttpResponse(status=204)
    mine = (
        sum(task.owner_id == caller.user.pk and not task.is_terminal for task in tasks)
        if len(tasks) < NEWS_MOST
        else live_count(caller.user)
    )
    return JsonResponse({"cursor": now.isoformat(), "tasks": news_of(tasks, caller), "mine": mine})


def _cursor(text: str) -> datetime | None:
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
    """Return the fragment of one task, as the Studio's job or as Activity's row."""
    task = the_task(request, pk)
    form = "row" if request.GET.get("as") == "row" else "job"
    cards = cards_of([task], caller_of(request), form)
    return render(request, TEMPLATES[form], {"card": cards[0]})
