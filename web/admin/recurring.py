"""The admin of recurring batches: everybody's can be viewed and paused, not edited."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from access.callers import caller_of
from access.rights import may
from batches.models import RecurringBatch
from batches.recurring import change
from providers.messages import translated
from web.admin.tasks import ReadOnly


@admin.register(RecurringBatch)
class RecurringBatchAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Recurring batches, newest first, with what became of the last run. Their addresses may hold keys, so they are not here."""

    list_display = ("name", "owner", "at", "time_zone", "paused", "next_at", "last_run_at", "failed")
    list_filter = ("paused", "failed")
    list_select_related = ("owner",)
    search_fields = ("id", "name", "owner__username")
    actions = ("pause",)
    fields = (
        *("name", "page", "owner", "team", "token", "at", "time_zone", "missing_only", "good_only", "paused"),
        *("next_at", "last_run_at", "batch", "outcome", "failed", "mapping", "defaults", "created_at"),
    )
    readonly_fields = ("page", "outcome")

    @admin.display(description=gettext_lazy("page"))
    def page(self, row: RecurringBatch) -> str:
        return format_html('<a href="{}">{}</a>', reverse("recurring", args=[row.pk]), row)

    @admin.display(description=gettext_lazy("result"))
    def outcome(self, row: RecurringBatch) -> str:
        return translated(row.result) or "–"

    @admin.action(description=gettext_lazy("Pause"))
    def pause(self, request: HttpRequest, queryset: QuerySet[RecurringBatch]) -> None:
        caller = caller_of(request)
        for row in queryset:
            if may(caller, "act", row):
                change(row, by=caller, paused=True)
