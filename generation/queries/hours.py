"""How many tasks ended in each of the last hours. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask

__all__ = ["Hour", "ended_by_hour"]


@dataclass(frozen=True, kw_only=True)
class Hour:
    """How many tasks ended well in the hour that begins at `at`, and how many failed."""

    at: datetime
    succeeded: int = 0
    failed: int = 0


def ended_by_hour(now: datetime, hours: int = 24) -> list[Hour]:
    """Return the last hours on the reader's clock, the oldest first and the current one last, also those in which nothing ended."""
    last = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    begins = [last - timedelta(hours=back) for back in range(hours - 1, -1, -1)]
    ended = GenerationTask.objects.filter(updated_at__gte=begins[0], finished_at__gte=begins[0])
    counts = (
        ended.annotate(hour=TruncHour("finished_at"))
        .order_by()
        .values("hour")
        .annotate(succeeded=Count("pk", filter=Q(status=Status.SUCCEEDED)), failed=Count("pk", filter=Q(status=Status.FAILED)))
    )
    found = {row["hour"]: Hour(at=row["hour"], succeeded=row["succeeded"], failed=row["failed"]) for row in counts}
    return [found.get(at, Hour(at=at)) for at in begins]
