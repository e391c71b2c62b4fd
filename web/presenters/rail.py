"""The date rail of the gallery: its months as links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import ngettext, pgettext

from library.months import Month

__all__ = ["Stop", "Year", "month_words", "rail_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """A month. `month` is `2026-11`; `share` is its number of videos by that of the fullest month, 0 without numbers."""

    label: str
    words: str
    month: str
    href: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    label: str
    stops: list[Stop]


def month_words(first: date) -> str:
    return date_format(first, "YEAR_MONTH_FORMAT")


def rail_of(months: Sequence[Month], query: Mapping[str, str]) -> list[Year]:
    """Return the rail; `query` is the gallery's filter. One month needs none."""
    if len(months) == 1:
        return []
    most = max((month.videos or 0 for month in months), default=0) or 1
    return [
        Year(label=str(year), stops=[_stop(month, most, query) for month in group])
        for year, group in groupby(months, key=lambda month: month.first.year)
    ]


def _stop(month: Month, most: int, query: Mapping[str, str]) -> Stop:
    words, at = month_words(month.first), f"{month.first:%Y-%m}"
    if month.videos is not None:
        count = ngettext("%(n)s video", "%(n)s videos", month.videos) % {"n": number_format(month.videos)}
        words = f"{words} · {count}"
    return Stop(
        label=date_format(month.first, pgettext("a month in a narrow column", "M")),
        words=words,
        month=at,
        href=reverse("gallery", query={**query, "at": at}),
        share=(month.videos or 0) / most,
    )
