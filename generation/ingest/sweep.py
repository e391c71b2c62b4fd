"""Sweeps what crashes leave behind: files of videos that were never published, scratch directories, messages of dead workers; asks vendors
what is left of balances. Safe to run twice.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

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
"""An ingest that was killed is taken up again and moves its task then; so its files are found, however old the task is."""


def sweep() -> None:
    """One round."""
    now = timezone.now()
    queue.drop_stale_messages()
    _drop_scratch()
    for folder in _folders(now):
        try:
            _drop_orphans(folder, now)
        except store.StorageUnavailable as error:
            log.warning("unpublished files of %s stay until a later sweep: %s", folder, error)
    refresh_balances(now)


def _drop_scratch() -> None:
    """Directories of ingests that were killed. One that is at work may remove its own meanwhile."""
    for folder in settings.SCRATCH_DIR.glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > SCRATCH_OLD_ENOUGH_S:
                shutil.rmtree(folder, ignore_errors=True)


def _folders(now: datetime) -> Iterator[str]:
    """Where ingests of tasks that moved lately keep videos: by the day on which the task was created."""
    moved = GenerationTask.objects.filter(updated_at__gte=now - MOVED_LATELY)
    for day in moved.datetimes("created_at", "day", tzinfo=UTC):
        yield f"videos/{day:%Y/%m/%d}"


def _drop_orphans(folder: str, now: datetime) -> None:
    """Files that were saved but never published, of outputs that were published since under other names. A file without such a twin may be
    all that is left of a video whose row was lost with a restored backup.
    """
    names = store.listing(folder)[1]
    published = _published(folder)
    twins = {_output_of(key) for key in published}
    for key in sorted({f"{folder}/{name}" for name in names} - published):
        if _output_of(key) not in twins:
            continue
        with suppress(store.ObjectMissing):  # an ingest that could not publish it has removed it itself
            if now - store.modified_at(key) > OLD_ENOUGH:
                log.info("sweeping %s", key)
                store.delete(key)


def _published(folder: str) -> set[str]:
    """Every file of the videos there; the three of one video stand side by side."""
    videos = Video.objects.filter(file__startswith=f"{folder}/")
    return {name for names in videos.values_list("file", "poster", "preview") for name in names}


def _output_of(key: str) -> str:
    """Folder, task and number: the key without fence and suffix (`ingest`)."""
    return key.partition(".")[0].rpartition("-")[0]
