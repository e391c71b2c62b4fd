"""Sweeps what crashes leave behind: files without a row, scratch directories, messages of dead workers; asks vendors what is left of
balances. Safe to run twice.
"""

from __future__ import annotations

import logging
import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from generation import queue
from generation.models import Video
from providers.probe import refresh_balances

__all__ = ["sweep"]

log = logging.getLogger("generation.housekeeping")

OLD_ENOUGH = timedelta(hours=1)
SCRATCH_OLD_ENOUGH_S = 3600.0
DAYS_BACK = 3


def sweep() -> None:
    """One round."""
    queue.drop_stale_messages()
    _drop_scratch()
    refresh_balances(timezone.now())
    for days in range(DAYS_BACK):
        _drop_orphans(f"videos/{timezone.now() - timedelta(days=days):%Y/%m/%d}")


def _drop_scratch() -> None:
    """Directories of ingests that were killed."""
    for folder in settings.SCRATCH_DIR.glob("*"):
        if time.time() - folder.stat().st_mtime > SCRATCH_OLD_ENOUGH_S:
            shutil.rmtree(folder, ignore_errors=True)


def _drop_orphans(folder: str) -> None:
    """Files that were saved but never published."""
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return
    for name in names:
        key = str(Path(folder) / name)
        if timezone.now() - default_storage.get_modified_time(key) > OLD_ENOUGH and not _is_published(key):
            log.info("sweeping %s", key)
            default_storage.delete(key)


def _is_published(key: str) -> bool:
    return Video.objects.filter(Q(file=key) | Q(poster=key) | Q(preview=key)).exists()
