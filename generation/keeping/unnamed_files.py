"""Files that no row names, in every folder: those that are surely of no use are deleted, a part in each round; the rest is listed.

The sweep (`ingest/sweep.py`) looks at the days on which something happened, this at all of them. A file that may be all that is left of a
paid video is never deleted: `manage.py lost_files --unnamed` lists it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.utils import timezone

from generation import store
from generation.ingest.sweep import OLD_ENOUGH, delete_if_old, delete_unnamed, unnamed
from generation.keeping import walk
from generation.models import Asset
from generation.submitting.restored_backup import hold_if_restored

__all__ = ["sweep_everything", "unnamed_videos"]

log = logging.getLogger("generation.keeping")

NAME = "unnamed"
AT_ONCE = 50
"""Folders of one round, four an hour: ten years are walked in a day."""
MOST_FAILURES = 3
"""The number of folders that fail before a round ends: the storage is away then."""
PAUSE = timedelta(days=1)
ASSETS_OLD_ENOUGH = timedelta(days=30)
"""The age at which an image without a row is deleted; longer than anyone works with a backup that was restored by mistake."""
IDS_AT_ONCE = 500


def sweep_everything() -> None:
    """Do one round. Nothing is deleted while a restored database waits for its confirmation. Safe to run twice at once, and to kill."""
    reached, ended_at, now = walk.position(NAME), walk.ended_at(NAME), timezone.now()
    if not reached and ended_at and now - ended_at < PAUSE:
        return
    try:
        if hold_if_restored():
            return
        folders = list(islice(_days(behind=reached), AT_ONCE))
        failures = 0
        for folder in folders:
            try:
                delete_unnamed(folder, now)
            except store.StorageUnavailable as error:  # one file that cannot be deleted must not keep the walk here for ever
                failures += 1
                if failures == MOST_FAILURES:
                    raise
                log.warning("files without a row stay in %s until the next walk: %s", folder, error)
            walk.reached(NAME, folder)
        if len(folders) < AT_ONCE:
            walk.ended(NAME)  # first: an image that cannot be deleted must not keep the walk here for ever
            for name in store.listing("health")[1]:
                delete_if_old(f"health/{name}", now, OLD_ENOUGH)
            _sweep_assets(now)
    except store.StorageUnavailable as error:
        log.warning("files without a row stay until a later round: %s", error)


def unnamed_videos(now: datetime) -> Iterator[str]:
    """Yield the keys that may be all that is left of a video: no row names them, and they are not being published. Deletes nothing.

    Raises `StorageUnavailable`.
    """
    for folder in _days():
        for key in unnamed(folder)[1]:
            with suppress(store.ObjectMissing):
                if now - store.modified_at(key) > PAUSE:
                    yield key


def _days(*, behind: str = "") -> Iterator[str]:
    """Yield the folders of days, the oldest first."""
    for year in _below("videos", behind):
        for month in _below(year, behind):
            yield from (day for day in _below(month, behind) if day > behind)


def _below(folder: str, behind: str) -> list[str]:
    """Return the folders in it, without those that lie before the one that was reached."""
    below = sorted(f"{folder}/{name}" for name in store.listing(folder)[0])
    return [one for one in below if one >= behind[: len(one)]]


def _sweep_assets(now: datetime) -> None:
    """Delete images that no row names: nothing was paid for them."""
    names = store.each_name("assets")
    while some := list(islice(names, IDS_AT_ONCE)):
        ids: dict[UUID, str] = {}
        for name in some:
            with suppress(ValueError):
                ids[UUID(name.partition(".")[0])] = f"assets/{name}"
        named = set(Asset.objects.filter(pk__in=ids).values_list("pk", flat=True))
        for pk in ids.keys() - named:
            delete_if_old(ids[pk], now, ASSETS_OLD_ENOUGH)
