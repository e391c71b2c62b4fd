"""People by the storage that their videos take: `access` does not know of videos."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.people_admin import PeopleAdmin
from generation.ordering.room import GB, with_use
from web.formatting import size

__all__ = ["PeopleAndTheirVideosAdmin"]

admin.site.unregister(User)


@admin.register(User)
class PeopleAndTheirVideosAdmin(PeopleAdmin):
    """Users, with how much of their quota is used. Press the column's title for who uses most."""

    list_display = (*UserAdmin.list_display, "used", "quota")  # type: ignore[misc]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return with_use(people)

    @admin.display(description=gettext_lazy("Storage used"), ordering="-used_bytes")
    def used(self, user: Any) -> str:
        percent = f" ({100 * user.used_bytes // (user.quota_gb * GB)} %)" if user.quota_gb else ""
        return size(user.used_bytes) + percent

    @admin.display(description=gettext_lazy("Quota"), ordering="quota_gb")
    def quota(self, user: Any) -> str:
        return size(user.quota_gb * GB) if user.quota_gb else _("none")
