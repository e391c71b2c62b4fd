"""Lists the videos in the bin."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q

from access.callers import Caller
from generation.models import Video

__all__ = ["bin_page", "binned_count"]

BIN_PAGE = 60


def bin_page(caller: Caller, *, mine: bool, before: UUID | None) -> tuple[list[Video], bool]:
    """Return one page of the bin, the last deleted first, and whether there is more. `before`: the last video of the page before."""
    videos = Video.objects.known_to(caller).in_bin().select_related("task__prompt", "owner")
    if mine:
        videos = videos.filter(owner=caller.user)
    last = Video.objects.known_to(caller).filter(pk=before).first() if before else None
    if last and last.deleted_at:
        videos = videos.filter(Q(deleted_at__lt=last.deleted_at) | Q(deleted_at=last.deleted_at, pk__lt=last.pk))
    rows = list(videos.order_by("-deleted_at", "-pk")[: BIN_PAGE + 1])
    return rows[:BIN_PAGE], len(rows) > BIN_PAGE


def binned_count(user: User) -> int:
    """Return how many videos this person has in the bin."""
    return Video.objects.in_bin().filter(owner=user).count()
