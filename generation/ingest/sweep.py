"""Removes what crashes leave behind: files of unpublished videos, scratch folders, messages of dead workers. Also asks vendors for
balances. Safe to run twice.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from generation import store
from generation.models import GenerationTask, Video
from jobs import queue
from providers.accounts.health_test import refresh_balances

__all__ = ["sweep"]

log = logging.getLogger("generation.housekeeping")

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
            if time.time() - scratch.stat().st_mtime > SCRATCH_OLD_ENOUGH_S:
                shutil.rmtree(scratch, ignore_errors=True)
    moved = GenerationTask.objects.filter(updated_at__gte=now - MOVED_LATELY)
    for day in moved.datetimes("created_at", "day", tzinfo=UTC):
        folder = f"videos/{day:%Y/%m/%d}"
        try:
            _drop_orphans(folder, now)
        except store.StorageUnavailable as error:
            log.warning("unpublished files of %s stay until a later sweep: %s", folder, error)
    refresh_balances(now)


def _drop_orphans(folder: str, now: datetime) -> None:
    """Delete files that were saved but not published, if their output was published under other keys. A file without such a twin may be all
    that is left of a video whose row was lost with a restored backup.
    """
    names = store.listing(folder)[1]
    videos = Video.objects.filter(file__startswith=f"{folder}/")  # all files of a video are in one folder
    published = {key for video in videos.only("file", "preview", "poster", "other_posters") for key in video.keys}
    others = {f"{folder}/{name}" for name in names} - published
    twins = {_output_of(key) for key in published}
    twins |= _purged_outputs({_output_of(key) for key in others} - twins)
    for key in sorted(others):
        if _output_of(key) not in twins:
            continue
        with suppress(store.ObjectMissing):  # its ingest could not publish it and has removed it
            if now - store.modified_at(key) > OLD_ENOUGH:
                log.info("sweeping %s", key)
                store.delete(key)


def _output_of(key: str) -> str:
    """Folder, task and number: the key without fence and suffix (`ingest`)."""
    return key.partition(".")[0].rpartition("-")[0]


def _purged_outputs(outputs: Iterable[str]) -> set[str]:
    """Return those whose video was published and then deleted for good; its row has no keys any more."""
    by_place = {}
    for output in outputs:
        task, _, index = output.rpartition("/")[2].rpartition("-")
        with suppress(ValueError):  # not one of ours
            by_place[UUID(task), int(index)] = output
    if not by_place:
        return set()
    purged = Video.objects.filter(purged_at__isnull=False, task__in={task for task, _index in by_place})
    return {by_place[place] for place in purged.values_list("task_id", "output_index") if place in by_place}
