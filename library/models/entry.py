"""The index of the wall: one row for each kept video, in the order in which they came."""

from __future__ import annotations

from django.db import models

from generation.models import Video


class Entry(models.Model):
    """A video as the wall finds it. `seq` rises with time and is the place on the wall; a restored video comes back to its place.

    `terms` are words separated by spaces, each at most once: whose it is, every value of every filter, and what it is found by in a search
    (`library/terms.py`). They only find the row: what is shown is read from the video and checked again, so an entry that is a moment old
    shows nobody what they may not see.
    """

    seq = models.BigAutoField(primary_key=True)
    video = models.OneToOneField(Video, models.CASCADE, related_name="entry")
    made_at = models.DateTimeField()
    """When the video was made: what the date rail and filters by day are about."""
    terms = models.TextField()

    class Meta:
        ordering = ["-seq"]
        indexes = [models.Index(fields=["made_at", "seq"], name="entry_by_day")]

    def __str__(self) -> str:
        return str(self.seq)
