"""The one switch over every paid submit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PaidSubmits(models.Model):
    """One row: whether anything may be bought now, who decided that, when, and why; and how many paid requests were ever sent.

    Written by scheduling/stop_switch.py and submitting/restored_backup.py alone. `sent` numbers the paid requests
    (`submitting/paid_record.py`). `held_at` is set while the database is known to be older than the record of paid requests; a person
    ends that, at `confirmed_at`.
    """

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    stopped = models.BooleanField(_("stopped"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("since"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    sent = models.PositiveBigIntegerField(default=0, editable=False)
    held_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("switch for paid submits")
        verbose_name_plural = _("switch for paid submits")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="paid_submits_one_row")]

    def __str__(self) -> str:
        return "stopped" if self.stopped else "on"


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Why nothing is bought now. A stop set by the environment has no person and no time; one after a restored backup has no person."""

    by_environment: bool = False
    restored: bool = False
    since: datetime | None = None
    by: str = ""
    reason: str = ""
