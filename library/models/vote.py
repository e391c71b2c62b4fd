"""Blind votes between two videos of one prompt."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from generation.models import Video


class Vote(models.Model):
    """Which of two videos a person preferred without knowing their models; `winner` null: neither. `first` has the lower id."""

    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="votes", verbose_name=_("voter"))
    first = models.ForeignKey(Video, models.CASCADE, related_name="+")
    second = models.ForeignKey(Video, models.CASCADE, related_name="+")
    winner = models.ForeignKey(Video, models.CASCADE, null=True, related_name="+", verbose_name=_("preferred"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["voter", "first", "second"], name="vote_once_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="vote_pair_in_order"),
            models.CheckConstraint(condition=Q(winner=None) | Q(winner=F("first")) | Q(winner=F("second")), name="vote_winner_of_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
