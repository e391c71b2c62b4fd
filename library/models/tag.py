"""Tags of videos."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from generation.models import Video

LONGEST_TAG = 60


class VideoTag(models.Model):
    """A word that somebody put on a video. `name` is normalised (NFKC, lower case, single spaces), so equal tags are equal text."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="tags", db_index=False)
    name = models.CharField(max_length=LONGEST_TAG)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["added_by", "name"], name="tag_suggestions")]
        constraints = [models.UniqueConstraint(fields=["video", "name"], name="tag_once_on_video")]

    def __str__(self) -> str:
        return self.name
