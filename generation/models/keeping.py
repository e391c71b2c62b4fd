"""Rows about stored files: which are lost, and how far a walk over all of them has come."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class LostFile(models.Model):
    """A file that a row names, and that the media storage does not have or has with other bytes. The row goes when the file is whole again.

    `words` says why the vendor's copy could not take its place, when that was last tried (`looked_at`).
    """

    class Loss(models.TextChoices):
        MISSING = "missing", _("Missing")
        CHANGED = "changed", _("Changed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(_("file"), max_length=200, unique=True)
    loss = models.CharField(_("what is wrong"), max_length=10, choices=Loss.choices)
    video = models.ForeignKey("generation.Video", models.CASCADE, null=True, related_name="lost_files", verbose_name=_("video"))
    asset = models.ForeignKey("generation.Asset", models.CASCADE, null=True, related_name="lost_files", verbose_name=_("asset"))
    found_at = models.DateTimeField(_("found"))
    looked_at = models.DateTimeField(_("last tried to fetch"), null=True)
    words = models.CharField(_("result"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("lost file")
        verbose_name_plural = _("lost files")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.key


class Walk(models.Model):
    """How far a walk over all files has come, so that it continues there after it was ended or killed. `position` is empty at its start."""

    name = models.CharField(primary_key=True, max_length=40)
    position = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.position}"
