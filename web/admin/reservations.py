"""Reservations in the admin: what each purchase cost or may cost. Those that wait are decided here or on the task's page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.callers import caller_of
from access.ledger_models import Basis, Reservation
from access.money import decimal
from access.rights import may
from generation.actions.settle import set_cost
from generation.errors import PortalError
from generation.models import GenerationTask
from web.admin.tasks import ReadOnly
from web.formatting import money
from web.presenters.words import model_label


@admin.register(Reservation)
class ReservationAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """One row for each purchase, newest first."""

    list_display = ("at", "model_words", "owner", "team", "reserved_words", "spent_words", "basis", "waits", "task_link")
    list_filter = ("waits", ("closed_at", admin.EmptyFieldListFilter), "basis", "is_priced", "vendor", "day")
    list_select_related = ("owner", "team")
    search_fields = ("task_id", "content_id", "owner__username")
    show_full_result_count = False
    fields = (
        ("at", "day", "owner", "team"),
        ("model_words", "content_id", "task_link", "number"),
        ("reserved_words", "spent_words", "basis", "is_priced"),
        ("waits", "closed_at"),
        ("currency", "rate", "tariff"),
    )
    readonly_fields = ("model_words", "task_link", "reserved_words", "spent_words")
    actions = ("not_charged",)

    @admin.display(description=gettext_lazy("model"), ordering="model")
    def model_words(self, row: Reservation) -> str:
        return model_label(row.model)

    @admin.display(description=gettext_lazy("task"))
    def task_link(self, row: Reservation) -> str:
        return format_html('<a href="{}">{}</a>', reverse("task", args=[row.task_id], fragment="settle"), str(row.task_id)[-12:])

    @admin.display(description=gettext_lazy("reserved"), ordering="reserved")
    def reserved_words(self, row: Reservation) -> str:
        return money(decimal(row.reserved), settings.CURRENCY)

    @admin.display(description=gettext_lazy("spent"), ordering="settled")
    def spent_words(self, row: Reservation) -> str:
        return "–" if row.spent is None else money(row.spent, settings.CURRENCY)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if not may(caller_of(request), "decide", GenerationTask):
            actions.pop("not_charged", None)
        return actions

    @admin.action(description=gettext_lazy("The selected ones were not charged"))
    def not_charged(self, request: HttpRequest, chosen: QuerySet[Reservation]) -> None:
        done = 0
        for row in chosen:
            if row.closed_at is not None and row.basis != Basis.PERSON:  # "select all" would set what was paid to nothing
                words = _("Its cost is known. Only reservations that wait for a decision, or that a person decided, can be released here.")
                self.message_user(request, f"{row}: {words}", messages.WARNING)
                continue
            try:
                set_cost(row, Decimal(0), by=caller_of(request), is_first=row.closed_at is None, reason="not charged")
                done += 1
            except PortalError as refusal:
                self.message_user(request, f"{row}: {refusal.message}", messages.WARNING)
        if done:
            words = ngettext("%(n)d was released.", "%(n)d were released.", done) % {"n": done}
            self.message_user(request, words, messages.SUCCESS)
