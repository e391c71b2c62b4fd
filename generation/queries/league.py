"""The league table: what each model cost, how long it took and how often it failed, from this installation's own renders."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import quantiles
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum

from access.ledger_models import Basis, Reservation
from access.money import decimal
from database import clock
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from providers.core.errors import ContentRejected, InvalidParams
from providers.vendors import ALL_MODELS

__all__ = ["ENOUGH", "WINDOWS", "Standing", "league"]

WINDOWS = (30, 90, 365)
"""Days that the table may look back."""
ENOUGH = 5
"""With fewer renders a figure says nothing."""
SAMPLE = 1_000
"""The newest renders of a model that are looked at."""
REMEMBERED_S = 600
REJECTED, INVALID = ContentRejected.default_code, InvalidParams.default_code


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One model of the table. Shares are from 0 to 1, of all renders that ended well or failed; a figure of fewer than `ENOUGH` is None.

    `cost_per_s` is all that was paid, for failures too, by the seconds of video that nobody deleted, in PORTAL_CURRENCY; None also while a
    render has no price. `p50_s` and `p95_s` are from the order to the finished video. `rejected` and `invalid` are those that the vendor
    refused for their content or their options; `failed` are all others. `starred` is the share of the kept videos that have a star.
    """

    model: str
    renders: int
    cost_per_s: Decimal | None
    p50_s: float | None
    p95_s: float | None
    failed: float | None
    rejected: float | None
    invalid: float | None
    starred: float | None


def league(days: int) -> list[Standing]:
    """Return the models that ended a render at a real account in these days, those with most renders first. At most ten minutes old."""
    key = f"league:{days}"
    found: list[Standing] | None = cache.get(key)
    if found is None:
        since = clock.now() - timedelta(days=days)
        found = sorted(filter(None, (_standing(model, since) for model in ALL_MODELS)), key=lambda row: (-row.renders, row.model))
        cache.set(key, found, REMEMBERED_S)
    return found


def _standing(model: str, since: datetime) -> Standing | None:
    ended = GenerationTask.objects.filter(model=model, status__in=[Status.SUCCEEDED, Status.FAILED])
    newest = ended.filter(finished_at__gte=since, account__sandbox=False).order_by("-id")[:SAMPLE]
    rows = list(newest.values_list("status", "error_code", "created_at", "finished_at"))
    if not rows:
        return None
    waits = [(finished - created).total_seconds() for status, _code, created, finished in rows if status == Status.SUCCEEDED and finished]
    codes = Counter(code if code in {REJECTED, INVALID} else "other" for status, code, *_times in rows if status == Status.FAILED)
    tasks = newest.values("pk")
    kept = Video.objects.kept().filter(task__in=tasks).aggregate(n=Count("pk"), stars=Count("pk", filter=Q(favourite=True)))
    return Standing(
        model=model,
        renders=len(rows),
        cost_per_s=_cost_per_s(tasks) if len(waits) >= ENOUGH else None,
        p50_s=_percentile(waits, 50),
        p95_s=_percentile(waits, 95),
        failed=_share(codes["other"], len(rows)),
        rejected=_share(codes[REJECTED], len(rows)),
        invalid=_share(codes[INVALID], len(rows)),
        starred=_share(kept["stars"], kept["n"]),
    )


def _cost_per_s(tasks: QuerySet[GenerationTask, Any]) -> Decimal | None:
    """Return what a second of kept video cost; None without such a video, and where a purchase has no price."""
    bought = Reservation.objects.filter(task_id__in=tasks, closed_at__isnull=False).exclude(basis__in=[Basis.NOTHING, Basis.SANDBOX])
    sums = bought.aggregate(paid=Sum("settled"), unpriced=Count("pk", filter=Q(is_priced=False)))
    seconds = Video.objects.kept().filter(task__in=tasks).aggregate(s=Sum("duration_s"))["s"]
    if sums["paid"] is None or sums["unpriced"] or not seconds:
        return None
    return (decimal(int(sums["paid"])) / Decimal(str(seconds))).quantize(Decimal("0.0001"))


def _percentile(values: list[float], percent: int) -> float | None:
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) >= ENOUGH else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole >= ENOUGH else None
