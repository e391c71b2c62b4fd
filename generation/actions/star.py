"""What people note on a video: its star."""

from __future__ import annotations

from django.db.models import Case, Value, When
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from generation.errors import NotAllowed
from generation.models import Video

__all__ = ["toggle_star"]


def toggle_star(video: Video, *, by: Caller) -> bool:
    """Turn the star and return whether it is on now. Two presses at once are two turns. Raises `NotAllowed`."""
    if not may(by, "act", video):
        raise NotAllowed(_("This video belongs to someone else. Ask its owner, or an administrator who may change videos."))
    turned = Case(When(favourite=True, then=Value(False)), default=Value(True))
    Video.objects.filter(pk=video.pk).update(favourite=turned)
    video.refresh_from_db(fields=["favourite"])
    return bool(video.favourite)
