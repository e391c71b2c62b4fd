"""Shows what happened, and lets administrators decide reviews and failures. Writes go through `generation/actions`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from access.callers import caller_of
from access.rights import may
from generation.actions import decide, recover
from generation.errors import PortalError
from generation.models import Asset, Attempt, GenerationTask, Prompt, TaskEvent, Video
from generation.ordering.page_keys import read_key
from generation.quality import WARNINGS, warned
from providers.labels import label_of
from providers.messages import translated
from providers.vendors import ALL_MODELS
from web.presenters.cards import cost_words
from web.presenters.detail import recover_context
from web.presenters.states import FACES
from web.presenters.words import model_label, title_and_language

__all__ = ["ReadOnly"]

ASKED_AGAIN = gettext_lazy("The vendor has it. The task continues.")


for machinery in filter(admin.site.is_registered, apps.get_app_config("django_q").get_models()):
    admin.site.unregister(machinery)  # nobody must edit the job engine's messages and schedules; our rows have what happened


class ReadOnly:
    """Rows that the engine writes and the admin only shows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class AttemptInline(ReadOnly, admin.StackedInline):  # type: ignore[type-arg]
    model = Attempt
    extra = 0
    fields = (
        ("number", "account", "dispatch", "submission_id"),
        ("reference", "started_at", "finished_at"),
        ("error_code", "error_words"),
        "request",
        "reply",
    )
    readonly_fields = ("error_words",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("account")

    @admin.display(description=gettext_lazy("error message"))
    def error_words(self, attempt: Attempt) -> str:
        return translated(attempt.error_message)


class EventInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = TaskEvent
    extra = 0
    can_delete = False
    fields = ("at", "from_label", "to_label", "note_words")
    readonly_fields = ("from_label", "to_label", "note_words")

    @admin.display(description=gettext_lazy("from"))
    def from_label(self, event: TaskEvent) -> str | Promise:
        return FACES[event.from_status].label if event.from_status else "–"

    @admin.display(description=gettext_lazy("to"))
    def to_label(self, event: TaskEvent) -> str | Promise:
        return FACES[event.to_status].label

    @admin.display(description=gettext_lazy("note"))
    def note_words(self, event: TaskEvent) -> str:
        return translated(event.note)


class ModelFilter(admin.SimpleListFilter):
    """A filter by the catalog's models, so that no rows are read for its list."""

    title = gettext_lazy("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(name, label_of(spec)) for name, spec in ALL_MODELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(GenerationTask)
class GenerationTaskAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """A task with all its attempts. The vendor's addresses of finished files are left out: they are secrets while they are valid."""

    list_display = ("prompt_line", "status", "model_words", "owner", "cost_words", "created_at", "error_code")
    list_filter = ("status", ModelFilter, "account")
    search_fields = ("id", "content_id", "external_id", "submission_id", "prompt__text")
    show_full_result_count = False
    inlines = (AttemptInline, EventInline)
    readonly_fields = ("prompt_text", "cost_words", "rewritten", "retried", "error_words", "wait_words")
    actions = ("ask_again_many",)
    change_form_template = "admin/generation/generationtask/change_form.html"
    fieldsets = (
        (None, {"fields": ("status", "model", "prompt_text", "params", "owner", "token")}),
        (
            gettext_lazy("At the vendor"),
            {"fields": ("account", "submission_id", "vendor_state", "progress", "attempt_count", "rewritten")},
        ),
        (gettext_lazy("Trouble"), {"fields": ("error_code", "error_words", "vendor_code", "wait_words", "failures")}),
        (
            gettext_lazy("Caller"),
            {"fields": ("content_id", "external_id", "callback_url", "metadata", "retried", "cost_words")},
        ),
        (
            gettext_lazy("Times"),
            {
                "fields": (
                    ("created_at", "submitted_at", "accepted_at"),
                    ("rendered_at", "finished_at", "cancel_requested_at"),
                    ("due_at", "deadline_at", "lease_owner", "lease_until"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[GenerationTask]:
        return super().get_queryset(request).select_related("prompt", "owner", "account", "token", "retry_of")

    @admin.display(description=gettext_lazy("Prompt"))
    def prompt_text(self, task: GenerationTask) -> str:
        return task.prompt.text

    @admin.display(description=gettext_lazy("Prompt"))
    def prompt_line(self, task: GenerationTask) -> str:
        return Truncator(title_and_language(task)[0]).chars(60)

    @admin.display(description=gettext_lazy("Cost"))
    def cost_words(self, task: GenerationTask) -> str:
        return cost_words(task) or "–"

    @admin.display(description=gettext_lazy("model"), ordering="model")
    def model_words(self, task: GenerationTask) -> str:
        return model_label(task.model)

    @admin.display(description=gettext_lazy("As the vendor rewrote it"))
    def rewritten(self, task: GenerationTask) -> str:
        return task.actual_prompt or "–"

    @admin.display(description=gettext_lazy("Retry of"))
    def retried(self, task: GenerationTask) -> str:
        if task.retry_of is None:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse("admin:generation_generationtask_change", args=[task.retry_of_id]), task.retry_of)

    @admin.display(description=gettext_lazy("error message"))
    def error_words(self, task: GenerationTask) -> str:
        return translated(task.error_message)

    @admin.display(description=gettext_lazy("waits because"))
    def wait_words(self, task: GenerationTask) -> str:
        return translated(task.wait_reason)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide_view)
        ways = ("ask_again", "adopt", "submit_again", "give_up")
        own = [path(f"<path:object_id>/{way}/", view, {"way": way}, name=f"generation_generationtask_{way}") for way in ways]
        return [*own, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if not may(caller_of(request), "decide", GenerationTask):
            actions.pop("ask_again_many", None)
        return actions

    @admin.action(description=gettext_lazy("Ask the vendors again about the selected tasks"))
    def ask_again_many(self, request: HttpRequest, chosen: QuerySet[GenerationTask]) -> None:
        try:
            outcome = recover.ask_again_many(chosen.prefetch_related("attempts__account"), by=caller_of(request))
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        for task, refusal in outcome.items():
            if refusal is None:
                self.log_change(request, task, ASKED_AGAIN)
            else:
                self.message_user(request, f"{task.pk}: {refusal.message}", messages.WARNING)
        recovered = sum(refusal is None for refusal in outcome.values())
        if recovered:
            words = ngettext("%(n)d task goes on.", "%(n)d tasks go on.", recovered) % {"n": recovered}
            self.message_user(request, words, messages.SUCCESS)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        task = self.get_object(request, object_id)
        ways = recover_context(task, caller_of(request)) if task is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **ways})

    @method_decorator(require_POST)
    def decide_view(self, request: HttpRequest, object_id: str, way: str) -> HttpResponse:
        """Decide a review or ask the vendor again; `generation.actions` checks who may."""
        task = self.get_object(request, object_id)
        if task is None:
            raise Http404
        vendor_id, knows_cost = request.POST.get("vendor_id", ""), request.POST.get("knows_cost") == "on"
        ways: dict[str, tuple[Callable[..., object], str | Promise]] = {
            "ask_again": (recover.ask_again, ASKED_AGAIN),
            "adopt": (partial(decide.adopt, vendor_id=vendor_id), _("Adopted. The vendor is asked for its result.")),
            "submit_again": (partial(decide.submit_again, knows_cost=knows_cost), _("It waits to be sent again.")),
            "give_up": (decide.give_up, _("Given up.")),
        }
        act, done = ways[way]
        try:
            act(task, by=caller_of(request), page=read_key(request.POST.get("key", "")))
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.log_change(request, task, str(done))
            self.message_user(request, str(done), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:generation_generationtask_change", args=[task.pk]))


class WarningFilter(admin.SimpleListFilter):
    """Videos with one of the warnings about picture and sound."""

    title = gettext_lazy("warning")
    parameter_name = "warning"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("black", _("Black")), ("frozen", _("Frozen")), ("silent", _("Silent"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        code = self.value()
        return queryset.filter(warned(code)) if code in WARNINGS else queryset


@admin.register(Video)
class VideoAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "title", "model", "owner", "duration_s", "width_px", "height_px", "size_bytes", "created_at", "deleted_at")
    list_filter = (ModelFilter, WarningFilter, ("deleted_at", admin.EmptyFieldListFilter), ("purged_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("id", "title", "sha256")
    show_full_result_count = False
    exclude = ("vendor_url",)


@admin.register(Asset)
class AssetAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "owner", "content_type", "width_px", "height_px", "size_bytes", "created_at")
    list_filter = ("content_type",)
    list_select_related = ("owner",)
    search_fields = ("id", "sha256")
    show_full_result_count = False


@admin.register(Prompt)
class PromptAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "text", "owner", "source", "created_at")
    list_filter = ("source",)
    list_select_related = ("owner",)
    search_fields = ("text",)
    show_full_result_count = False
