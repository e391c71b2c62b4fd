"""The months of the date rail: how many videos each has is kept by owner and team, and written with the entries (docs/adr/0058)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.db.models import Q, Sum

from access.callers import Caller
from access.rights import may
from generation.models import Video
from library.filters import WallFilter, question_of
from library.finding import entries_of
from library.models import Entry, MonthCount
from library.terms import SHOWN

__all__ = ["Key", "Month", "add_up", "counted_as", "months_on_wall"]

Key = tuple[int, int, int]
"""Owner, team and month, as `MonthCount` has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """A month of the wall by its first day. `videos` is None under a filter for which no numbers are kept: it may have none."""

    first: date
    videos: int | None


def counted_as(terms: str) -> Key | None:
    """Return as what an entry with these words is counted; None if the wall does not show it, or if it was indexed before there were
    counts.
    """
    words = terms.split(" ")
    values = dict(one.split(":", 1) for one in words if one.startswith(("o:", "t:", "month:")))
    if SHOWN not in words or "month" not in values:
        return None
    return int(values["o"]), int(values.get("t", 0)), int(values["month"])


def add_up(changes: Counter[Key]) -> None:
    """Add to the counts, in the transaction that writes the entries: one process at a time does."""
    changed = {key: number for key, number in changes.items() if number}
    owners, teams, months = (set(values) for values in zip(*changed, strict=True)) if changed else ((), (), ())
    rows = MonthCount.objects.filter(owner_id__in=owners, team_id__in=teams, month__in=months) if changed else ()
    before = {(row.owner_id, row.team_id, row.month): row.videos for row in rows}
    MonthCount.objects.bulk_create(
        [
            MonthCount(owner_id=key[0], team_id=key[1], month=key[2], videos=max(0, before.get(key, 0) + number))
            for key, number in changed.items()
        ],
        update_conflicts=True,
        unique_fields=["owner_id", "team_id", "month"],
        update_fields=["videos"],
    )


def months_on_wall(caller: Caller, wanted: WallFilter, *, newest: datetime | None = None, oldest: datetime | None = None) -> list[Month]:
    """Return the months that have videos, the newest first. Numbers are kept for persons and teams. Under another filter the months are
    those from its newest video on, which is looked for if it is not known, down to the `oldest` if that is known: to find it is dear where
    a filter leaves many, all of them new.
    """
    rows = MonthCount.objects.filter(videos__gt=0)
    if not may(caller, "see", Video):
        rows = rows.filter(Q(owner_id=caller.user.pk) | Q(team_id__in=list(caller.teams)))
    if person := caller.user.pk if wanted.mine else wanted.person:
        rows = rows.filter(owner_id=person)
    if wanted.team:
        rows = rows.filter(team_id=wanted.team)
    counted = rows.values_list("month").annotate(Sum("videos")).order_by("-month")
    if replace(wanted, mine=False, person="", team="") == WallFilter():
        return [Month(first=_first(month), videos=videos) for month, videos in counted]
    if newest is None:
        found = entries_of(question_of(wanted, caller), 1)
        newest = Entry.objects.filter(seq__in=found).values_list("made_at", flat=True).first()
    if newest is None:
        return []
    low, high = _month(oldest) if oldest else 0, _month(newest)
    return [Month(first=_first(month), videos=None) for month, _videos in counted if low <= month <= high]


def _month(moment: datetime) -> int:
    return int(f"{moment.astimezone(UTC):%Y%m}")


def _first(month: int) -> date:
    return date(month // 100, month % 100, 1)
