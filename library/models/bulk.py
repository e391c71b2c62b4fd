"""Bulk jobs: one change to every video that a filter finds, or to some chosen ones."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from generation.models.visibility import OwnedQuerySet


class BulkState(models.TextChoices):
    RUNNING = "running", pgettext_lazy("bulk job", "Running")
    ENDED = "ended", pgettext_lazy("bulk job", "Done")
    CANCELLED = "cancelled", pgettext_lazy("bulk job", "Cancelled")


class Obstacle(models.TextChoices):
    """Why the portal cancelled a job."""

    BLOCKED = "blocked", _("The person or the token that started it was blocked.")
    FILTER = "filter", _("Its filter names something that is gone, or that its owner no longer sees.")
    TARGET = "target", _("The collection or the team is gone, or its owner may no longer use it.")


class BulkJob(models.Model):
    """A change to many videos, a few hundred at a time. `wanted` is the filter as an address has it, `video_ids` those chosen by hand:
    one of them is empty. `newest_seq` bounds it: videos that came later are not part of it. `next_seq` is how far it has come, downwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="bulk_jobs", verbose_name=_("owner"))
    token = models.ForeignKey("access.ApiToken", models.SET_NULL, null=True, blank=True, related_name="+")
    action = models.CharField(_("action"), max_length=20)
    arguments = models.JSONField(default=dict)
    wanted = models.JSONField(default=dict)
    video_ids = models.JSONField(default=list)
    state = models.CharField(_("state"), max_length=10, choices=BulkState.choices, default=BulkState.RUNNING)
    newest_seq = models.BigIntegerField()
    next_seq = models.BigIntegerField()
    total = models.PositiveIntegerField(_("videos"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    skipped = models.PositiveIntegerField(_("left as they are"), default=0)
    """Videos that its owner may see but not change, and videos that were deleted since it began."""

    obstacle = models.CharField(max_length=10, choices=Obstacle.choices, blank=True, default="", db_default="")
    """Empty also where a person cancelled it."""

    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = OwnedQuerySet["BulkJob"].as_manager()

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="bulk_by_owner"),
            models.Index(fields=["due_at"], name="bulk_due", condition=Q(due_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", due_at__isnull=False) | (~Q(state="running") & Q(due_at__isnull=True)),
                name="bulk_due_iff_running",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
