"""Review of finished videos by people: comments at a time code, and who approved or rejected."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from generation.models import Video
from generation.models.video import ReviewState


class Decision(models.Model):
    """One change of a video's review state; the newest one is `Video.review_state`. The rows are the history."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="decisions", db_index=False)
    state = models.CharField(_("state"), max_length=10, choices=ReviewState.choices, blank=True)
    note = models.CharField(_("note"), max_length=2_000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["video", "-id"], name="decision_of_video")]

    def __str__(self) -> str:
        return f"{self.video_id} {self.state}"


class Comment(models.Model):
    """What a person says of a video, at a moment of it (`at_s`, seconds from its start) or of all of it (null)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    video = models.ForeignKey(Video, models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    at_s = models.FloatField(_("at second"), null=True, blank=True)
    text = models.CharField(_("text"), max_length=2_000)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("resolved by")
    )

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]
        indexes = [models.Index(fields=["video", "id"], name="comment_of_video")]
        constraints = [models.CheckConstraint(condition=Q(at_s__isnull=True) | Q(at_s__gte=0), name="comment_not_before_start")]

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def owner_id(self) -> int:
        """Return who wrote it: whose comment it is (access/rights.py)."""
        return self.author_id
