"""The admin of collections: everybody's can be viewed; they are changed on their own pages."""

from __future__ import annotations

from django.contrib import admin

from library.models import Collection
from web.admin.tasks import ReadOnly


@admin.register(Collection)
class CollectionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Collections, newest first, with whose they are and who sees them."""

    list_display = ("name", "owner", "team", "parent", "is_hidden", "created_at")
    list_filter = ("is_hidden",)
    list_select_related = ("owner", "team", "parent")
    search_fields = ("id", "name", "owner__username")
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("name", "description", "owner", "team", "parent", "is_hidden", "created_at", "updated_at")
