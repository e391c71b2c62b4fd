"""Says to administrators where media files are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

__all__ = ["media_place"]


def media_place() -> str:
    """Return a sentence: the bucket or folder, and where that is set."""
    entry = settings.STORAGES["default"]
    options = entry.get("OPTIONS", {})
    if {"now", "before"} <= options.keys():
        words = _(
            "Media files are kept in %(now)s; those that are not moved yet are read from %(before)s. "
            "PORTAL_STORAGE and PORTAL_STORAGE_BEFORE in the environment say so."
        )
        return words % {"now": _place(options["now"]), "before": _place(options["before"])}
    return _("Media files are kept in %(place)s. PORTAL_STORAGE and its variables in the environment say so.") % {"place": _place(entry)}


def _place(entry: Mapping[str, Any]) -> str:
    options = entry["OPTIONS"]
    if "bucket_name" in options:
        where = options.get("endpoint_url") or options.get("region_name")
        return _("the bucket “%(name)s” (%(where)s)") % {"name": options["bucket_name"], "where": where}
    return _("the folder %(name)s") % {"name": options["location"]}
