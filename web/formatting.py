"""Formats numbers, times and names in the reader's language. No query, no request; `ago` reads the clock."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from generation.queries.tasks import COUNTED_MOST

__all__ = ["ago", "capped", "clock", "duration", "hue", "initials", "moment", "money", "ratio", "shape", "size"]

CURRENCY_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥"}
SIZES = (("kB", 1_000, 0), ("MB", 1_000_000, 1), ("GB", 1_000_000_000, 1))
RATIO = re.compile(r"^(\d+(?:\.\d+)?)[:*x](\d+(?:\.\d+)?)$")


def clock(seconds: float | None) -> str:
    """Format seconds as on the corner of a video: 5.2 -> 0:05."""
    if seconds is None:
        return ""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def duration(seconds: float | None) -> str:
    """Format the time that something took: 171 -> 2 min 51 s."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    parts = {"h": whole // 3600, "min": whole % 3600 // 60, "s": whole % 60}
    if parts["h"]:
        return _("%(h)d h %(min)d min") % parts
    if parts["min"]:
        return _("%(min)d min %(s)d s") % parts if parts["s"] else _("%(min)d min") % parts
    return _("%(s)d s") % parts


def size(count_bytes: int | None) -> str:
    """Format bytes in decimal units, as disks and networks count: 6_200_000 -> 6.2 MB."""
    if count_bytes is None:
        return ""
    if count_bytes < 1000:
        return f"{count_bytes} B"
    for unit, factor, digits in SIZES:  # noqa: B007 - the last one is kept
        amount = round(count_bytes / factor, digits)
        if amount < 1000:  # what is rounded to 1000 is 1 of the next unit
            break
    return f"{number_format(amount, digits, use_l10n=True)} {unit}"


def capped(count: int) -> str:
    """Format a count: 128 -> 128; if the counting was stopped at its limit -> 1,000+."""
    more = "+" if count > COUNTED_MOST else ""
    return number_format(min(count, COUNTED_MOST), use_l10n=True, force_grouping=True) + more


def money(amount: Decimal | None, currency: str = "CNY", decimals: int = 2) -> str:
    """Format an amount: Decimal("7.3") -> ¥7.30. A currency without a sign keeps its code."""
    if amount is None:
        return ""
    number = number_format(round(amount, decimals), decimals, use_l10n=True, force_grouping=True)
    sign = CURRENCY_SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency}"


def ago(when: datetime | None) -> str:
    """Say how long ago `when` was; after a day, give the date."""
    if when is None:
        return ""
    seconds = (timezone.now() - when).total_seconds()
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return _("%(n)d min ago") % {"n": seconds // 60}
    if seconds < 86400:
        return _("%(n)d h ago") % {"n": seconds // 3600}
    return date_format(timezone.localtime(when), "SHORT_DATE_FORMAT")


def moment(when: datetime | None, clock: str = "H:i") -> str:
    """Format a time on the reader's clock: 10:52; with the day, unless that is today: 28 Nov, 10:52."""
    if when is None:
        return ""
    local = timezone.localtime(when)
    time = date_format(local, clock)
    if local.date() == timezone.localdate():
        return time
    day = date_format(local, "MONTH_DAY_FORMAT" if local.year == timezone.localdate().year else "DATE_FORMAT")
    return _("%(day)s, %(time)s") % {"day": day, "time": time}


def initials(name: str) -> str:
    """Return a name's initials: Lin Yue -> LY, admin -> AD, 林悦 -> 林悦."""
    words = name.split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
    return letters.upper()


def hue(name: str) -> int:
    """Return the colour angle of a name's avatar, always the same for one name."""
    return sum(ord(letter) * (place + 7) for place, letter in enumerate(name)) * 47 % 360


def ratio(value: object) -> str:
    """Return a ratio for CSS aspect-ratio: 16:9 -> 16/9; empty if `value` is not a ratio."""
    match = RATIO.match(str(value))
    return f"{match[1]}/{match[2]}" if match else ""


def shape(value: object) -> str:
    """Return the CSS class that fits a ratio's small rectangle into a line of text."""
    match = RATIO.match(str(value))
    if not match or not float(match[2]):
        return ""
    proportion = float(match[1]) / float(match[2])
    return "flat" if proportion > 2 else "wide" if proportion > 1.5 else "tall" if proportion < 0.7 else ""
