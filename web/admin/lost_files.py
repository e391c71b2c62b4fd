"""Lost files in the admin: found by the worker and by `manage.py verify_files`, gone from the list when the file is whole again."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from generation.models import LostFile
from web.admin.tasks import ReadOnly


@admin.register(LostFile)
class LostFileAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Which files, since when, of which video or image, and what became of the last try to put them back."""

    list_display = ("key", "loss", "owner_row", "found_at", "looked_at", "words")
    list_filter = ("loss",)
    list_select_related = ("video", "asset")
    search_fields = ("key",)

    @admin.display(description=gettext_lazy("Belongs to"))
    def owner_row(self, lost: LostFile) -> str:
        row = lost.video or lost.asset
        if row is None:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse(f"admin:generation_{row._meta.model_name}_change", args=[row.pk]), row)  # noqa: SLF001 - public in Django
