"""Days and months of a time zone, in which budgets count. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["DAY", "MONTH", "named_zone", "period"]

DAY, MONTH = "day", "month"


def period(window: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return begin and end of the day or month of `zone` that holds `now`, in UTC; the end is not part of it."""
    starts = _begin(window, now.astimezone(zone).date())
    ends = _next(window, starts)
    while _instant(ends, zone) <= now:  # a clock that was set back over midnight shows the day before once more
        starts, ends = ends, _next(window, ends)
    return _instant(starts, zone), _instant(ends, zone)


def named_zone(*names: str) -> ZoneInfo:
    """Return the zone of the first of these IANA names that is one; UTC if none is."""
    return next(_zones(names), ZoneInfo("UTC"))


def _zones(names: Iterable[str]) -> Iterator[ZoneInfo]:
    for name in names:
        try:
            yield ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # a folder of zones, a path, an unknown name
            continue


def _begin(window: str, day: date) -> date:
    return day.replace(day=1) if window == MONTH else day


def _next(window: str, starts: date) -> date:
    return (starts + timedelta(days=32)).replace(day=1) if window == MONTH else starts + timedelta(days=1)


def _instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of the day, which `fold=0` means where midnight does not exist (Santiago, Cairo, Beirut) or exists twice
    (Havana): PEP 495. Intervals are of UTC, because arithmetic of local times ignores such changes.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)
