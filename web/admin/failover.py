"""The rules by which another model may replace the requested one, in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy

from access.audited_admin import AuditedAdmin
from generation.models import FailoverRule
from providers.labels import label_of, with_own
from providers.vendors import ALL_MODELS

NAMES = {"from_model", "to_model"}


class FailoverForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule's form. It offers the models that can be ordered, and the row's own, which the catalog may have retired or removed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NAMES & self.fields.keys():
            own = getattr(self.instance, name)
            models = [(key, f"{label_of(spec)} ({key})") for key, spec in sorted(ALL_MODELS.items()) if key == own or not spec.retired]
            self.fields[name] = forms.ChoiceField(label=self.fields[name].label, choices=with_own(own, models))


@admin.register(FailoverRule)
class FailoverRuleAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Which model may be bought instead of another. Models are chosen, not typed."""

    audited_as = "failover"
    form = FailoverForm
    list_display = ("from_model", "to_model", "position", "enabled")
    list_editable = ("position", "enabled")
    list_filter = ("enabled",)
    fieldsets = (
        (
            None,
            {
                "fields": ("from_model", "to_model", "position", "enabled"),
                "description": gettext_lazy(
                    "When no account can run the requested model, waiting tasks run on the replacement model at its price. Only tasks that "
                    "no vendor accepted are moved, and only if the replacement supports all their options and images. The task shows the "
                    "change and a new estimate."
                ),
            },
        ),
    )
