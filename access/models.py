"""Tokens for programs, what people prefer, and values that processes share; people are Django's own users."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class Preference(models.Model):
    """What a person chose for all of their browsers, and what an administrator allows.

    `time_zone` is an IANA name; empty: that of the browser. `quota_gb` is what their videos may take; empty: the setting's; 0: any.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preference")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    quota_gb = models.PositiveIntegerField(_("storage quota, GB"), null=True, blank=True)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)


class SharedValue(models.Model):
    """A value that all processes share until it expires. Only Django's default cache reads and writes it: its columns are that cache's."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class ApiToken(models.Model):
    """A token with which a program acts in its owner's name. See access.tokens for the format; the secret is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("owner"))
    label = models.CharField(_("label"), max_length=100)
    public_id = models.CharField(_("public id"), max_length=8, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.label} (vp_{self.public_id}_…)"
