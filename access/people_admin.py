"""Users and groups in the admin. Django lets staff who may change users make themselves superusers; here rights are for superusers alone.

Staff with the permission help people who are not staff (names, passwords, second factors, whether they may sign in) and edit their own
name. Nobody changes their own sign-in here: Settings, Security asks for the password first.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from access.audited_admin import AuditedAdmin
from access.callers import caller_of
from access.leaving import came_back
from access.ledger_models import Reservation
from access.models import Preference
from access.password_reset import link_for
from access.second_factor import remove_all
from events import audit

__all__ = ["PeopleAdmin", "RightsOfGroupsAdmin"]

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister([User, Group])
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])
"""django-allauth's own pages: they show secrets, and what they change is recorded nowhere."""


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """Django's form, and the person's own storage quota."""

    quota_gb = forms.IntegerField(
        label=_("Storage quota, GB"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text=_("Empty: the usual limit (PORTAL_QUOTA_GB_PER_USER). 0: no limit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["quota_gb"] = _quota_of(self.instance)

    def clean_username(self) -> str:
        """Refuse a name by which the sign-in would find somebody else too."""
        name = str(self.cleaned_data["username"])
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(Q(username__iexact=name) | Q(email__iexact=name)).exists():
            raise forms.ValidationError(_("Somebody else signs in with this, as a username in other letters or as an e-mail address."))
        return name

    def clean_email(self) -> str:
        """Store it in small letters, in which the sign-in looks for it."""
        return str(self.cleaned_data["email"]).lower()


def _quota_of(user: User) -> int | None:
    return Preference.objects.filter(user=user.pk).values_list("quota_gb", flat=True).first()


@admin.register(User)
class PeopleAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Users. Only superusers change their rights, and anything about staff."""

    audited_as = "user"
    form = PersonForm
    actions = ("remove_second_factors",)
    filter_horizontal = ()  # Django's two boxes have names that no screen reader says, and too little contrast
    fieldsets = (*UserAdmin.fieldsets, (_("Storage"), {"fields": ("quota_gb",)}), (_("Sign-in"), {"fields": ("second_factors",)}))  # type: ignore[misc]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if obj.is_active and "is_active" in form.changed_data:
                came_back(obj)
            if "quota_gb" in form.changed_data:
                Preference.objects.update_or_create(user=obj, defaults={"quota_gb": form.cleaned_data["quota_gb"]})

    @admin.display(description=_("Storage quota, GB"))
    def quota_gb(self, user: User) -> int | str:
        """Show the person's own quota to staff, who may not change it."""
        quota = _quota_of(user)
        return "–" if quota is None else quota

    @admin.display(description=_("Second factors"))
    def second_factors(self, user: User) -> str:
        """Show what the person has, by name; a secret is shown nowhere."""
        return ", ".join(str(factor) for factor in Authenticator.objects.filter(user=user).order_by("pk")) or "–"

    @admin.action(description=_("Remove second factors of a person who lost them"), permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, people: QuerySet[User]) -> None:
        allowed = [person for person in people if _may_touch(request, person) and person != request.user]
        if request.user in people:
            self.message_user(request, gettext("Your own are under Settings, Security."), messages.WARNING)
        count = sum(remove_all(person, by=caller_of(request)) for person in allowed)
        words = ngettext("%(count)d second factor removed.", "%(count)d second factors removed.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)

    def audit_action(self, form: Any) -> str:
        return "user.rights_changed" if {*RIGHTS, "is_active"}.intersection(form.changed_data) else "user.changed"

    def get_urls(self) -> list[URLPattern]:
        link = path("<int:object_id>/password-link/", self.admin_site.admin_view(self.password_link), name="auth_user_password_link")
        return [link, *super().get_urls()]

    def password_link(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what a link to set a password does, and make one, which is in the answer to the press and nowhere else."""
        person = get_object_or_404(User, pk=object_id)
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        if person == request.user:
            return HttpResponseRedirect(reverse("account_change_password"))
        if not person.is_active:
            self.message_user(request, gettext("This person is inactive and cannot sign in. Make them active first."), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:auth_user_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Link to set a password"),
            "opts": self.opts,
            "person": person,
            "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        }
        if request.method == "POST":
            with transaction.atomic():
                audit.record("user.password_link_made", person, by=caller_of(request))
            context["link"] = link_for(request, person)
        return render(request, "admin/auth/user/password_link.html", context)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        if id == str(request.user.pk):
            return HttpResponseRedirect(reverse("account_change_password"))
        reply = super().user_change_password(request, id, form_url)
        if request.method == "POST" and reply.status_code == 302:  # otherwise the form is shown again
            audit.record("user.password_set", User.objects.get(pk=id), by=caller_of(request))
        return reply

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        fields = (*fields, "second_factors")
        return fields if request.user.is_superuser else (*fields, *RIGHTS, "quota_gb")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    """Return whether this person may be changed. Staff may not change staff: who sets a password can use its owner's rights."""
    return person is None or not person.is_staff or person == request.user or request.user.is_superuser


@admin.register(Group)
class RightsOfGroupsAdmin(AuditedAdmin, GroupAdmin):
    """A group is a set of rights, so only superusers change one. One that has paid for something stays: the ledger shows its name."""

    audited_as = "group"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Refuse to delete teams that have paid, in words: Django would list all that they have bought."""
        paid = Reservation.objects.filter(team=OuterRef("pk"))
        kept = Group.objects.filter(Exists(paid), pk__in=[group.pk for group in objs]).order_by("name")
        words = gettext("“%(team)s” has paid for videos, and the ledger keeps its name. Take its members out instead.")
        refusals = [words % {"team": team.name} for team in kept]
        return ([], {}, set(), refusals) if refusals else super().get_deleted_objects(objs, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return request.user.is_superuser
