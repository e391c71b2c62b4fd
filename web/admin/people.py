"""People by the storage that their videos take, and the page on which one leaves: `access` does not know of videos."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import caller_of
from access.models import Preference
from access.people_admin import PeopleAdmin
from generation.errors import PortalError
from generation.ordering.room import GB, with_use
from web.formatting import size
from web.leaving import belongings_of, leave

__all__ = ["PeopleAndTheirVideosAdmin"]

admin.site.unregister(User)


class LeavingForm(forms.Form):
    """Who gets the videos."""

    to = forms.ModelChoiceField(User.objects.none(), required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(is_active=True).exclude(pk=person.pk).order_by("username")
        field.label, field.empty_label = _("Who gets the videos"), _("No one")


@admin.register(User)
class PeopleAndTheirVideosAdmin(PeopleAdmin):
    """Users, with how much of their quota is used. Press the column's title for who uses most."""

    list_display = (*UserAdmin.list_display, "used", "quota")  # type: ignore[misc]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return with_use(people)

    def get_urls(self) -> list[URLPattern]:
        leaving = path("<int:object_id>/leave/", self.admin_site.admin_view(self.leave_view), name="auth_user_leave")
        return [leaving, *super().get_urls()]

    def leave_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what changes when this person leaves, and do it. For superusers."""
        if not request.user.is_superuser:
            raise PermissionDenied
        person = get_object_or_404(User, pk=object_id)
        form = LeavingForm(request.POST if request.method == "POST" else None, person=person)
        if form.is_valid():
            try:
                done = leave(person, form.cleaned_data["to"], by=caller_of(request))
            except PortalError as error:
                form.add_error(None, error.message)
            else:
                self.log_change(request, person, [{"changed": {"fields": ["is_active"]}}])
                words = _("%(person)s has left. Waiting tasks cancelled: %(cancelled)d. Videos handed over: %(videos)d.")
                facts = {"person": person, "cancelled": done.cancelled, "videos": done.videos}
                self.message_user(request, words % facts, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:auth_user_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(person)s leaves") % {"person": person},
            "opts": self.opts,
            "person": person,
            "has": belongings_of(person),
            "left": Preference.objects.filter(user=person).values_list("left_at", flat=True).first(),
            "form": form,
        }
        return render(request, "admin/auth/user/leave.html", context)

    @admin.display(description=gettext_lazy("Storage used"), ordering="-used_bytes")
    def used(self, user: Any) -> str:
        percent = f" ({100 * user.used_bytes // (user.quota_gb * GB)} %)" if user.quota_gb else ""
        return size(user.used_bytes) + percent

    @admin.display(description=gettext_lazy("Quota"), ordering="quota_gb")
    def quota(self, user: Any) -> str:
        return size(user.quota_gb * GB) if user.quota_gb else _("none")
