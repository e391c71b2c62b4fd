"""What people note on a video: its title and its star."""

from __future__ import annotations

from django.db.models import Case, Value, When

from access.callers import Caller
from generation.actions.rights import require_rights
from generation.models import Video

__all__ = ["note_on", "toggle_star"]


def toggle_star(video: Video, *, by: Caller) -> bool:
    """Turn the star and return whether it is on now. Two presses at once are two turns. Raises `NotAllowed`."""
    require_rights(video, by)
    turned = Case(When(favourite=True, then=Value(False)), default=Value(True))
    Video.objects.filter(pk=video.pk).change(favourite=turned)
    video.refresh_from_db(fields=["favourite"])
    return bool(video.favourite)


def note_on(video: Video, *, by: Caller, title: str | None = None, starred: bool | None = None) -> None:
    """Set the title, the star or both; None leaves it as it is. Raises `NotAllowed`."""
    require_rights(video, by)
    notes = {"title": title, "favourite": starred}
    changes = {name: value for name, value in notes.items() if value is not None}
    if changes:
        Video.objects.filter(pk=video.pk).change(**changes)
        video.refresh_from_db(fields=list(changes))
