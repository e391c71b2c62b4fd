"""The admin of batches: everybody's can be viewed, paused and cancelled, not edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy, ngettext

from access.callers import caller_of
from access.rights import may
from batches import actions
from batches.models import Batch
from batches.progress import counts_of
from generation.errors import PortalError
from providers.messages import translated
from web.admin.tasks import ReadOnly
from web.presenters.batches import cost_words, parts_of

ACTIONS = ("pause", "cancel_waiting")


@admin.register(Batch)
class BatchAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Batches, newest first. Their rows are on the page of the batch."""

    list_display = ("name", "owner", "source", "state", "rows_read", "cost_line", "created_at", "ended_at")
    list_filter = ("state", "source")
    list_select_related = ("owner", "token")
    search_fields = ("id", "name", "file_name", "owner__username")
    show_full_result_count = False
    actions = ACTIONS
    fields = (
        *("name", "page", "owner", "team", "token", "source", "state", "rows_line", "cost_line", "trouble", "priority", "needed_by"),
        *("file_name", "encoding", "mapping", "defaults", "created_at", "checked_at", "accepted_at", "ended_at"),
    )
    readonly_fields = ("page", "rows_line", "cost_line", "trouble")

    @admin.display(description=gettext_lazy("page"))
    def page(self, batch: Batch) -> str:
        return format_html('<a href="{}">{}</a>', reverse("batch", args=[batch.pk]), batch)

    @admin.display(description=gettext_lazy("Rows"))
    def rows_line(self, batch: Batch) -> str:
        return ", ".join(f"{part.count} {part.label}" for part in parts_of(batch, counts_of(batch))) or "–"

    @admin.display(description=gettext_lazy("Cost"), ordering="cost")
    def cost_line(self, batch: Batch) -> str:
        return cost_words(batch)[0] or "–"

    @admin.display(description=gettext_lazy("error"))
    def trouble(self, batch: Batch) -> str:
        return translated(batch.error) or "–"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        return found if may(caller_of(request), "act", Batch) else {name: one for name, one in found.items() if name not in ACTIONS}

    @admin.action(description=gettext_lazy("Pause: send nothing more of the selected batches"))
    def pause(self, request: HttpRequest, chosen: QuerySet[Batch]) -> None:
        self._each(request, chosen, actions.pause)

    @admin.action(description=gettext_lazy("Cancel what waits in the selected batches"))
    def cancel_waiting(self, request: HttpRequest, chosen: QuerySet[Batch]) -> None:
        self._each(request, chosen, actions.cancel_waiting)

    def _each(self, request: HttpRequest, chosen: QuerySet[Batch], act: Callable[..., object]) -> None:
        done = 0
        for batch in chosen:
            try:
                act(batch, by=caller_of(request))
                done += 1
            except PortalError as refusal:
                self.message_user(request, f"{batch}: {refusal.message}", messages.WARNING)
        if done:
            words = ngettext("Done for %(n)d batch.", "Done for %(n)d batches.", done) % {"n": done}
            self.message_user(request, words, messages.SUCCESS)
