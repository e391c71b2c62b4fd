"""Deletes the files of videos that were deleted for good, or were in the bin for too long. The row stays, without keys.

A kill at any moment leaves nothing behind: the row gives up its files first, and names them until the last one is deleted.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from database import clock
from events import outbox
from generation import store
from generation.models import Video
from generation.submitting.restored_backup import hold_if_restored

__all__ = ["purge"]

log = logging.getLogger("generation.housekeeping")

AT_ONCE = 500
"""Videos of one round; a job has a timeout, and the next round comes in minutes."""
FAILURES_IN_A_ROW = 5
"""The number of failures in a row that ends a round: the storage is away then, not one file."""


def purge() -> None:
    """Do one round. Nothing is deleted while a restored database waits for its confirmation: it may not know what was restored since."""
    try:
        if hold_if_restored():
            return
    except store.StorageUnavailable as error:
        log.warning("nothing is deleted until a later round: %s", error)
        return
    now = clock.now()
    if settings.BIN_DAYS:
        Video.objects.in_bin().filter(deleted_at__lte=now - timedelta(days=settings.BIN_DAYS)).update(purged_at=now)
    failures = 0
    for video in Video.objects.purged().order_by("?")[:AT_ONCE]:  # so that a few that cannot be deleted do not keep the others waiting
        try:
            for key in video.keys:
                store.delete(key)
        except store.StorageUnavailable as error:
            log.warning("the files of video %s stay until a later round: %s", video.pk, error)
            failures += 1
            if failures == FAILURES_IN_A_ROW:
                return
        else:
            failures = 0
            _forget_files(video)


@transaction.atomic
def _forget_files(video: Video) -> None:
    if Video.objects.purged().filter(pk=video.pk).update(file="", poster="", other_posters={}, preview="", captions={}):
        facts = {"task": str(video.task_id), "bytes": video.stored_bytes}
        outbox.write("video.purged", subject=video.pk, owner_id=video.owner_id, at=clock.now(), facts=facts)
