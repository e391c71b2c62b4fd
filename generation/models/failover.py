"""Which model may stand in for which, by an administrator's rule."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class FailoverRule(models.Model):
    """While no account of the first model's vendor may start it, its waiting tasks may be sent to the second one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    from_model = models.CharField(_("model asked for"), max_length=120)
    to_model = models.CharField(_("stands in"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=1, help_text=_("Lower is tried first."))
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("failover rule")
        verbose_name_plural = _("failover rules")
        ordering = ["from_model", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["from_model", "to_model"], name="failover_pair_once"),
            models.CheckConstraint(condition=~Q(from_model=F("to_model")), name="failover_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.from_model} → {self.to_model}"
