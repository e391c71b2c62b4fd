"""The review of a finished video by people: asked for, approved, rejected with a note, taken back (docs/adr/0061).

The state is a column of the video and its history the table `Decision`; both are written in one transaction. A decision is a conditional
UPDATE on the state that its maker saw: if two people decide at the same moment, the second gets a conflict and reads the first decision.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from access.callers import Caller
from access.models import TeamRules
from access.rights import may
from database import clock
from events import audit, outbox
from generation.actions.rights import require_rights
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.models import Video
from generation.models.video import ReviewState, VideoQuerySet
from library.models import Decision

__all__ = ["LONGEST_NOTE", "NONE", "may_approve", "review", "waiting_for"]

NONE = "none"
"""What programs call the state of a video that nobody asked about."""
LONGEST_NOTE = 2_000


def may_approve(video: Video, by: Caller) -> bool:
    """Return whether this caller may approve the video: who may review it, but not its owner if the video's team demands another person."""
    if not may(by, "review", video):
        return False
    is_own = video.owner_id == by.user.pk
    return not (is_own and video.team_id and TeamRules.objects.filter(team=video.team_id, approved_by_another=True).exists())


def review(video: Video, state: str, *, by: Caller, note: str = "", seen: str | None = None) -> None:
    """Set the review state; empty takes the review back. A repeat of the newest decision changes nothing.

    `seen` is the state that the caller decided about; None: that of `video`. Raises `NotAllowed`, `InvalidRequest`, and `Conflict` if
    somebody else has decided since then.
    """
    note = note.strip()
    _require(video, state, by)
    if len(note) > LONGEST_NOTE:
        raise _wrong("note", _("Write at most %(most)d characters.") % {"most": LONGEST_NOTE})
    if state == ReviewState.REJECTED and not note:
        raise _wrong("note", _("Write why, so that the next take is better."))
    with transaction.atomic():
        # locked, so that the second of two clicks finds what the first has decided
        list(Video.objects.filter(pk=video.pk).select_for_update(no_key=True).values_list("pk"))
        newest = Decision.objects.filter(video=video).values_list("state", "note", "by").first() or ("", "", by.user.pk)
        if newest == (state, note, by.user.pk):
            return
        before = video.review_state if seen is None else seen
        if not Video.objects.kept().filter(pk=video.pk, review_state=before).change(review_state=state):
            raise Conflict(
                _("Somebody else has decided in the meantime. Read their decision, then decide again."), code="decided_meanwhile"
            )
        Decision.objects.create(video=video, state=state, note=note, by=by.user)
        audit.record("video.reviewed", video, by=by, before={"state": before or NONE}, after={"state": state or NONE})
        facts = {
            "state": state or NONE,
            "note": note,
            "by": by.user.get_username(),
            "by_owner": by.user.pk == video.owner_id,
            "task": str(video.task_id),
            "content_id": video.task.content_id,
            "external_id": video.task.external_id,
            "team_id": video.team_id,
        }
        outbox.write("video.reviewed", subject=video.pk, owner_id=video.owner_id, at=clock.now(), facts=facts)
    video.review_state = state


def waiting_for(caller: Caller, *, mine: bool = False) -> VideoQuerySet:
    """Return the videos of others that wait for a decision and that this caller may see, or their own; the longest waiting first."""
    asked = Decision.objects.filter(video=OuterRef("pk")).order_by("-id").values("id")[:1]
    videos = Video.objects.kept().filter(Video.objects.shown_among(caller, mine=mine), review_state=ReviewState.WANTED)
    others = videos if mine else videos.exclude(owner=caller.user)
    return others.annotate(asked=Subquery(asked)).order_by("asked", "id")


def _require(video: Video, state: str, by: Caller) -> None:
    """Raise `NotAllowed` unless the caller may set this state."""
    if state == ReviewState.WANTED:
        require_rights(video, by)
    elif not may(by, "review", video):
        raise NotAllowed(_("Only people who see this video may review it."))
    elif state == ReviewState.APPROVED and not may_approve(video, by):
        raise NotAllowed(_("Your team requires another person to approve your video. Ask a colleague."), code="another_person")


def _wrong(field: str, words: str) -> InvalidRequest:
    return InvalidRequest(words, fields={field: words})
