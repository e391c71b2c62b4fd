"""Recurring batches: their list, and one with its form."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.callers import caller_of
from access.rights import may
from batches import recurring as actions
from batches.models import RecurringBatch
from generation.errors import InvalidRequest, NotAllowed, PortalError
from providers.messages import translated
from web.recurring_form import RecurringForm
from web.views.common import answer

__all__ = ["act", "delete", "listing", "new", "recurring"]

LISTED = 200


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List the recurring batches that this person may see, newest first."""
    caller = caller_of(request)
    rows = list(RecurringBatch.objects.select_related("owner", "batch").visible_to(caller)[:LISTED])
    return render(request, "batches/recurring_list.html", {"rows": rows, "others": any(row.owner_id != caller.user.pk for row in rows)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Show the form, and make a recurring batch of it."""
    caller = caller_of(request)
    form = RecurringForm(request.POST or None, by=caller, initial={"batch": request.GET.get("batch", "")})
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.create(by=caller, **form.values())
        except InvalidRequest as wrong:
            form.show(wrong)
        except PortalError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Planned."))
            return redirect("recurring", pk=row.pk)
    return render(request, "batches/recurring_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def recurring(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one with its last run; store the changes of its form."""
    row, caller = _the_row(request, pk), caller_of(request)
    if request.method == "POST" and not may(caller, "act", row):
        raise PermissionDenied
    form = RecurringForm(request.POST or None, by=caller, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(row, by=caller, **form.values())
        except InvalidRequest as wrong:
            form.show(wrong)
        except PortalError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("recurring", pk=row.pk)
    context = {"form": form, "row": row, "may_act": may(caller, "act", row), "result": translated(row.result)}
    return render(request, "batches/recurring.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def act(request: HttpRequest, pk: UUID, way: str) -> HttpResponse:
    """Run it now, pause it or let it go on."""
    row, caller = _the_row(request, pk), caller_of(request)

    def do() -> str:
        if way == "run":
            actions.run_now(row, by=caller)
            return _("The run begins in a few seconds.")
        actions.change(row, by=caller, paused=way == "pause")
        return _("Paused.") if way == "pause" else _("Resumed.")

    return answer(request, do)


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete it; its batches stay."""
    row = _the_row(request, pk)
    try:
        actions.delete(row, by=caller_of(request))
    except NotAllowed as error:
        raise PermissionDenied(error.message) from error
    messages.success(request, _("Deleted. Its batches stay."))
    return redirect("recurring-batches")


def _the_row(request: HttpRequest, pk: UUID) -> RecurringBatch:
    row = RecurringBatch.objects.select_related("owner", "batch").one_for(caller_of(request), pk)
    if row is None:
        raise Http404
    return row
