"""Warns administrators about files: finished videos that may be lost, and stored files that are."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import ngettext

from database import clock
from generation.models import LostFile
from generation.scheduling.savers import count_expiring

__all__ = ["file_alerts"]


def file_alerts() -> list[str]:
    """Return a sentence for each kind of trouble."""
    alerts = []
    count, first = count_expiring(clock.now())
    if first:
        words = ngettext(
            "%(count)d finished video is not stored; the vendor deletes it at %(time)s. Check storage, workers and reviews.",
            "%(count)d finished videos are not stored; the vendor deletes the first at %(time)s. Check storage, workers and reviews.",
            count,
        )
        alerts.append(words % {"count": count, "time": date_format(localtime(first), "SHORT_DATETIME_FORMAT")})
    if lost := LostFile.objects.count():
        words = ngettext(
            "%(count)d stored file is missing or changed. See the list of lost files, and put it back from a backup.",
            "%(count)d stored files are missing or changed. See the list of lost files, and put them back from a backup.",
            lost,
        )
        alerts.append(words % {"count": lost})
    return alerts
