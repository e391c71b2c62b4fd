"""The bucket is away while renders finish."""

from __future__ import annotations

import time
from collections import Counter
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from generation.lifecycle import RESTING, Status
from generation.models import GenerationTask
from tests.storage_trials.bucket import missing_and_wrong
from tests.storage_trials.trial import Scene

__all__ = ["play"]

LONG_S, SHORT_S = 600.0, 0.5


def play(scene: Scene) -> None:
    renders = scene.plan["renders"]
    scene.simulator.settings(render_s=LONG_S)
    for number in range(renders):
        scene.order("away", number)
    at_vendor = GenerationTask.objects.filter(accepted_at__isnull=False)
    scene.until(lambda: at_vendor.count() == renders, "the vendor has every task")  # nothing is sent while the bucket is away
    scene.oss.stop()
    began = time.monotonic()
    scene.simulator.advance(2 * LONG_S)  # now all end
    scene.simulator.settings(render_s=SHORT_S)
    waiting = GenerationTask.objects.filter(status=Status.INGESTING)
    scene.until(lambda: waiting.filter(failures__gte=1).count() == renders, "every render waits for the bucket")
    skipped: Counter[UUID] = Counter()
    while not scene.complaints and _least(skipped) + time.monotonic() - began < scene.plan["away_s"]:
        _skip_pauses(scene, skipped)
    skipped_s = _least(skipped)
    tries = Counter(waiting.values_list("failures", flat=True))
    fetched = scene.simulator.stats()["downloads"]
    scene.oss.start()
    if skipped_s:
        _make_due()
    scene.until(lambda: not GenerationTask.objects.exclude(status__in=RESTING).exists(), "everything is stored after the bucket came back")
    ended = dict(Counter(GenerationTask.objects.values_list("status", flat=True)))
    downloads = scene.simulator.stats()["downloads"]
    scene.table |= {
        "away: renders": renders,
        "away: seconds, of them skipped": f"{skipped_s + time.monotonic() - began:.0f}, {skipped_s:.0f}",
        "away: tries of a task": f"{min(tries, default=0)} to {max(tries, default=0)}",
        "away: ended": ended,
        "away: files fetched from the vendor": downloads,
    }
    if ended != {Status.SUCCEEDED.value: renders}:
        scene.complaints.append(f"not all are stored after the bucket came back: {ended}")
    if fetched:
        scene.complaints.append(f"{fetched} files were fetched though there was no place for them")
    if downloads != renders:
        scene.complaints.append(f"{downloads} files were fetched from the vendor for {renders} renders")
    if scene.simulator.ledger()["paid_twice"]:
        scene.complaints.append("a render was paid twice")
    scene.complaints += missing_and_wrong(scene.oss)


def _least(skipped: Counter[UUID]) -> float:
    """Return the seconds of pauses that every task skipped at least."""
    return min(skipped.values(), default=0.0)


def _skip_pauses(scene: Scene, skipped: Counter[UUID]) -> None:
    """Let all try once more without waiting for it, and add to each task the seconds that were left of its pause."""
    waiting = GenerationTask.objects.filter(status=Status.INGESTING)
    before, now = dict(waiting.values_list("pk", "failures")), timezone.now()
    for pk, due_at, lease_until in waiting.values_list("pk", "due_at", "lease_until"):
        skipped[pk] += max((due_at - now).total_seconds(), 0.0) if due_at != lease_until else 0.0
    _make_due()

    def all_tried() -> bool:
        return all(failures > before.get(pk, 0) for pk, failures in waiting.values_list("pk", "failures"))

    scene.until(all_tried, "all try once more")


def _make_due() -> None:
    """Move the tasks that pause to now. Those that are being tried are left alone: `due_at` is the end of their lease."""
    now = timezone.now()
    pausing = GenerationTask.objects.filter(status=Status.INGESTING, due_at__gt=now).exclude(lease_until=F("due_at"))
    pausing.update(due_at=now)
