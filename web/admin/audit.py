"""The audit log in the admin: searched, filtered and read, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import ApiToken
from database import clock
from database.batches import first_id
from events.models import AuditEvent
from generation.models import Video
from web.admin.tasks import ReadOnly

__all__ = ["ACTIONS"]

USUAL_DAYS = 90
MOST_PEOPLE = 500
ANY, SERVER = "all", "server"

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
    "alias.created": gettext_lazy("Model alias created"),
    "alias.changed": gettext_lazy("Model alias changed"),
    "alias.deleted": gettext_lazy("Model alias deleted"),
    "cached_model.created": gettext_lazy("Model's result cache switched on"),
    "cached_model.changed": gettext_lazy("Model's result cache changed"),
    "cached_model.deleted": gettext_lazy("Model's result cache switched off"),
    "price.created": gettext_lazy("Price created"),
    "price.changed": gettext_lazy("Price changed"),
    "price.deleted": gettext_lazy("Price deleted"),
    "budget.created": gettext_lazy("Budget created"),
    "budget.changed": gettext_lazy("Budget changed"),
    "budget.deleted": gettext_lazy("Budget deleted"),
    "rate.created": gettext_lazy("Rate created"),
    "rate.changed": gettext_lazy("Rate changed"),
    "rate.deleted": gettext_lazy("Rate deleted"),
    "chat_endpoint.created": gettext_lazy("Chat endpoint created"),
    "chat_endpoint.changed": gettext_lazy("Chat endpoint changed"),
    "chat_endpoint.agreed": gettext_lazy("Prompts may be sent to a chat endpoint"),
    "chat_endpoint.withdrawn": gettext_lazy("Prompts are no longer sent to a chat endpoint"),
    "chat_endpoint.deleted": gettext_lazy("Chat endpoint deleted"),
    "instruction.created": gettext_lazy("Instruction created"),
    "instruction.changed": gettext_lazy("Instruction changed"),
    "instruction.deleted": gettext_lazy("Instruction deleted"),
    "submits.stopped": gettext_lazy("Paid submits stopped"),
    "submits.resumed": gettext_lazy("Paid submits resumed"),
    "backup.confirmed": gettext_lazy("Restored backup confirmed"),
    "failover.created": gettext_lazy("Failover rule created"),
    "failover.changed": gettext_lazy("Failover rule changed"),
    "failover.deleted": gettext_lazy("Failover rule deleted"),
    "review.adopted": gettext_lazy("Review: vendor's task adopted"),
    "review.submitted_again": gettext_lazy("Review: submitted again"),
    "review.given_up": gettext_lazy("Review: given up"),
    "ledger.settled": gettext_lazy("Cost settled by a person"),
    "ledger.corrected": gettext_lazy("Cost corrected"),
    "bill.uploaded": gettext_lazy("Bill uploaded"),
    "bill.read": gettext_lazy("Bill read and compared"),
    "bill.taken_over": gettext_lazy("Bill's amounts taken over"),
    "bill.deleted": gettext_lazy("Bill deleted"),
    "batch.accepted": gettext_lazy("Batch accepted"),
    "batch.paused": gettext_lazy("Batch paused"),
    "batch.resumed": gettext_lazy("Batch resumed"),
    "batch.cancelled": gettext_lazy("Batch: what waits cancelled"),
    "batch.retried": gettext_lazy("Batch: failed rows retried"),
    "batch.finishing": gettext_lazy("Batch: a draft is finished"),
    "recurring.created": gettext_lazy("Recurring batch made"),
    "recurring.changed": gettext_lazy("Recurring batch changed"),
    "recurring.run": gettext_lazy("Recurring batch run by hand"),
    "recurring.deleted": gettext_lazy("Recurring batch deleted"),
    "task.asked_again": gettext_lazy("Vendor asked again"),
    "task.shared": gettext_lazy("Task shared with a team, or no longer"),
    "video.binned": gettext_lazy("Video moved to the bin"),
    "video.restored": gettext_lazy("Video restored from the bin"),
    "video.deleted": gettext_lazy("Video deleted for good"),
    "video.poster_changed": gettext_lazy("Video's poster changed"),
    "video.captions_stored": gettext_lazy("Captions of a video stored"),
    "video.captions_deleted": gettext_lazy("Captions of a video deleted"),
    "image.deleted": gettext_lazy("Image deleted"),
    "video.chosen": gettext_lazy("Video chosen for its content id"),
    "video.choice_ended": gettext_lazy("Choice of a video for its content id ended"),
    "video.reviewed": gettext_lazy("Review of a video changed"),
    "comment.deleted": gettext_lazy("Comment of another person deleted"),
    "bin.emptied": gettext_lazy("Bin emptied"),
    "template.created": gettext_lazy("Template created"),
    "template.changed": gettext_lazy("Template changed"),
    "template.deleted": gettext_lazy("Template deleted"),
    "bulk.started": gettext_lazy("Many videos changed"),
    "collection.created": gettext_lazy("Collection made"),
    "collection.changed": gettext_lazy("Collection changed"),
    "collection.deleted": gettext_lazy("Collection deleted"),
    "link.created": gettext_lazy("Link to a video made"),
    "link.revoked": gettext_lazy("Link to a video revoked"),
    "video.url_replaced": gettext_lazy("Video's link in API answers replaced"),
    "team_rules.created": gettext_lazy("Rules of a team made"),
    "team_rules.changed": gettext_lazy("Rules of a team changed"),
    "team_rules.deleted": gettext_lazy("Rules of a team deleted"),
    "token.created": gettext_lazy("Token created"),
    "token.changed": gettext_lazy("Token changed"),
    "token.rolled": gettext_lazy("Token replaced by a new one"),
    "token.revoked": gettext_lazy("Token revoked"),
    "token.deleted": gettext_lazy("Token deleted"),
    "endpoint.created": gettext_lazy("Endpoint made"),
    "endpoint.changed": gettext_lazy("Endpoint changed"),
    "endpoint.rolled": gettext_lazy("Endpoint's secret replaced"),
    "endpoint.disabled": gettext_lazy("Endpoint disabled"),
    "endpoint.enabled": gettext_lazy("Endpoint enabled"),
    "endpoint.deleted": gettext_lazy("Endpoint deleted"),
    "delivery.replayed": gettext_lazy("Webhook sent again"),
    "user.created": gettext_lazy("User created"),
    "user.changed": gettext_lazy("User changed"),
    "user.rights_changed": gettext_lazy("User's rights changed"),
    "user.password_set": gettext_lazy("User's password set"),
    "user.password_link_made": gettext_lazy("Link to set a password made"),
    "user.password_set_by_link": gettext_lazy("Password set by a link"),
    "user.paying_team_changed": gettext_lazy("Own paying team changed"),
    "user.left": gettext_lazy("User left"),
    "videos.handed_over": gettext_lazy("Videos handed over"),
    "user.deleted": gettext_lazy("User deleted"),
    "user.signed_in": gettext_lazy("Signed in"),
    "user.sign_in_failed": gettext_lazy("Sign-in failed"),
    "user.password_changed": gettext_lazy("Own password changed"),
    "user.second_factor_added": gettext_lazy("Second factor added"),
    "user.second_factor_removed": gettext_lazy("Second factor removed"),
    "user.single_sign_on_linked": gettext_lazy("Single sign-on linked"),
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


class TimeFilter(admin.SimpleListFilter):
    """How far back: a search reads every row of that time, and the log is kept for years."""

    title = gettext_lazy("time")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [
            ("1", _("Last 24 hours")),
            ("7", _("Last 7 days")),
            ("30", _("Last 30 days")),
            ("365", _("Last year")),
            (ANY, _("Any time")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        usual, *others = super().choices(changelist)
        yield {**usual, "display": _("Last %(n)d days") % {"n": USUAL_DAYS}}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:  # noqa: ARG002
        known = {value for value, _words in self.lookup_choices}
        wanted = self.value()
        days = str(USUAL_DAYS) if wanted is None or wanted not in known else wanted
        return queryset if days == ANY else queryset.filter(pk__gte=first_id(clock.now() - timedelta(days=int(days))))


class PersonFilter(admin.SimpleListFilter):
    """Who did it. Of people who were deleted the search finds the name."""

    title = gettext_lazy("person")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        people = User.objects.order_by("username").values_list("pk", "username")[:MOST_PEOPLE]
        return [(SERVER, _("Command on the server")), *((str(pk), name) for pk, name in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:  # noqa: ARG002
        wanted = self.value()
        if wanted == SERVER:
            return queryset.filter(user_id=None)
        return queryset.filter(user_id=int(wanted)) if wanted and wanted in dict(self.lookup_choices) else queryset


class KindFilter(admin.SimpleListFilter):
    """What it was done to: a kind of row."""

    title = gettext_lazy("kind of target")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        shown: list[type[Model]] = [*admin.site._registry, Video]  # noqa: SLF001 - as Django's own index page reads it
        kinds = {model._meta.label_lower: capfirst(model._meta.verbose_name) for model in shown}  # noqa: SLF001 - public in Django
        return sorted(kinds.items(), key=itemgetter(1))

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:  # noqa: ARG002
        return queryset.filter(target_type=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what to what, newest first."""

    list_display = ("time", "who", "what", "target_label", "ip")
    list_display_links = ("time", "what")
    list_filter = (TimeFilter, PersonFilter, KindFilter, ActionFilter)
    search_fields = ("user_name", "target_label", "target_id", "ip", "action")
    show_full_result_count = False
    fields = ("at", "who", "program", "ip", "what", "target_label", "target_id", "was", "became")
    readonly_fields = ("who", "program", "what", "was", "became")

    @admin.display(description=gettext_lazy("time"), ordering="id")
    def time(self, event: AuditEvent) -> datetime:
        """Return when it was; the ids have the same order, and an index."""
        return event.at

    @admin.display(description=gettext_lazy("User"), ordering="user_name")
    def who(self, event: AuditEvent) -> str:
        if event.user_id is None:
            return _("Not signed in") if event.ip else _("Command on the server")
        return event.user_name

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
    return format_html('<pre tabindex="0">{}</pre>', json.dumps(facts, indent=2, ensure_ascii=False)) if facts else "–"
