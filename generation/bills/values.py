"""Reads amounts and times as bills write them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

__all__ = ["amount_in", "currency_in", "decimal_sign", "span_in"]

MOST, LONGEST = 10**12, 60
NOTHING = frozenset({"", "-", "--", "/", "n/a", "null", "none", "nil", "<nil>", "无"})
"""What bills write for an empty cell."""
DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "﹣": "-"})
NUMBER = {
    ".": re.compile(r"[+-]?(\d+|\d{1,3}([,' ]\d{3})+)?(\.\d*)?(e[+-]?\d{1,2})?"),
    ",": re.compile(r"[+-]?(\d+|\d{1,3}([.' ]\d{3})+)?(,\d*)?(e[+-]?\d{1,2})?"),
}
THOUSANDS = re.compile(r"[,.' ](?=\d{3})")
NAMES = {
    "CNY": ("人民币", "元", "¥", "cny", "rmb"),
    "HKD": ("港币", "hk$", "hkd"),
    "USD": ("美元", "us$", "usd", "$"),
    "EUR": ("欧元", "eur", "€"),
    "GBP": ("gbp", "£"),
    "JPY": ("jpy",),
}
CURRENCIES = {name: code for code, names in NAMES.items() for name in names}
"""Names and signs of currencies. A name that contains another comes first."""
MONEY = "|".join(map(re.escape, CURRENCIES))
BEFORE = re.compile(rf"({MONEY})\s*")
AFTER = re.compile(rf"\s*({MONEY}|credits?|units?|points?|积分|点|个|次)$")
DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
CLOCK = r"(\d{1,2})[:时](\d{1,2})分?(?:[:](\d{1,2})(?:[.,]\d+)?|(\d{1,2})秒)?"
ZONE = r"\s*(z|utc|[+-]\d{2}:?\d{2})?"
LOCAL = re.compile(rf"{DAY}(?:[\sT]*{CLOCK}{ZONE})?(?:\s*[-~至到]\s*(?:{DAY}\s*)?{CLOCK}{ZONE})?", re.IGNORECASE)
HOURS = re.compile(rf"{DAY}\s+(\d{{1,2}}):(\d{{2}})\s*-\s*(\d{{1,2}}):(\d{{2}})")
"""Two times of a day, not a time with an offset."""
PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")
MONTH = re.compile(r"(\d{4})[-/年]?(\d\d?)月?")
SECONDS = re.compile(r"1\d{9}(?:\d{3})?(?:\.\d+)?")


def amount_in(cell: str, sign: str) -> Decimal:
    """Return the amount in a cell, where `sign` is the decimal sign. Raise ValueError.

    1,234.50 and ¥12.5 and -3.00 and (3.00) and 3.00- and 12.5元, with `,` also 1.234,50 and 12,5.
    """
    text = unicodedata.normalize("NFKC", cell).translate(DASHES).strip().casefold()
    if text in NOTHING:
        return Decimal(0)
    if len(text) > LONGEST:
        raise ValueError(cell)
    is_negative = text.startswith("(") and text.endswith(")")
    text = text.strip("()").strip()
    if text.endswith("-"):
        is_negative, text = not is_negative, text[:-1].strip()
    if not (unsigned := text.lstrip("+-")) or len(text) - len(unsigned) > 1:
        raise ValueError(cell)
    is_negative ^= text.startswith("-")
    if unit := BEFORE.match(unsigned):
        unsigned = unsigned[unit.end() :]
    text = AFTER.sub("", unsigned)
    if text.startswith("-"):  # ¥-3.00
        is_negative, text = not is_negative, text[1:]
    if not NUMBER[sign].fullmatch(text) or not any(map(str.isdigit, text)):
        raise ValueError(cell)
    whole, _mark, rest = text.partition(sign)
    try:
        amount = Decimal(THOUSANDS.sub("", whole) + ("." + rest if rest else ""))
    except InvalidOperation as error:
        raise ValueError(cell) from error
    if not amount.is_finite() or amount > MOST:
        raise ValueError(cell)
    return -amount if is_negative else amount


def decimal_sign(cells: Iterable[str]) -> str:
    """Return the decimal sign of the first amount that can be read in only one way; 1,234 cannot. Without one, return a point."""
    for cell in cells:
        text = "".join(letter for letter in unicodedata.normalize("NFKC", cell) if letter.isdigit() or letter in ".,")
        signs = [letter for letter in text if letter in ".,"]
        if not signs:
            continue
        if len(set(signs)) == 2:
            return signs[-1]
        if len(signs) > 1:
            return "." if signs[0] == "," else ","
        whole, _sign, rest = text.partition(signs[0])
        if len(rest) != 3 or whole in {"", "0"}:
            return signs[0]
    return "."


def currency_in(text: str) -> str:
    """Return the code of the currency that a text names; empty if it names none."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return next((code for name, code in CURRENCIES.items() if name in plain), "")


def span_in(cell: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return begin and end of the time in a cell, in UTC: a second, a minute, a day, a month, or from one time to another. A time without
    an offset is of `zone`. None for an empty cell. Raise ValueError.
    """
    text = unicodedata.normalize("NFKC", cell).strip()
    if text.casefold() in NOTHING:
        return None
    if len(text) > LONGEST:
        raise ValueError(cell)
    try:
        return _span(text, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(cell) from error


def _span(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if SECONDS.fullmatch(text):
        seconds = float(text) if len(text.partition(".")[0]) == 10 else float(text) / 1000
        at = datetime.fromtimestamp(seconds, UTC)
        return at, at + timedelta(seconds=1)
    if match := PACKED.fullmatch(text):
        year, month, day, *clock = (int(part) for part in match.groups(default="0"))
        return _one(year, month, day, clock, zone, timedelta(seconds=1) if match[4] else timedelta(days=1))
    if match := MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
        if not 2000 <= year < 2100:
            raise ValueError(text)
        begins = datetime(year, month, 1, tzinfo=zone)
        ends = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
        return begins.astimezone(UTC), ends.astimezone(UTC)
    if match := HOURS.fullmatch(text):
        year, month, day, *clock = (int(part) for part in match.groups())
        begins, _end = _one(year, month, day, [*clock[:2], 0], zone, timedelta())
        ends, _end = _one(year, month, day, [*clock[2:], 0], zone, timedelta())
        if ends <= begins:
            raise ValueError(text)
        return begins, ends
    match = LOCAL.fullmatch(text)
    if not match:
        raise ValueError(text)
    parts = match.groups()
    begins, ends = _point(parts[:3], parts[3:7], parts[7], zone)
    if parts[11] is None:
        return begins, ends
    last = _point(parts[8:11] if parts[8] else parts[:3], parts[11:15], parts[15] or parts[7], zone)
    if last[0] < begins:
        raise ValueError(text)
    return begins, last[0] if last[0] > begins else ends


def _point(day: tuple[str, ...], clock: tuple[str | None, ...], offset: str | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    hour, minute, second, other = clock
    long = timedelta(days=1) if hour is None else timedelta(minutes=1) if (second or other) is None else timedelta(seconds=1)
    numbers = [int(part or 0) for part in (hour, minute, second or other)]
    year, month, number = (int(part) for part in day)
    place: tzinfo = zone
    if offset:
        place = datetime.fromisoformat(f"2000-01-01T00:00:00{'+00:00' if offset.casefold() in {'z', 'utc'} else offset}").tzinfo or zone
    return _one(year, month, number, numbers, place, long)


def _one(year: int, month: int, day: int, clock: list[int], place: tzinfo, long: timedelta) -> tuple[datetime, datetime]:
    """Return the time in UTC, and its end. 24:00 is the end of the day."""
    if not 2000 <= year < 2100:
        raise ValueError(year)
    extra = timedelta(days=1) if clock == [24, 0, 0] else timedelta()
    hour, minute, second = (0, 0, 0) if extra else clock
    local = datetime(year, month, day, hour, minute, second, tzinfo=place) + extra
    begins = local.astimezone(UTC)
    return begins, (local + long).astimezone(UTC) if long >= timedelta(days=1) else begins + long
