"""Which images a task uses."""

from __future__ import annotations

from django.db import models


class TaskInput(models.Model):
    """An asset in a slot of a task."""

    task = models.ForeignKey("generation.GenerationTask", models.CASCADE, related_name="inputs")
    slot = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(default=0)
    asset = models.ForeignKey("generation.Asset", models.PROTECT, related_name="uses")

    class Meta:
        ordering = ["slot", "position"]
        constraints = [models.UniqueConstraint(fields=["task", "slot", "position"], name="input_place_once")]

    def __str__(self) -> str:
        return f"{self.slot} {self.position}"
