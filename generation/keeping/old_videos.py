"""Moves videos into the bin that are older than people want to keep them. From there they come back until they are deleted for good."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from database import clock
from database.batches import PAUSE_S, first_id
from events import audit, outbox
from events.models import AuditEvent
from generation.models import Video

__all__ = ["bin_old_videos", "old_audit"]

log = logging.getLogger("generation.keeping")

RESTORED = "video.restored"
"""The action in the audit log that says that a person took a video out of the bin."""
BATCH = 100
LASTING_S = 60.0


def old_audit(before: datetime) -> QuerySet[AuditEvent]:
    """Return what may go of the audit log: all from before this time, but that a person took a video out of the bin that is still there.

    Without that, the video would go into the bin again.
    """
    old = audit.old_events(before)
    videos = list(old.filter(action=RESTORED).values_list("target_id", flat=True).distinct())
    gone: list[str] = []
    for start in range(0, len(videos), BATCH):
        purged = Video.objects.filter(pk__in=videos[start : start + BATCH], purged_at__isnull=False)
        gone += map(str, purged.values_list("pk", flat=True))
    return old.filter(~Q(action=RESTORED) | Q(target_id__in=gone))


def bin_old_videos(before: datetime, *, stay: Sequence[Q]) -> int:
    """Move videos from before this time into the bin, as far as a minute reaches. Return how many.

    Those that any of `stay` matches stay, and those that a person took out of the bin.
    """
    old = Video.objects.kept().filter(pk__lt=first_id(before))
    for rule in stay:
        old = old.exclude(rule)
    until, count, last = time.monotonic() + LASTING_S, 0, None
    while time.monotonic() < until:
        rest = old if last is None else old.filter(pk__gt=last)
        batch = list(rest.order_by("pk")[:BATCH])
        if not batch:
            break
        last = batch[-1].pk
        restored = AuditEvent.objects.filter(action=RESTORED, target_id__in=[str(video.pk) for video in batch])
        chosen = {str(video.pk): video for video in batch}
        for key in restored.values_list("target_id", flat=True):
            chosen.pop(key, None)
        with transaction.atomic():
            count += sum(_bin(video, stay) for video in chosen.values())
        time.sleep(PAUSE_S)
    if count:
        log.info("%d videos from before %s are in the bin", count, before)
    return count


def _bin(video: Video, stay: Sequence[Q]) -> bool:
    """Move it, unless it was starred or moved since it was read."""
    now = clock.now()
    row = Video.objects.kept().filter(pk=video.pk)
    for rule in stay:
        row = row.exclude(rule)
    if not row.change(deleted_at=now):
        return False
    audit.record("video.binned", video, by=None)
    outbox.write("video.binned", subject=video.pk, owner_id=video.owner_id, at=now, facts={"task": str(video.task_id)})
    return True
