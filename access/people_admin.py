"""Users and groups in the admin. Django lets staff who may change users make themselves superusers; here rights are for superusers alone.

Staff with the permission help people who are not staff (names, passwords, whether they may sign in) and edit their own name.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from access.audited_admin import AuditedAdmin
from access.callers import caller_of
from events import audit

__all__ = ["PeopleAdmin", "RightsOfGroupsAdmin"]

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PeopleAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Users. Only superusers change their rights, and anything about staff."""

    audited_as = "user"

    def audit_action(self, form: Any) -> str:
        return "user.rights_changed" if {*RIGHTS, "is_active"}.intersection(form.changed_data) else "user.changed"

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        reply = super().user_change_password(request, id, form_url)
        if request.method == "POST" and reply.status_code == 302:  # otherwise the form is shown again
            audit.record("user.password_set", User.objects.get(pk=id), by=caller_of(request))
        return reply

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    """Return whether this person may be changed. Staff may not change staff: who sets a password can use its owner's rights."""
    return person is None or not person.is_staff or person == request.user or request.user.is_superuser


@admin.register(Group)
class RightsOfGroupsAdmin(AuditedAdmin, GroupAdmin):
    """A group is a set of rights, so only superusers change one."""

    audited_as = "group"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return request.user.is_superuser
