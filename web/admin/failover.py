"""The rules by which another model may stand in, in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy

from access.audited_admin import AuditedAdmin
from generation.models import FailoverRule
from providers.labels import label_of, with_own
from providers.vendors import ALL_MODELS

__all__ = ["FailoverRuleAdmin"]

NAMES = {"from_model", "to_model"}


class FailoverForm(forms.ModelForm):  # type: ignore[type-arg]
    """The models that may be asked for, and those that the row names already: the catalog may have retired or lost them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NAMES & self.fields.keys():
            self.fields[name] = forms.ChoiceField(label=self.fields[name].label, choices=_models(getattr(self.instance, name)))


def _models(own: str) -> list[tuple[str, str]]:
    return with_own(
        own, [(name, f"{label_of(spec)} ({name})") for name, spec in sorted(ALL_MODELS.items()) if name == own or not spec.retired]
    )


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
