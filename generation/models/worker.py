"""Which workers are alive: one row for each `manage.py worker`, written every few seconds by its clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

GONE_AFTER = timedelta(seconds=20)
SILENT_AFTER, SILENT_UNTIL = timedelta(minutes=1), timedelta(hours=1)
"""From when a worker's silence is worth a word, and until when: on another machine, one that replaces it does not know of it."""


class WorkerQuerySet(models.QuerySet["LiveWorker"]):
    def alive(self, now: datetime) -> Self:
        return self.filter(seen_at__gt=now - GONE_AFTER)

    def silent(self, now: datetime) -> Self:
        """Return workers that stopped reporting and did not sign out."""
        return self.filter(seen_at__lte=now - SILENT_AFTER, seen_at__gt=now - SILENT_UNTIL)

    def submit_processes(self, now: datetime) -> int:
        """Return how many processes of all machines together take submits right now."""
        return self.alive(now).aggregate(total=Sum("submit_workers"))["total"] or 0


class LiveWorker(models.Model):
    """A worker's sign of life, and how many submits it can send at the same time."""

    instance = models.CharField(_("worker"), max_length=80, primary_key=True)
    submit_workers = models.PositiveSmallIntegerField(_("submit processes"))
    seen_at = models.DateTimeField(_("seen"))

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["instance"]

    def __str__(self) -> str:
        return self.instance
