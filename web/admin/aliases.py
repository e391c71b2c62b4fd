"""The admin of model aliases: names that clients of other APIs have for the portal's models."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy

from access.audited_admin import AuditedAdmin
from generation.models import ModelAlias
from providers.labels import label_of, with_own
from providers.vendors import ALL_MODELS

__all__ = ["ModelChoiceForm"]


class ModelChoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose model is chosen: of those that can be ordered, and the row's own, which the catalog may no longer have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "model" in self.fields:
            own = self.instance.model
            models = [(key, f"{label_of(spec)} ({key})") for key, spec in sorted(ALL_MODELS.items()) if key == own or not spec.retired]
            self.fields["model"] = forms.ChoiceField(label=self.fields["model"].label, choices=with_own(own, models))


@admin.register(ModelAlias)
class ModelAliasAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Names of other APIs, each with the model that it means. The model is chosen, not typed."""

    audited_as = "alias"
    form = ModelChoiceForm
    list_display = ("name", "model", "created_at")
    search_fields = ("name", "model")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "model"),
                "description": gettext_lazy(
                    "Programs order the model that you choose here by this name: in the API, and in every dialect of docs/integrations. "
                    "Use it for names that no longer exist or that a program cannot change. Where a program names no model, the "
                    "name of its dialect is looked up here."
                ),
            },
        ),
    )
