"""Lists the videos in the bin."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q

from access.callers import Caller
from generation.models import Video

__all__ = ["bin_page", "binned_count"]

BIN_PAGE = 60


def bin_page(caller: Caller, *, mine: bool, before: tuple[datetime, UUID] | None) -> tuple[list[Video], bool]:
    """Return one page of the bin, the last deleted first, and whether there is more.

    `before`: when the last video of the page before was deleted, and its id. It may have left the bin since.
    """
    videos = Video.objects.binned_for(caller).select_related("task__prompt", "owner")
    if mine:
        videos = videos.filter(owner=caller.user)
    if before:
        at, pk = before
        videos = videos.filter(Q(deleted_at__lt=at) | Q(deleted_at=at, pk__lt=pk))
    rows = list(videos.order_by("-deleted_at", "-pk")[: BIN_PAGE + 1])
    return rows[:BIN_PAGE], len(rows) > BIN_PAGE


def binned_count(user: User) -> int:
    """Return how many videos this person has in the bin."""
    return Video.objects.in_bin().filter(owner=user).count()
