"""Endpoints and deliveries of everybody in the admin: looked at, disabled and replayed, never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy, ngettext

from access.callers import caller_of
from database import clock
from generation.errors import PortalError
from web.admin.tasks import ReadOnly
from web.presenters.webhooks import advice_on, face_of, tries_of
from webhooks import actions as endpoint_actions
from webhooks.models import Delivery, Endpoint


class Looked(ReadOnly):
    """Rows without a form of their own."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        return self.fields  # type: ignore[attr-defined]

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.change_endpoint")


@admin.register(Endpoint)
class EndpointAdmin(Looked, admin.ModelAdmin):  # type: ignore[type-arg]
    """Endpoints, newest first. Their secrets are nowhere to be seen."""

    list_display = ("name", "owner", "kind", "how", "last_ok_at", "created_at")
    list_filter = ("kind", "enabled", "disabled_code", ("unreadable_since", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("label", "url", "owner__username")
    show_full_result_count = False
    actions = ("disable",)
    fields = (
        *("name", "url", "owner", "team", "kind", "types", "how", "advice", "failures", "failing_since", "last_failed_at"),
        *("resting_until", "last_ok_at", "previous_until", "created_at"),
    )

    @admin.display(description=gettext_lazy("label"))
    def name(self, endpoint: Endpoint) -> str:
        return str(endpoint)

    @admin.display(description=gettext_lazy("State"))
    def how(self, endpoint: Endpoint) -> str:
        return str(face_of(endpoint, clock.now()).label)

    @admin.display(description=gettext_lazy("What to do"))
    def advice(self, endpoint: Endpoint) -> str:
        return advice_on(endpoint) or "–"

    @admin.action(description=gettext_lazy("Disable and send nothing more"), permissions=["act"])
    def disable(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        count = sum(endpoint_actions.disable(endpoint, by=caller_of(request)) for endpoint in endpoints)
        words = ngettext("%(count)d endpoint disabled.", "%(count)d endpoints disabled.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)


@admin.register(Delivery)
class DeliveryAdmin(Looked, admin.ModelAdmin):  # type: ignore[type-arg]
    """Deliveries, newest first."""

    list_display = ("type", "place", "state", "attempts", "created_at", "finished_at")
    list_filter = ("state", "type")
    list_select_related = ("endpoint",)
    search_fields = ("=event_id", "endpoint__label", "endpoint__url")
    show_full_result_count = False
    actions = ("replay",)
    fields = ("type", "place", "url", "event_id", "state", "attempts", "due_at", "created_at", "finished_at", "what", "said", "reply")

    @admin.display(description=gettext_lazy("endpoint"))
    def place(self, delivery: Delivery) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:webhooks_endpoint_change", args=[delivery.endpoint_id]), delivery.endpoint)

    @admin.display(description=gettext_lazy("body"))
    def what(self, delivery: Delivery) -> str:
        return format_html('<pre tabindex="0">{}</pre>', delivery.body)

    @admin.display(description=gettext_lazy("tries"))
    def said(self, delivery: Delivery) -> str:
        return "\n".join(one.words for one in tries_of(delivery)) or "–"

    @admin.action(description=gettext_lazy("Send again"), permissions=["act"])
    def replay(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        count = 0
        for delivery in deliveries.select_related("endpoint"):
            try:
                endpoint_actions.replay(delivery, by=caller_of(request))
                count += 1
            except PortalError as refusal:
                self.message_user(request, f"{delivery}: {refusal.message}", messages.WARNING)
        words = ngettext("%(count)d delivery is sent again.", "%(count)d deliveries are sent again.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
