"""One task: its page, and what people do to it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.presenters.detail import task_context
from generation.services import steer
from generation.services.lists import queue_of
from generation.views.common import answer, the_task, the_user, the_whole_task

__all__ = ["adopt", "cancel", "cancel_waiting", "give_up", "retry", "submit_again", "task"]

ID_CHARS = 200


@login_required
@require_GET
def task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Attempts, events, the vendor's words; for staff, the ways out of a review."""
    shown = the_whole_task(request, pk)
    return render(request, "tasks/page.html", task_context(shown, the_user(request)))


@login_required
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop exactly this one."""
    stopped = the_task(request, pk)

    def act() -> str:
        after = steer.cancel(stopped)
        return _("Cancelled.") if after.is_terminal else _("The vendor was asked to stop it.")

    return answer(request, act)


@login_required
@require_POST
def cancel_waiting(request: HttpRequest) -> HttpResponse:
    """Stop everything of one's own that waits; what renders goes on."""
    waiting = [one for one in queue_of(the_user(request)) if one.state is Status.QUEUED]

    def act() -> str:
        for one in waiting:
            steer.cancel(one)
        return _("Everything that waited is cancelled. What renders goes on.")

    return answer(request, act)


@login_required
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same request as a new task: Retry, or Run again."""
    again, user = the_task(request, pk), the_user(request)

    def act() -> str:
        steer.retry(again, by=user)
        return _("In the queue again, as a new task.")

    return answer(request, act)


@login_required
@require_POST
def adopt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The vendor has it, under this id."""
    vendor_id = request.POST.get("vendor_id", "").strip()[:ID_CHARS]

    def act(reviewed: GenerationTask) -> str:
        if not vendor_id:
            raise InvalidRequest(_("Write the vendor's task id."), fields={"vendor_id": _("This is needed.")})
        steer.adopt(reviewed, vendor_id, kind=_kind(request))
        return _("Adopted: the render is followed from here on.")

    return _settle(request, pk, act)


def _kind(request: HttpRequest) -> str:
    return request.POST.get("kind", "").strip()[:40]


@login_required
@require_POST
def submit_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send it once more, knowing that the first may be charged too."""

    def act(reviewed: GenerationTask) -> str:
        steer.submit_again(reviewed)
        return _("It is sent again.")

    return _settle(request, pk, act)


@login_required
@require_POST
def give_up(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Not worth another try."""

    def act(reviewed: GenerationTask) -> str:
        steer.give_up(reviewed)
        return _("Given up.")

    return _settle(request, pk, act)


def _settle(request: HttpRequest, pk: UUID, act: Callable[[GenerationTask], str]) -> HttpResponse:
    """Reviews may cost money, so they are for staff."""
    reviewed = the_task(request, pk)
    if not the_user(request).is_staff:
        raise PermissionDenied
    return answer(request, lambda: act(reviewed), to=reverse("task", args=[reviewed.pk]))
