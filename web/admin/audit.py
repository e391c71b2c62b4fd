"""The audit log in the admin: searched, filtered and read, never changed."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import ApiToken
from events.models import AuditEvent
from web.admin.tasks import ReadOnly

__all__ = ["ACTIONS"]

ACTIONS: dict[str, str | Promise] = {
    "account.created": gettext_lazy("Account created"),
    "account.changed": gettext_lazy("Account changed"),
    "account.enabled": gettext_lazy("Account enabled"),
    "account.disabled": gettext_lazy("Account disabled"),
    "account.credentials_replaced": gettext_lazy("Account's credentials replaced"),
    "account.rest_ended": gettext_lazy("Account's cooldown ended"),
    "account.deleted": gettext_lazy("Account deleted"),
    "model.created": gettext_lazy("Model declared"),
    "model.changed": gettext_lazy("Declared model changed"),
    "model.deleted": gettext_lazy("Declared model deleted"),
    "price.created": gettext_lazy("Price created"),
    "price.changed": gettext_lazy("Price changed"),
    "price.deleted": gettext_lazy("Price deleted"),
    "submits.stopped": gettext_lazy("Paid submits stopped"),
    "submits.resumed": gettext_lazy("Paid submits resumed"),
    "backup.confirmed": gettext_lazy("Restored backup confirmed"),
    "failover.created": gettext_lazy("Failover rule created"),
    "failover.changed": gettext_lazy("Failover rule changed"),
    "failover.deleted": gettext_lazy("Failover rule deleted"),
    "review.adopted": gettext_lazy("Review: vendor's task adopted"),
    "review.submitted_again": gettext_lazy("Review: submitted again"),
    "review.given_up": gettext_lazy("Review: given up"),
    "task.asked_again": gettext_lazy("Vendor asked again"),
    "video.binned": gettext_lazy("Video moved to the bin"),
    "video.restored": gettext_lazy("Video restored from the bin"),
    "video.deleted": gettext_lazy("Video deleted for good"),
    "bin.emptied": gettext_lazy("Bin emptied"),
    "link.created": gettext_lazy("Link to a video made"),
    "link.revoked": gettext_lazy("Link to a video revoked"),
    "video.url_replaced": gettext_lazy("Video's link in API answers replaced"),
    "token.created": gettext_lazy("Token created"),
    "token.changed": gettext_lazy("Token changed"),
    "token.rolled": gettext_lazy("Token replaced by a new one"),
    "token.revoked": gettext_lazy("Token revoked"),
    "token.deleted": gettext_lazy("Token deleted"),
    "user.created": gettext_lazy("User created"),
    "user.changed": gettext_lazy("User changed"),
    "user.rights_changed": gettext_lazy("User's rights changed"),
    "user.password_set": gettext_lazy("User's password set"),
    "user.deleted": gettext_lazy("User deleted"),
    "group.created": gettext_lazy("Group created"),
    "group.changed": gettext_lazy("Group changed"),
    "group.deleted": gettext_lazy("Group deleted"),
}


class ActionFilter(admin.SimpleListFilter):
    title = gettext_lazy("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return list(ACTIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:  # noqa: ARG002
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what to what, newest first."""

    list_display = ("at", "who", "what", "target_label", "ip")
    list_display_links = ("at", "what")
    list_filter = (ActionFilter, "at")
    search_fields = ("user_name", "target_label", "target_id", "ip", "action")
    show_full_result_count = False
    fields = ("at", "who", "program", "ip", "what", "target_label", "target_id", "was", "became")
    readonly_fields = ("who", "program", "what", "was", "became")

    @admin.display(description=gettext_lazy("User"), ordering="user_name")
    def who(self, event: AuditEvent) -> str:
        return event.user_name if event.user_id is not None else _("Command on the server")

    @admin.display(description=gettext_lazy("API token"))
    def program(self, event: AuditEvent) -> str:
        if event.token_id is None:
            return "–"
        return str(ApiToken.objects.filter(pk=event.token_id).first() or event.token_id)

    @admin.display(description=gettext_lazy("Action"), ordering="action")
    def what(self, event: AuditEvent) -> str:
        return str(ACTIONS.get(event.action, event.action))

    @admin.display(description=gettext_lazy("Before"))
    def was(self, event: AuditEvent) -> str:
        return _as_text(event.before)

    @admin.display(description=gettext_lazy("After"))
    def became(self, event: AuditEvent) -> str:
        return _as_text(event.after)


def _as_text(facts: dict[str, Any]) -> str:
    return format_html("<pre>{}</pre>", json.dumps(facts, indent=2, ensure_ascii=False)) if facts else "–"
