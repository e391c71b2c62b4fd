"""Models for which an administrator switched on the result cache for every program."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class CachedModel(models.Model):
    """Programs that order with this model get a stored video of an equal order, unless they say `cache: false` (docs/adr/0056)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    model = models.CharField(_("model"), max_length=120, unique=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("model with a result cache")
        verbose_name_plural = _("models with a result cache")
        ordering = ["model"]

    def __str__(self) -> str:
        return self.model
