"""The switch for paid submits in the admin: one page instead of a list with one row. The admin's log has every change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import caller_of
from generation.errors import PortalError
from generation.lifecycle import Status
from generation.models import GenerationTask, PaidSubmits
from generation.scheduling.stop_switch import current_stop, resume_submits, stop_submits
from generation.submitting.restored_backup import backup_facts, confirm_restore


@admin.register(PaidSubmits)
class PaidSubmitsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A page to stop and resume paid submits, for people who may change the row."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._turn(request)
        row = PaidSubmits.objects.select_related("by").filter(pk=PaidSubmits.THE_ROW).first()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Switch for paid submits"),
            "opts": self.opts,
            "row": row,
            "stop": current_stop(),
            "restored": backup_facts() if row and row.held_at else None,
            "may_turn": self.has_change_permission(request),
            "waiting": GenerationTask.objects.filter(status=Status.QUEUED).count(),
            **(extra_context or {}),
        }
        return render(request, "admin/generation/paidsubmits/switch.html", context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(reverse("admin:generation_paidsubmits_changelist"))

    def _turn(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        reason = request.POST.get("reason", "")
        try:
            if "stop" in request.POST:
                row = stop_submits(by=caller_of(request), reason=reason)
                done = _("Stopped. Nothing new is sent. Running renders continue.")
                self.log_change(request, row, f"stopped: {row.reason}")
            elif "resume" in request.POST:
                row = resume_submits(by=caller_of(request))
                done = _("Resumed. Waiting tasks start within a second.")
                self.log_change(request, row, "resumed")
            elif "confirm" in request.POST:
                done = self._confirm(request)
            else:
                raise BadRequest("Neither stop, resume nor confirm was pressed.")
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:generation_paidsubmits_changelist"))

    def _confirm(self, request: HttpRequest) -> str:
        found = confirm_restore(by=caller_of(request))
        facts = {"known": found.tasks.total(), "lost": len(found.lost)}
        self.log_change(request, PaidSubmits.objects.get(), f"restored backup confirmed: {facts}")
        done = _("Confirmed. Requests that were sent after the backup: %(known)d. They are looked up or wait for a review.") % facts
        if found.lost:
            done += " " + _("Of tasks that the database does not have: %(lost)d. List them with “manage.py restored”.") % facts
        return done
