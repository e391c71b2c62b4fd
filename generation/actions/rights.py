"""Who may act on a task or a video, for every action alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from generation.errors import NotAllowed
from generation.models import GenerationTask, Video

__all__ = ["require_rights"]


def require_rights(row: GenerationTask | Video, by: Caller) -> None:
    """Raise `NotAllowed` unless this caller may act on it."""
    if may(by, "act", row):
        return
    if isinstance(row, Video):
        raise NotAllowed(_("This video belongs to someone else. Ask its owner, or an administrator who may change videos."))
    raise NotAllowed(_("This task belongs to someone else. Ask its owner, or an administrator who may change tasks."))
