"""Links: addresses of ours at which a video plays without a sign-in, until they expire or are revoked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from generation.models import Video


class Link(models.Model):
    """A link that somebody made for a video. Its address is the row's id and a signature (delivery.links): nothing secret is stored.

    `password` is a hash as Django makes it, empty without one. `preview_only`: visitors get the small preview under a mark, and never the
    file.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    video = models.ForeignKey(Video, models.CASCADE, related_name="links", verbose_name=_("video"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="links", verbose_name=_("made by"))
    label = models.CharField(_("label"), max_length=100, blank=True)
    password = models.CharField(max_length=128, blank=True, default="", db_default="", editable=False)
    may_download = models.BooleanField(_("may be downloaded"), default=True, db_default=True)
    preview_only = models.BooleanField(_("preview with a mark"), default=False, db_default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(preview_only=False) | Q(may_download=False), name="link_preview_is_no_download"),
        ]

    def __str__(self) -> str:
        return self.label or str(self.pk)

    @property
    def works(self) -> bool:
        """Return whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def is_open(self) -> bool:
        """Return whether programs and other pages play its file: nothing is asked and nothing is held back."""
        return not self.password and not self.preview_only


class Visit(models.Model):
    """Somebody opened the page of a link. Rows are only added, so that no visitor waits for another one; they are counted when the owner
    looks.
    """

    link = models.ForeignKey(Link, models.CASCADE, related_name="visits", db_index=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["link", "-id"], name="visit_of_link")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.at:%Y-%m-%d %H:%M}"
