"""What people note on a video: its star."""

from __future__ import annotations

from django.db.models import Case, Value, When

from access.callers import Caller
from generation.actions.rights import require_rights
from generation.models import Video

__all__ = ["toggle_star"]


def toggle_star(video: Video, *, by: Caller) -> bool:
    """Turn the star and return whether it is on now. Two presses at once are two turns. Raises `NotAllowed`."""
    require_rights(video, by)
    turned = Case(When(favourite=True, then=Value(False)), default=Value(True))
    Video.objects.filter(pk=video.pk).update(favourite=turned)
    video.refresh_from_db(fields=["favourite"])
    return bool(video.favourite)
