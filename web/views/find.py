"""Find or jump: what Ctrl K opens."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.callers import Caller, caller_of
from batches.models import Batch
from generation.queries.task_search import found_by
from generation.queries.tasks import activity_page
from library.filters import WallFilter
from library.wall import wall_page
from web.presenters.first_steps import sets_up
from web.presenters.states import face_of
from web.presenters.videos import poster_of
from web.presenters.words import model_label, title_and_language, title_of
from web.views.common import text_in

__all__ = ["find"]

EACH_MOST = 5
BATCHES_LOOKED_AT = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One line of the answer. `icon` is shown where there is no `poster_url`."""

    href: str
    title: str
    note: str = ""
    language: str = ""
    icon: str = ""
    poster_url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    title: str
    hits: list[Hit]


@login_required
@never_cache
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Return pages, videos, tasks and batches with these words; without words, all pages."""
    words, caller = text_in(request, "q"), caller_of(request)
    groups = [Group(title=_("Pages"), hits=_pages(request, words.lower()))]
    if words:
        groups += [
            Group(title=_("Videos"), hits=_videos(caller, words)),
            Group(title=_("Tasks"), hits=_tasks(caller, words)),
            Group(title=_("Batches"), hits=_batches(caller, words.lower())),
        ]
    return render(request, "_shell/_found.html", {"groups": [group for group in groups if group.hits], "words": words})


def _pages(request: HttpRequest, words: str) -> list[Hit]:
    """Return the pages whose names have the words, in any language of the portal."""
    found: set[str] = set()
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {name for name, _icon, title in _names(request.user) if words in title.lower()}  # type: ignore[arg-type]
    names = _names(request.user)  # type: ignore[arg-type]
    return [Hit(href=reverse(name), title=title, icon=icon) for name, icon, title in names if name in found]


def _names(user: User) -> list[tuple[str, str, str]]:
    """Return route, icon and name of each page that is there for this person."""
    pages = [
        ("studio", "clapperboard", _("Studio")),
        ("gallery", "layout-grid", _("Gallery")),
        ("collections", "folder", _("Collections")),
        ("images", "images", _("Images")),
        ("review-queue", "circle-check", _("Review")),
        ("activity", "activity", _("Activity")),
        ("batches", "table", _("Batches")),
        ("batch-new", "upload", _("New batch")),
        ("templates", "type", _("Templates")),
        ("content-plan", "table", _("Content plan")),
        ("usage", "chart-column", _("Usage")),
        ("usage-models", "chart-column", _("Models compared")),
        ("settings", "sliders-horizontal", _("Settings")),
        ("tokens", "key-round", _("Tokens")),
        ("webhooks", "send", _("Webhooks")),
        ("notices", "info", _("Notices")),
        ("budgets", "chart-column", _("Budgets")),
        ("bin", "trash-2", _("Bin")),
        ("help", "info", _("Help")),
    ]
    if user.is_staff:
        pages.append(("system", "gauge", pgettext("page", "System")))
    if sets_up(user):
        pages.append(("start", "check", _("First steps")))
    return pages


def _videos(caller: Caller, words: str) -> list[Hit]:
    found, _more = wall_page(caller, WallFilter(q=words), count=EACH_MOST)
    hits = []
    for video in found:
        title, language = title_of(video)
        href, poster_url = reverse("video", args=[video.pk]), poster.narrowest_url if (poster := poster_of(video)) else ""
        hits.append(Hit(href=href, title=title, language=language, note=model_label(video.model), poster_url=poster_url, icon="film"))
    return hits


def _tasks(caller: Caller, words: str) -> list[Hit]:
    found, _more = activity_page(
        caller, tab="all", mine=not caller.sees_others, before=None, only=found_by(words, caller, mine=not caller.sees_others)
    )
    hits = []
    for task in found[:EACH_MOST]:
        title, language = title_and_language(task)
        face = face_of(task, task.updated_at)
        hits.append(Hit(href=reverse("task", args=[task.pk]), title=title, language=language, note=str(face.label), icon=face.icon))
    return hits


def _batches(caller: Caller, words: str) -> list[Hit]:
    newest = Batch.objects.first_for(caller, BATCHES_LOOKED_AT)
    named = [batch for batch in newest if words in batch.name.lower()][:EACH_MOST]
    return [Hit(href=reverse("batch", args=[batch.pk]), title=batch.name, note=batch.get_state_display(), icon="table") for batch in named]
