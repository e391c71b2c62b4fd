"""Removes what crashes leave behind: files of unpublished videos, scratch folders, messages of dead workers. Also asks vendors for
balances. Safe to run twice.
"""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from generation import store
from generation.models import GenerationTask, Video
from generation.submitting.restored_backup import hold_if_restored
from jobs import queue
from providers.accounts.health_test import refresh_balances

__all__ = ["delete_if_old", "delete_unnamed", "sweep", "unnamed"]

log = logging.getLogger("generation.housekeeping")

AT_ONCE = 500
OLD_ENOUGH = timedelta(hours=1)
SCRATCH_OLD_ENOUGH_S = 3600.0
MOVED_LATELY = timedelta(days=3)
"""A killed ingest is started again, which moves its task, so its files are found however old the task is."""


def sweep() -> None:
    """Do one round."""
    now = timezone.now()
    queue.drop_stale_messages()
    for scratch in settings.SCRATCH_DIR.glob("*"):
        with suppress(FileNotFoundError):  # a running ingest may remove its own at the same time
            written_at = max(path.stat().st_mtime for path in (scratch, *scratch.glob("*")))  # a file does not touch its folder
            if time.time() - written_at > SCRATCH_OLD_ENOUGH_S:
                scratch.unlink() if scratch.is_file() else shutil.rmtree(scratch, ignore_errors=True)
    _sweep_days(now)
    refresh_balances(now)


def _sweep_days(now: datetime) -> None:
    """Delete unpublished files of the days on which something happened. None while a restored database waits for its confirmation."""
    try:
        if hold_if_restored():
            return
    except store.StorageUnavailable as error:
        log.warning("unpublished files stay until a later sweep: %s", error)
        return
    moved = GenerationTask.objects.filter(updated_at__gte=now - MOVED_LATELY)
    for day in moved.datetimes("created_at", "day", tzinfo=UTC):
        folder = f"videos/{day:%Y/%m/%d}"
        try:
            delete_unnamed(folder, now)
        except store.StorageUnavailable as error:
            log.warning("unpublished files of %s stay until a later sweep: %s", folder, error)


def delete_unnamed(folder: str, now: datetime) -> None:
    """Delete old files of a day's folder that no row names, if their output has a row: under other keys, or one deleted for good."""
    for key in unnamed(folder)[0]:
        delete_if_old(key, now, OLD_ENOUGH)


def unnamed(folder: str) -> tuple[list[str], list[str]]:
    """Return the files of a day's folder that no row names: those whose output has a row, which are of no use, and the others.

    A file whose output has no row is being published, or may be all that is left of a video whose row was lost with a restored backup.
    """
    names = store.listing(folder)[1]
    named, published = _rows_of({place[0] for name in names if (place := _place_of(name))})
    keys = sorted({f"{folder}/{name}" for name in names} - named)
    return [key for key in keys if _place_of(key) in published], [key for key in keys if _place_of(key) not in published]


def delete_if_old(key: str, now: datetime, age: timedelta) -> None:
    """Delete a file that was written longer ago than this."""
    with suppress(store.ObjectMissing):  # its ingest could not publish it and has removed it
        if now - store.modified_at(key) > age:
            log.info("sweeping %s", key)
            store.delete(key)


def _rows_of(tasks: set[UUID]) -> tuple[set[str], set[tuple[UUID, int]]]:
    """Return the keys that videos of these tasks name, and which outputs have a row."""
    named: set[str] = set()
    published: set[tuple[UUID, int]] = set()
    ids = sorted(tasks)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        videos = Video.objects.filter(Q(task__in=some) | Q(copy_of__task__in=some))  # a copy may have another poster and other captions
        for video in videos.only("task", "output_index", "file", "preview", "poster", "other_posters", "captions", "purged_at"):
            published.add((video.task_id, video.output_index))
            named.update(video.keys)
    return named, published


def _place_of(key: str) -> tuple[UUID, int] | None:
    """Return task and number of the output, which the name begins with (`ingest`); None for a file that is not named so."""
    with suppress(ValueError):
        task, index, _fence = key.rpartition("/")[2].partition(".")[0].rsplit("-", 2)
        return UUID(task), int(index)
    return None
