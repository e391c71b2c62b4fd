"""Chat endpoints and instructions in the admin. A key goes in and never comes out; sending prompts outside is agreed to once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from access.audited_admin import AuditedAdmin
from access.callers import caller_of
from prompts import endpoints
from prompts.chat import MOST_TIMEOUT_S, set_key
from prompts.instructions import OURS
from prompts.models import ChatEndpoint, Instruction
from providers.accounts.base_urls import UnusableAddress, is_header_text, usable_address
from providers.labels import with_own
from providers.messages import translated
from providers.vendors import PROVIDERS

NO_MORE = "-"
"""Typed as the key, it removes the stored one."""


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An empty key keeps the one that is stored, but only for the host that it was typed in for."""

    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=4_000,
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "new-password", "spellcheck": "false"}),
    )

    class Meta:
        model = ChatEndpoint
        fields = ("name", "base_url", "model", "key", "sees_images", "is_local", "enabled", "priority", "timeout_s")
        widgets: ClassVar[dict[str, Any]] = {"base_url": AdminTextInputWidget, "model": AdminTextInputWidget}
        help_texts: ClassVar[dict[str, Any]] = {
            "base_url": gettext_lazy("What comes before /chat/completions, for example https://llm.example.com/v1."),
            "model": gettext_lazy("Its name there."),
            "sees_images": gettext_lazy("It can describe first frames."),
            "is_local": gettext_lazy("Prompts do not leave our own machines, so nobody needs to agree that they are sent to it."),
            "priority": gettext_lazy("The lowest number is asked first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_url = self.instance.base_url
        if "key" in self.fields:
            stored = _("A key is stored. Leave empty to keep it. A single - removes it.")
            self.fields["key"].help_text = stored if self.instance.sealed_key else _("Empty for an endpoint without one.")

    @property
    def leads_elsewhere(self) -> bool:
        """Return whether the address is of another host than the stored one."""
        return bool(urlsplit(self.cleaned_data.get("base_url", self.stored_url))[:2] != urlsplit(self.stored_url)[:2])

    def clean_timeout_s(self) -> int:
        seconds = int(self.cleaned_data["timeout_s"])
        if not 1 <= seconds <= MOST_TIMEOUT_S:
            raise forms.ValidationError(_("From 1 to %(most)d seconds.") % {"most": MOST_TIMEOUT_S})
        return seconds

    def clean(self) -> dict[str, Any]:
        super().clean()
        typed = str(self.cleaned_data.get("key") or "").strip()
        keeps = bool(self.instance.sealed_key) and not typed
        if not is_header_text(typed):
            self.add_error("key", _("Only plain letters, digits and marks, in one line."))
        try:
            has_key = keeps or typed not in {"", NO_MORE}
            self.cleaned_data["base_url"] = usable_address(str(self.cleaned_data.get("base_url", "")), has_key=has_key)
        except UnusableAddress as problem:
            self.add_error("base_url", translated(problem.words))
        if keeps and self.leads_elsewhere:
            self.add_error("key", _("The address leads to another host: type this in again, so that a stored key is not sent there."))
        return self.cleaned_data

    def save(self, commit: bool = True) -> Any:
        if typed := str(self.cleaned_data.get("key") or "").strip():
            set_key(self.instance, "" if typed == NO_MORE else typed)
        if self.instance.agreed_at and self.leads_elsewhere:
            self.instance.agreed_at = self.instance.agreed_by = None
        return super().save(commit)


@admin.register(ChatEndpoint)
class ChatEndpointAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Language models that enrich prompts. Encrypted text is on no page."""

    audited_as = "chat_endpoint"
    form = EndpointForm
    list_display = ("name", "model", "base_url", "enabled", "priority", "sees_images", "may_get_prompts")
    list_filter = ("enabled", "is_local", "sees_images")
    search_fields = ("name", "model", "base_url")
    change_form_template = "admin/prompts/chatendpoint/change_form.html"

    @admin.display(description=gettext_lazy("gets prompts"), boolean=True)
    def may_get_prompts(self, endpoint: ChatEndpoint) -> bool:
        return endpoint.enabled and (endpoint.is_local or endpoint.agreed_at is not None)

    def get_urls(self) -> list[URLPattern]:
        name, view = "prompts_chatendpoint", self.admin_site.admin_view
        return [
            path("<path:object_id>/agree/", view(self.agree_view), name=f"{name}_agree"),
            path("<path:object_id>/withdraw/", view(self.withdraw_view), name=f"{name}_withdraw"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def agree_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, endpoints.agree, _("Prompts may be sent to “%(name)s” from now on."))

    @method_decorator(require_POST)
    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, endpoints.withdraw, _("No more prompts are sent to “%(name)s”."))

    def _decide(self, request: HttpRequest, object_id: str, act: Callable[..., bool], words: str) -> HttpResponse:
        endpoint = self.get_object(request, object_id)
        if endpoint is None:
            raise Http404
        if not self.has_change_permission(request, endpoint):
            self.message_user(request, _("You may not change this endpoint."), messages.ERROR)
        else:
            act(endpoint, by=caller_of(request))
            self.message_user(request, words % {"name": endpoint.name}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:prompts_chatendpoint_change", args=[endpoint.pk]))


class InstructionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The family is chosen: the vendor whose models it is for, or all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "family" in self.fields:
            vendors = [("", _("All others")), *((slug, _(vendor.label)) for slug, vendor in PROVIDERS.items())]
            label = self.fields["family"].label
            self.fields["family"] = forms.ChoiceField(label=label, choices=with_own(self.instance.family, vendors), required=False)
        if "text" in self.fields:
            self.fields["text"].help_text = _("Replaces the portal's own words.")


@admin.register(Instruction)
class InstructionAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What language models are told in place of our own words."""

    audited_as = "instruction"
    form = InstructionForm
    list_display = ("purpose", "language", "family", "beginning")
    list_filter = ("purpose", "language")

    @admin.display(description=gettext_lazy("text"))
    def beginning(self, row: Instruction) -> str:
        return row.text[:80]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the portal's own words for the purpose and language of the address."""
        asked: Any = super().get_changeform_initial_data(request)
        ours = OURS.get((asked.get("purpose", ""), asked.get("language", "")), "")
        return {"text": ours, **asked}
