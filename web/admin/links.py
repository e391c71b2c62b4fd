"""The links to videos in the admin: who made which, until when they work; revoked by an action, never changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.callers import caller_of
from delivery.links import revoke_link
from delivery.models import Link
from web.admin.tasks import ReadOnly


@admin.register(Link)
class LinkAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Links, newest first. Their addresses are on the pages of the videos."""

    list_display = ("name", "page", "owner", "state", "created_at", "expires_at")
    list_filter = ("revoked_at", "expires_at")
    list_select_related = ("owner", "video")
    search_fields = ("label", "owner__username", "video__id")
    show_full_result_count = False
    actions = ("revoke",)
    fields = ("name", "page", "owner", "state", "created_at", "expires_at", "revoked_at")

    @admin.display(description=gettext_lazy("label"))
    def name(self, link: Link) -> str:
        return str(link)

    @admin.display(description=gettext_lazy("video"))
    def page(self, link: Link) -> str:
        return format_html('<a href="{}">{}</a>', reverse("video", args=[link.video_id]), link.video)

    @admin.display(description=gettext_lazy("State"))
    def state(self, link: Link) -> str:
        if link.revoked_at is not None:
            return _("Revoked")
        return _("Good") if link.works else _("Expired")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("delivery.change_link")

    @admin.action(description=gettext_lazy("Revoke (cannot be undone)"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, links: QuerySet[Link]) -> None:
        count = sum(revoke_link(link, by=caller_of(request)) for link in links.select_related("video"))
        words = ngettext("%(count)d link revoked.", "%(count)d links revoked.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return self.fields
