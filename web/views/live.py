"""Live updates: what changed since a cursor, and a fresh card."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.callers import Caller, caller_of
from database import clock
from generation.queries.queue_position import pool_state
from generation.queries.tasks import NEWS_MOST, changed_tasks, live_count
from web.presenters.cards import cards_of, news_of
from web.presenters.notices import notices_of
from web.views.common import the_task

__all__ = ["answer_idle_ticks", "card", "tick"]

OVERLAP = timedelta(seconds=2)
"""A change is stamped before it is committed, and the clocks of machines differ a little, so look back further than the cursor says."""
RENEWED_AFTER = timedelta(seconds=30)
"""A cursor older than this is replaced though nothing changed: what changed lately is known for a minute without asking (`is_still`)."""
EARLIEST, LATEST = 2000, 9000
TEMPLATES = {"job": "_components/job_row.html", "row": "_components/task_row.html", "take": "videos/_take.html"}


class _Cursor(NamedTuple):
    """When a page was brought up to date last, and the mark of the pool then."""

    since: datetime | None
    mark: str

    @property
    def changed_since(self) -> datetime | None:
        return self.since - OVERLAP if self.since else None


class _Reader(NamedTuple):
    """Whose session it is, and whether their pages show tasks of others."""

    user: int
    sees_others: bool

    def has_news(self, cursor: _Cursor) -> bool:
        """Return whether something on the page may have changed. Reads the database only if the state of the pool has expired."""
        if not self.shows_current_places(cursor) or cursor.changed_since is None:
            return True
        return not pool_state().is_still(self.user, cursor.changed_since, for_all=self.sees_others)

    def shows_current_places(self, cursor: _Cursor) -> bool:
        """Return whether the places and reasons of the reader's waiting tasks are those that the page shows."""
        return bool(cursor.mark and cursor.since) and cursor.mark == pool_state().mark(self.user)


def answer_idle_ticks(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer /tick with 204 before the session is read, if this process knows the session and nothing changed (docs/adr/0068).

    What comes after this middleware has not run: the answer must stay empty.
    """

    @never_cache
    def middleware(request: HttpRequest) -> HttpResponse:
        reader: _Reader | None = caches["process"].get(_reader_key(request))
        return get_response(request) if reader is None or reader.has_news(_cursor(request)) else HttpResponse(status=204)

    return lambda request: middleware(request) if request.path_info == "/tick" and request.method == "GET" else get_response(request)


def _reader_key(request: HttpRequest) -> str:
    return f"reader:{blake2b(request.COOKIES.get(settings.SESSION_COOKIE_NAME, '').encode(), digest_size=16).hexdigest()}"


def _remembered(request: HttpRequest, caller: Caller) -> _Reader:
    reader = _Reader(caller.user.pk, caller.sees_others)
    caches["process"].set(_reader_key(request), reader, settings.TICK_READER_KEPT_S)
    return reader


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
    caller, now, cursor = caller_of(request), clock.now(), _cursor(request)
    reader = _remembered(request, caller)
    if not reader.has_news(cursor):
        return HttpResponse(status=204)
    as_before, changed_since, mark = reader.shows_current_places(cursor), cursor.changed_since, cursor.mark
    tasks = changed_tasks(caller, changed_since, all_waiting=not as_before)
    if not tasks and cursor.since and now - cursor.since < RENEWED_AFTER:
        return HttpResponse(status=204)
    own = [task for task in tasks if task.owner_id == reader.user]
    is_all = not as_before and len(tasks) < NEWS_MOST
    if is_all:
        mark = pool_state().mark(reader.user)
    news: dict[str, object] = {"cursor": f"{now.isoformat()}/{mark}", "tasks": news_of(tasks, caller, has_all_own=is_all)}
    news["notices"] = [str(one.id) for one in notices_of(caller.user)]
    if is_all:
        news["mine"] = sum(not task.is_terminal for task in own)
    elif changed_since is None or any(task.is_terminal or task.created_at > changed_since for task in own):
        news["mine"] = live_count(caller.user)
    return JsonResponse(news)


def _cursor(request: HttpRequest) -> _Cursor:
    text, _, mark = request.GET.get("since", "").partition("/")
    return _Cursor(_time(text), mark)


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
