"""Run again for chosen videos: what it costs, then the orders."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from access.callers import caller_of
from generation.actions.retry import RETRIED_MOST, costs_again, retry_these
from generation.errors import InvalidRequest, PortalError
from generation.models import GenerationTask, Video
from providers.labels import sentences
from web.presenters.again import again_context
from web.views.common import answer, ordered_again, page_key

__all__ = ["again"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """Show what it costs to make the videos of `v` (ids, separated by commas) once more, and order those whose price the page showed."""
    caller, shown = caller_of(request), _chosen(request)
    tasks = _tasks_of(shown)
    costs = costs_again(tasks, by=caller)
    if request.method != "POST":
        return render(request, "again/page.html", again_context(shown, tasks, costs, caller))
    seen = request.POST.getlist("task")
    good = [task for task, cost in zip(tasks, costs, strict=True) if str(task.pk) in seen and not isinstance(cost, PortalError)]

    def act() -> str:
        if not good:
            raise InvalidRequest(_("None of these videos can be ordered again."))
        words, left = ordered_again(retry_these(good, by=caller, page=page_key(request))), len(tasks) - len(good)
        if left:
            words = sentences([words, ngettext("%(n)d cannot be ordered again.", "%(n)d cannot be ordered again.", left) % {"n": left}])
        return words

    return answer(request, act, to=reverse("activity"))


def _chosen(request: HttpRequest) -> list[Video]:
    """Return the videos that this person sees, in the order of the address; the first of each task, and at most as many as one press
    orders.
    """
    ids = []
    for text in request.GET.get("v", "").split(",")[: 10 * RETRIED_MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    found = Video.objects.visible_to(caller_of(request)).select_related("task__prompt").in_bulk(ids)
    of_task = {found[pk].task_id: found[pk] for pk in reversed(ids) if pk in found}
    return list(reversed(of_task.values()))[:RETRIED_MOST]


def _tasks_of(videos: list[Video]) -> list[GenerationTask]:
    rows = GenerationTask.objects.select_related("prompt", "team", "paying_team")
    found = rows.in_bulk([video.task_id for video in videos])
    return [found[video.task_id] for video in videos]
