"""One task: its page, and what people do to it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from access.callers import caller_of
from access.ledger_models import Reservation
from generation.actions import decide, recover
from generation.actions import dismiss as actions
from generation.actions.cancel import cancel_task, cancel_waiting
from generation.actions.retry import retry_failed, retry_from_page
from generation.actions.settle import amount_typed, set_cost
from generation.actions.share import require_team
from generation.actions.share import share as share_with
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.queries.tasks import task_in_full
from web.presenters.detail import task_context
from web.views.common import answer, ordered_again, page_key, the_task

__all__ = [
    "adopt",
    "ask_again",
    "cancel",
    "cancel_queue",
    "correct",
    "dismiss",
    "dismiss_all",
    "give_up",
    "retry",
    "retry_all",
    "settle",
    "share",
    "submit_again",
    "task",
]


@login_required
@require_GET
def task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show attempts, events and the vendor's words; to administrators also the ways out of a review or a failure."""
    shown = the_task(request, pk, task_in_full)
    return render(request, "tasks/page.html", task_context(shown, caller_of(request)))


@login_required
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel this task."""
    stopped = the_task(request, pk)

    def act() -> str:
        after = cancel_task(stopped, by=caller_of(request))
        return _("Cancelled.") if after.is_terminal else _("Cancellation requested from the vendor.")

    return answer(request, act)


@login_required
@require_POST
def cancel_queue(request: HttpRequest) -> HttpResponse:
    """Cancel the person's waiting tasks; running renders continue."""

    def act() -> str:
        stopped = cancel_waiting(caller_of(request).user)
        words = ngettext(
            "%(n)d waiting video was cancelled. Running renders continue.",
            "%(n)d waiting videos were cancelled. Running renders continue.",
            stopped,
        )
        return words % {"n": stopped} if stopped else _("Nothing is waiting. Running renders continue.")

    return answer(request, act)


@login_required
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Order the same again as a new task: Retry, or Run again."""
    again, caller = the_task(request, pk), caller_of(request)

    def act() -> str:
        _task, is_new = retry_from_page(again, by=caller, page=page_key(request))
        return _("Queued again as a new task.") if is_new else _("Already queued again. Press again to order one more.")

    return answer(request, act)


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take this failure off the list of what needs attention."""
    failed = the_task(request, pk)

    def act() -> str:
        actions.dismiss(failed, by=caller_of(request))
        return _("Dismissed.")

    return answer(request, act, gone=[failed.pk])


@login_required
@require_POST
def share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Share the task and its videos with a team, or with nobody."""
    shown, caller = the_task(request, pk), caller_of(request)

    def act() -> str:
        names, wanted = {str(pk): name for pk, name in caller.teams.items()}, request.POST.get("team", "")
        team = require_team(names.get(wanted, ""), caller) if wanted else None
        share_with(shown, team, by=caller)
        return _("Shared with %(team)s.") % {"team": team} if team else _("Shared with nobody.")

    return answer(request, act)


@login_required
@require_POST
def dismiss_all(request: HttpRequest) -> HttpResponse:
    """Take all failures of this person off the list."""

    def act() -> str:
        count = actions.dismiss_failed(caller_of(request).user)
        return ngettext("%(n)d failure was dismissed.", "%(n)d failures were dismissed.", count) % {"n": count}

    return answer(request, act)


@login_required
@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Order again what failed of this person and may succeed as it is. A refusal, such as a budget's, ends it; what was ordered stays."""

    return answer(request, lambda: ordered_again(retry_failed(caller_of(request), page=page_key(request))))


@login_required
@require_POST
def ask_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the vendor whether it has the render of a failed task or one in review."""

    def act(failed: GenerationTask) -> str:
        recover.ask_again(failed, by=caller_of(request), page=page_key(request))
        if failed.state is Status.RUNNING:
            return _("Still rendering at the vendor. The task continues with a new deadline.")
        if failed.is_terminal:
            return _("The vendor says that this render failed or was cancelled.")
        return _("The vendor has the video. Downloading it now.")

    return _decide(request, pk, act)


@login_required
@require_POST
def adopt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a review: take over the vendor's render with this id."""

    def act(reviewed: GenerationTask) -> str:
        decide.adopt(reviewed, request.POST.get("vendor_id", ""), by=caller_of(request), page=page_key(request))
        return _("Adopted. The task now tracks this render.")

    return _decide(request, pk, act)


@login_required
@require_POST
def submit_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a review: send the request again, knowing that the first may be charged too."""

    def act(reviewed: GenerationTask) -> str:
        knows_cost = request.POST.get("knows_cost") == "on"
        sent = decide.submit_again(reviewed, by=caller_of(request), knows_cost=knows_cost, page=page_key(request))
        return _("Sending it again.") if sent.pk == reviewed.pk else _("Queued again as a new task.")

    return _decide(request, pk, act)


@login_required
@require_POST
def give_up(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a review: fail the task."""

    def act(reviewed: GenerationTask) -> str:
        decide.give_up(reviewed, by=caller_of(request), page=page_key(request))
        return _("Given up.")

    return _decide(request, pk, act)


@login_required
@require_POST
def settle(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Store the cost of a request where only the vendor's console or bill shows it."""

    def act(ended: GenerationTask) -> str:
        waiting = get_object_or_404(Reservation, pk=row, task_id=ended.pk)
        set_cost(waiting, amount_typed(request.POST.get("amount", "")), by=caller_of(request), is_first=True)
        return _("Stored what it cost.")

    return _decide(request, pk, act)


@login_required
@require_POST
def correct(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Store another cost of a purchase that is settled, and why."""

    def act(ended: GenerationTask) -> str:
        settled = get_object_or_404(Reservation, pk=row, task_id=ended.pk)
        amount, reason = amount_typed(request.POST.get("amount", "")), request.POST.get("reason", "")
        seen = request.POST.get("seen", "")
        set_cost(settled, amount, by=caller_of(request), reason=reason, seen=int(seen) if seen.isdecimal() and len(seen) < 10 else -1)
        return _("Stored what it cost.")

    return _decide(request, pk, act)


def _decide(request: HttpRequest, pk: UUID, act: Callable[[GenerationTask], str]) -> HttpResponse:
    """Perform `act` on the task; `generation.actions.decide` checks who may."""
    task = the_task(request, pk)
    return answer(request, lambda: act(task), to=reverse("task", args=[task.pk]))
