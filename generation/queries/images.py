"""A person's images, newest first, with what they are and where they are used."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery, UUIDField

from access.callers import Caller
from generation.models import Asset, TaskInput

__all__ = ["IMAGES_PAGE", "KINDS", "images_of", "images_page"]

IMAGES_PAGE = 48
KINDS = ("uploads", "frames", "cuts")


def images_of(caller: Caller, kind: str = "") -> QuerySet[Asset]:
    """Return this person's own images; only those of a kind, if it is one of `KINDS`."""
    own = Asset.objects.filter(owner=caller.user)
    if kind == "uploads":
        return own.filter(of_video=None, cut_from=None)
    if kind == "frames":
        return own.filter(of_video__isnull=False)
    return own.filter(cut_from__isnull=False) if kind == "cuts" else own


def images_page(caller: Caller, kind: str, before: UUID | None, count: int = IMAGES_PAGE) -> tuple[list[Asset], bool]:
    """Return one page of images older than `before`, and whether there are more. Each has `use_count` and the `newest_use`, a task's id."""
    images = images_of(caller, kind)
    if before:
        images = images.filter(pk__lt=before)
    page = list(images.order_by("-pk").values_list("pk", flat=True)[: count + 1])
    newest = TaskInput.objects.filter(asset=OuterRef("pk")).order_by("-task").values("task")[:1]
    found = Asset.objects.filter(pk__in=page[:count]).select_related("of_video__task__prompt")
    found = found.annotate(use_count=Count("uses__task", distinct=True), newest_use=Subquery(newest, output_field=UUIDField()))
    return list(found.order_by("-pk")), len(page) > count
