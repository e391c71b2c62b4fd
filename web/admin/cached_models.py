"""The admin of models with a result cache."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from access.audited_admin import AuditedAdmin
from generation.models import CachedModel
from web.admin.aliases import ModelChoiceForm


@admin.register(CachedModel)
class CachedModelAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """The models with a result cache for every program."""

    audited_as = "cached_model"
    form = ModelChoiceForm
    list_display = ("model", "created_at")
    search_fields = ("model",)
    fieldsets = (
        (
            None,
            {
                "fields": ("model",),
                "description": gettext_lazy(
                    "A program that orders with this model gets the stored videos of an equal order at once, if there are any. Nothing is "
                    "bought. An order can say “cache: false”. Orders from pages always make new videos."
                ),
            },
        ),
    )
