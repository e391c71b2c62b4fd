"""The rules by which another model may stand in, in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from generation.models import FailoverRule
from providers.labels import label_of
from providers.vendors import ALL_MODELS

__all__ = ["FailoverRuleAdmin"]


@admin.register(FailoverRule)
class FailoverRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Which model may be bought instead of another. Models are chosen, not typed."""

    list_display = ("from_model", "to_model", "position", "enabled")
    list_editable = ("position", "enabled")
    list_filter = ("enabled",)
    fieldsets = (
        (
            None,
            {
                "fields": ("from_model", "to_model", "position", "enabled"),
                "description": gettext_lazy(
                    "While no account may start the model asked for, its waiting tasks are sent to the one that stands in, at that one's "
                    "price. Only tasks that were surely never accepted are moved, and only where the other model takes every option and "
                    "image. The task says so, and its estimate is made anew."
                ),
            },
        ),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in {"from_model", "to_model"}:
            models = [(name, f"{label_of(spec)} ({name})") for name, spec in sorted(ALL_MODELS.items()) if not spec.retired]
            return forms.ChoiceField(label=db_field.verbose_name.capitalize(), choices=[("", "---------"), *models])
        return super().formfield_for_dbfield(db_field, request, **kwargs)
