"""Amounts in whole millionths, and the days and months in which budgets count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.money import MOST, convert, decimal, micro
from access.periods import named_zone, period
from tests.cases import in_one_test

AMOUNTS = st.decimals(min_value=0, max_value=10**10, places=6)
RATES = st.decimals(min_value=Decimal("0.00000001"), max_value=10**8, places=8)


@given(AMOUNTS)
def test_an_amount_of_six_places_is_kept_exactly(amount):
    assert decimal(micro(amount)) == amount


@given(AMOUNTS, RATES)
def test_a_conversion_is_rounded_once_and_to_the_nearest_micro(amount, rate):
    exact = (int(amount.scaleb(6)) * int(rate.scaleb(8)), 10**8)  # a fraction of whole numbers
    if exact[0] // exact[1] < MOST:
        assert convert(amount, rate) == (2 * exact[0] + exact[1]) // (2 * exact[1])


@in_one_test("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal(10) ** 13, Decimal("1e400")])
def test_what_no_column_holds_is_no_amount(amount):
    with pytest.raises(ValueError, match="is "):
        micro(amount)


@in_one_test(("zone", "now", "day", "hours"), [
    ("Asia/Shanghai", "2026-11-29T15:59:59Z", date(2026, 11, 29), 24),
    ("Asia/Shanghai", "2026-11-29T16:00:00Z", date(2026, 11, 30), 24),
    ("Europe/Berlin", "2026-03-29T12:00:00Z", date(2026, 3, 29), 23),
    ("Europe/Berlin", "2026-10-25T12:00:00Z", date(2026, 10, 25), 25),
    ("America/Santiago", "2026-09-06T12:00:00Z", date(2026, 9, 6), 23),  # its midnight does not exist
    ("America/Havana", "2026-11-01T12:00:00Z", date(2026, 11, 1), 25),  # its midnight exists twice
])  # fmt: skip
def test_a_day_is_that_of_the_zone(zone, now, day, hours):
    starts, ends = period("day", datetime.fromisoformat(now), ZoneInfo(zone))

    assert (starts.astimezone(ZoneInfo(zone)).date(), ends - starts) == (day, timedelta(hours=hours))
    assert (starts - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day - timedelta(days=1)


def test_a_month_is_that_of_the_zone():
    starts, ends = period("month", datetime(2026, 12, 31, 16, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))

    assert (starts.isoformat(), ends.isoformat()) == ("2026-12-31T16:00:00+00:00", "2027-01-31T16:00:00+00:00")


def test_days_and_months_follow_each_other_without_gap_or_overlap_where_clocks_change():
    kinds = {tuple(_offsets(ZoneInfo(name), every=15)): name for name in sorted(available_timezones())}  # most zones have the same changes
    assert len(kinds) > 50
    for name in kinds.values():
        zone = ZoneInfo(name)
        for change in _changes_of(zone):
            for window in ("day", "month"):
                at = change - timedelta(hours=25)
                while at < change + timedelta(hours=25):
                    starts, ends = period(window, at, zone)
                    assert starts <= at < ends, (name, window, at)
                    assert period(window, ends, zone)[0] == ends, (name, window, at)
                    at = min(ends, at + timedelta(hours=7))


def _days(every: int) -> list[datetime]:
    return [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(0, 730, every)]


def _offsets(zone: ZoneInfo, *, every: int) -> list[timedelta | None]:
    return [day.astimezone(zone).utcoffset() for day in _days(every)]


def _changes_of(zone: ZoneInfo) -> list[datetime]:
    """The days of 2026 and 2027 on which the zone's offset from UTC changes."""
    if len(set(_offsets(zone, every=15))) == 1:
        return []
    days, offsets = _days(1), _offsets(zone, every=1)
    return [day for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False) if before != after]


@in_one_test("name", ["", "Nowhere/Atall", "../etc/passwd", "Europe", "\0", "x" * 300])
def test_a_name_that_is_no_zone_is_passed_over(name):
    assert named_zone(name, "Asia/Tokyo") == ZoneInfo("Asia/Tokyo")
    assert named_zone(name) == ZoneInfo("UTC")
