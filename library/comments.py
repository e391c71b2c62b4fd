"""What people say of a video, at a moment of it or of all of it."""

from __future__ import annotations

import math
import re
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from database import clock
from events import audit
from generation.errors import InvalidRequest, NotAllowed, NotThere
from generation.models import Video
from library.models import Comment

__all__ = ["LONGEST_COMMENT", "add", "change", "comments_of", "delete", "moment_typed", "the_comment"]

LONGEST_COMMENT = 2_000
ROUNDED_S = 0.1
"""How far behind a video's end a time may lie: players round."""
TYPED = re.compile(r"(?:(\d{1,2}):)?(?:(\d{1,3}):)?(\d{1,5}(?:\.\d{1,3})?)", re.ASCII)


def moment_typed(typed: str) -> float | None:
    """Return the seconds of `0:03`, `1:02:03.5` or `3`; None for nothing. Raises `InvalidRequest`."""
    text = typed.strip().replace("：", ":")
    if not text:
        return None
    found = TYPED.fullmatch(text)
    if found is None:
        raise _wrong("at", _("Write the time as 0:03, or leave it empty to speak of the whole video."))
    high, low, seconds = found.groups()
    hours, minutes = (high, low) if low is not None else (None, high)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def comments_of(video: Video) -> list[Comment]:
    """Return the comments in the order of the video; those on all of it come last."""
    rows = Comment.objects.filter(video=video).select_related("author", "resolved_by")
    return sorted(rows, key=lambda one: (one.at_s is None, one.at_s or 0.0, one.pk))


def the_comment(video: Video, pk: UUID) -> Comment:
    """Return this comment on the video. Raises `NotThere`."""
    found: Comment | None = Comment.objects.filter(video=video, pk=pk).select_related("author", "resolved_by").first()
    if found is None:
        raise NotThere(_("There is no such comment."))
    return found


def add(video: Video, text: str, *, by: Caller, at_s: float | None = None) -> Comment:
    """Write a comment. Raises `NotAllowed`, `InvalidRequest`."""
    _require_comments(video, by)
    if at_s is not None:
        if not (math.isfinite(at_s) and 0 <= at_s <= video.duration_s + ROUNDED_S):
            words = _("The video is only %(n)s seconds long.") % {"n": round(video.duration_s, 2)}
            raise _wrong("at", words)
        at_s = min(at_s, video.duration_s)
    return Comment.objects.create(video=video, author=by.user, at_s=at_s, text=_text(text))


def change(comment: Comment, *, by: Caller, text: str | None = None, resolved: bool | None = None) -> None:
    """Edit one's own comment, or say whether what it asks for is done, as everybody who may comment can. Raises `NotAllowed`,
    `InvalidRequest`, and `NotThere` if it was deleted meanwhile.
    """
    if text is not None and not may(by, "change", comment):
        raise NotAllowed(_("Only its author can change a comment."))
    _require_comments(comment.video, by)
    now = clock.now()
    changes: dict[str, Any] = {}
    if text is not None and (words := _text(text)) != comment.text:
        changes |= {"text": words, "edited_at": now}
    if resolved is not None and resolved != (comment.resolved_at is not None):
        changes |= {"resolved_at": now, "resolved_by": by.user} if resolved else {"resolved_at": None, "resolved_by": None}
    if changes and not Comment.objects.filter(pk=comment.pk).update(**changes):
        raise NotThere(_("There is no such comment."))
    for name, value in changes.items():
        setattr(comment, name, value)


def delete(comment: Comment, *, by: Caller) -> None:
    """Delete one's own comment, or with the permission to change comments that of another person. Raises `NotAllowed`."""
    if not may(by, "delete", comment):
        raise NotAllowed(_("Only its author, or an administrator, can delete a comment."))
    with transaction.atomic():
        if comment.author_id != by.user.pk:
            audit.record("comment.deleted", comment, by=by, before={"author": comment.author, "video": comment.video_id})
        Comment.objects.filter(pk=comment.pk).delete()


def _require_comments(video: Video, by: Caller) -> None:
    if not may(by, "comment", video):
        raise NotAllowed(_("Only people who see this video may comment on it."))


def _text(typed: str) -> str:
    text = typed.strip()
    if not 1 <= len(text) <= LONGEST_COMMENT:
        raise _wrong("text", _("Write 1 to %(most)d characters.") % {"most": LONGEST_COMMENT})
    return text


def _wrong(field: str, words: str) -> InvalidRequest:
    return InvalidRequest(words, fields={field: words})
