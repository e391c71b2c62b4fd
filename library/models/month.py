"""How many videos each month has, for the date rail of the wall."""

from __future__ import annotations

from django.db import models


class MonthCount(models.Model):
    """How many videos of an owner and a team the wall shows of a month; `team_id` 0: shared with no team. Whoever sees the owner's or the
    team's videos may add them up, and counts none twice. `month` is 202611 for November 2026, by UTC.
    """

    owner_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    month = models.PositiveIntegerField()
    videos = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_id", "team_id", "month"], name="month_counted_once")]

    def __str__(self) -> str:
        return f"{self.month}: {self.videos}"
