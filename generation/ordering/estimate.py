"""How long a render takes: this installation's own figures, or else the catalog's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import quantiles

from django.core.cache import caches

from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.vendors import ALL_MODELS

__all__ = ["Usual", "median_seconds", "usual_seconds"]

SAMPLE = 50
ENOUGH = 5
REMEMBERED_S = 60


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The middle half of recent renders, in seconds; `slow_s` is the 95th percentile; `measured` is False for the catalog's figures."""

    low_s: float
    high_s: float
    median_s: float
    slow_s: float
    measured: bool


def usual_seconds(models: Iterable[str]) -> dict[str, Usual]:
    """Return the usual times by model name, with one query for each model that was not asked about within the last minute."""
    names = {name for name in models if name in ALL_MODELS}
    keys = {f"usual:{name}": name for name in names}
    known: Mapping[str, Usual] = caches["process"].get_many(keys)
    found = {keys[key]: usual for key, usual in known.items()}
    for name in names - found.keys():
        found[name] = _measure(name)
        caches["process"].set(f"usual:{name}", found[name], REMEMBERED_S)
    return found


def median_seconds(usual: Usual | None) -> float | None:
    """Return the median, or None if it was not measured here."""
    return usual.median_s if usual and usual.measured else None


def _measure(model: str) -> Usual:
    done = GenerationTask.objects.filter(model=model, status=Status.SUCCEEDED, accepted_at__isnull=False, rendered_at__isnull=False)
    times = [
        (rendered - accepted).total_seconds()
        for accepted, rendered in done.order_by("-id").values_list("accepted_at", "rendered_at")[:SAMPLE]
        if accepted and rendered
    ]
    if len(times) < ENOUGH:
        low, high = ALL_MODELS[model].usual_s
        return Usual(low_s=low, high_s=high, median_s=(low + high) / 2, slow_s=high * 2, measured=False)
    parts = quantiles(times, n=20, method="inclusive")
    return Usual(low_s=parts[4], high_s=parts[14], median_s=parts[9], slow_s=parts[18], measured=True)
