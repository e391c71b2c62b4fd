"""The review of a video on its page and in the queue: state, decisions, comments, and their marks on the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import Caller
from access.rights import may
from generation.models import Video
from generation.models.video import ReviewState
from library.comments import comments_of
from library.models import Comment, Decision
from library.review import may_approve
from web.formatting import clock
from web.presenters.detail import Moment
from web.presenters.videos import Tile, tile_of
from web.presenters.words import name_of

__all__ = ["ReviewPanel", "Waiting", "review_of", "waiting_rows"]

FACES = {"": ("off", "minus"), "wanted": ("warn", "hourglass"), "approved": ("ok", "circle-check"), "rejected": ("bad", "circle-x")}
"""Tone and icon by state."""
SAID: dict[str, str | Promise] = {
    "": gettext_lazy("Taken back by %(name)s"),
    "wanted": gettext_lazy("Review asked for by %(name)s"),
    "approved": gettext_lazy("Approved by %(name)s"),
    "rejected": gettext_lazy("Rejected by %(name)s"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """A comment. `left` is the place of its mark in percent of the length; an address is empty where the person may not use it."""

    id: UUID
    author: str
    text: str
    at_s: float | None
    at: str
    left: float
    when: datetime
    edited: bool
    resolved_by: str
    is_resolved: bool
    change_url: str
    may_edit: bool
    delete_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewPanel:
    """Everything of videos/_review.html and videos/_marks.html. In the queue, forms say where a decision leads."""

    state: str
    label: str
    tone: str
    icon: str
    decisions: list[Moment]
    open: list[Remark]
    done: list[Remark]
    post_url: str
    comment_url: str
    can_approve: bool
    can_review: bool
    can_ask: bool
    is_queue: bool

    @property
    def marks(self) -> list[Remark]:
        """Return the open comments that have a place on the timeline."""
        return [one for one in self.open if one.at_s is not None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A video in the queue, and whose it is."""

    tile: Tile
    href: str
    owner: str
    current: bool


def review_of(video: Video, caller: Caller, *, next_url: str = "") -> ReviewPanel:
    """Return the panel as this person sees it."""
    tone, icon = FACES[video.review_state]
    query = {"then": next_url} if next_url else None
    remarks = [_remark(one, video, caller, query) for one in comments_of(video)]
    return ReviewPanel(
        state=video.review_state,
        label=str(ReviewState(video.review_state).label) if video.review_state else _("Not reviewed"),
        tone=tone,
        icon=icon,
        decisions=[_moment(one) for one in Decision.objects.filter(video=video).select_related("by").order_by("id")],
        open=[one for one in remarks if not one.is_resolved],
        done=[one for one in remarks if one.is_resolved],
        post_url=reverse("video-review", args=[video.pk], query=query),
        comment_url=reverse("video-comment", args=[video.pk], query=query),
        can_approve=video.review_state != ReviewState.APPROVED and may_approve(video, caller),
        can_review=may(caller, "review", video),
        can_ask=video.review_state != ReviewState.WANTED and may(caller, "act", video),
        is_queue=bool(next_url),
    )


def waiting_rows(videos: list[Video], place: int, caller: Caller, query: dict[str, str]) -> list[Waiting]:
    """Return the queue; select `task__prompt` and `owner`. The page shows the video at `place`."""
    return [
        Waiting(
            tile=tile_of(one, caller),
            href=reverse("review-queue", query=query | {"video": one.pk}),
            owner=name_of(one.owner),
            current=number == place,
        )
        for number, one in enumerate(videos)
    ]


def _moment(decision: Decision) -> Moment:
    name = name_of(decision.by) if decision.by else _("a deleted person")
    tone = FACES[decision.state][0]
    return Moment(text=str(SAID[decision.state]) % {"name": name}, detail=decision.note, at=decision.at, tone=tone if tone != "off" else "")


def _remark(comment: Comment, video: Video, caller: Caller, query: dict[str, str] | None) -> Remark:
    return Remark(
        id=comment.pk,
        author=name_of(comment.author),
        text=comment.text,
        at_s=comment.at_s,
        at=clock(int(comment.at_s)) if comment.at_s is not None else "",
        left=min(100.0, 100 * (comment.at_s or 0.0) / video.duration_s) if video.duration_s else 0.0,
        when=comment.created_at,
        edited=comment.edited_at is not None,
        resolved_by=name_of(comment.resolved_by) if comment.resolved_by else "",
        is_resolved=comment.resolved_at is not None,
        change_url=reverse("comment-change", args=[video.pk, comment.pk], query=query) if may(caller, "comment", video) else "",
        may_edit=may(caller, "change", comment),
        delete_url=reverse("comment-delete", args=[video.pk, comment.pk], query=query) if may(caller, "delete", comment) else "",
    )
