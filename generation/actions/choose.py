"""Chooses which video of a content id is shown. The last choice counts, so that the one before counts again if this video is deleted."""

from __future__ import annotations

from django.db import transaction

from access.callers import Caller
from database import clock
from events import audit
from generation.actions.rights import require_rights
from generation.models import Video
from generation.queries.content import videos_of

__all__ = ["choose", "end_choice"]


@transaction.atomic
def choose(video: Video, *, by: Caller) -> None:
    """Choose this video for its content id. Raises `NotAllowed`."""
    require_rights(video, by)
    Video.objects.filter(pk=video.pk).update(chosen_at=clock.now())
    audit.record("video.chosen", video, by=by, after={"content_id": video.task.content_id})


@transaction.atomic
def end_choice(content_id: str, *, by: Caller) -> None:
    """Clear all choices of videos for this content id. Raises `NotAllowed` if the caller may not change one of them."""
    for video in videos_of(by, content_id).filter(chosen_at__isnull=False):
        require_rights(video, by)
        Video.objects.filter(pk=video.pk).update(chosen_at=None)
        audit.record("video.choice_ended", video, by=by, after={"content_id": content_id})
