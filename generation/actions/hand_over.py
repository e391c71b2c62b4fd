"""Gives the videos of a person who leaves to another one. Tasks, prompts and images stay with who ordered them (docs/adr/0033)."""

from __future__ import annotations

import time

from django.contrib.auth.models import User
from django.db import transaction

from database.batches import PAUSE_S
from generation.models import Video

__all__ = ["hand_over"]

BATCH = 500


def hand_over(user: User, to: User) -> int:
    """Make `to` the owner of all videos of `user`, also of those in the bin. Return how many. It may be killed, and called again."""
    count, last = 0, None
    while True:
        videos = Video.objects.filter(owner=user)
        batch = list((videos.filter(pk__lt=last) if last else videos).order_by("-id").values_list("pk", flat=True)[:BATCH])
        if not batch:
            return count
        with transaction.atomic():
            count += videos.filter(pk__in=batch).change(owner=to)
        last = batch[-1]
        time.sleep(PAUSE_S)
