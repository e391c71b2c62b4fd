"""Deletes videos in two steps: into the bin, from which they come back, and for good. Files are deleted later, by `ingest/purge.py`.

Each step is one conditional UPDATE, so a restore and a purge at the same moment have one winner. A repeat changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from access.callers import Caller
from database import clock
from events import audit, outbox
from generation.actions.rights import require_rights
from generation.errors import Conflict
from generation.models import Video
from generation.models.video import VideoQuerySet

__all__ = ["delete_for_good", "empty_bin", "move_to_bin", "restore"]


def move_to_bin(video: Video, *, by: Caller, at: datetime | None = None) -> None:
    """Delete it until somebody restores it. Many that go together have one moment, `at`. Raises `NotAllowed`."""
    _change(video, Video.objects.kept(), "video.binned", by, deleted_at=at or clock.now())


def restore(video: Video, *, by: Caller) -> None:
    """Take it out of the bin. Raises `NotAllowed`, and `Conflict` after it was deleted for good."""
    if not _change(video, Video.objects.in_bin(), "video.restored", by, deleted_at=None) and video.purged_at:
        raise Conflict(_("This video was deleted for good. You can make it again from its task."), code="deleted_for_good")


def delete_for_good(video: Video, *, by: Caller) -> None:
    """Delete it, from the bin or at once. Raises `NotAllowed`."""
    now = clock.now()
    _change(video, Video.objects.filter(purged_at=None), "video.deleted", by, **_purged(now))


@transaction.atomic
def empty_bin(*, by: Caller) -> int:
    """Delete for good what this person has in the bin. Return how many videos that were."""
    count = Video.objects.in_bin().filter(owner=by.user).update(**_purged(clock.now()))
    if count:
        audit.record("bin.emptied", by.user, by=by, after={"videos": count})
    return count


def _purged(now: datetime) -> dict[str, Any]:
    return {"purged_at": now, "deleted_at": Coalesce("deleted_at", Value(now))}


def _change(video: Video, rows: VideoQuerySet, action: str, by: Caller, **changes: Any) -> bool:
    """Change the row if it is among these. Return whether it was; the object then has what is stored."""
    require_rights(video, by)
    with transaction.atomic():
        is_changed = bool(rows.filter(pk=video.pk).change(**changes))
        if is_changed:
            audit.record(action, video, by=by)
            outbox.write(action, subject=video.pk, owner_id=video.owner_id, at=clock.now(), facts={"task": str(video.task_id)})
    video.refresh_from_db(fields=["deleted_at", "purged_at"])
    return is_changed
