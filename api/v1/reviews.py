"""/videos/{id}/review and /videos/{id}/comments: what people say of a video, and whether they approve it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.idempotency import idempotent
from api.v1.schemas import TEXT, ErrorOut
from api.v1.videos import visible_video
from generation.models import Video
from library import comments
from library.models import Comment, Decision
from library.review import NONE, review

__all__ = ["router"]

router = Router(tags=["reviews"])

State = Literal["none", "wanted", "approved", "rejected"]
Text = Annotated[str, Field(min_length=1, max_length=comments.LONGEST_COMMENT, pattern=TEXT)]


class DecisionIn(Schema):
    """What is decided: `wanted` asks for a review, `none` takes it back. A rejection needs a note. With `seen`, the state that the decision
    is about, the answer is 409 `decided_meanwhile` if somebody else was faster.
    """

    model_config = ConfigDict(extra="forbid")

    state: State = Field(examples=["approved"])
    note: str = Field("", max_length=2_000, pattern=TEXT, examples=["The colours are right now."])
    seen: State | None = None


class DecisionOut(Schema):
    state: State
    note: str
    by: str | None
    at: datetime


class ReviewOut(Schema):
    """The review of a video: its state, and every decision, the newest first."""

    video: UUID
    state: State
    decisions: list[DecisionOut]


class CommentIn(Schema):
    """`at_s` is the moment that the comment is about, in seconds from the start; null: the whole video."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(examples=["The logo is cut off here."])
    at_s: float | None = Field(None, ge=0, allow_inf_nan=False, examples=[3.0])


class CommentPatch(Schema):
    """What is left out stays as it is. Only its author changes the text; everybody who sees the video may resolve."""

    model_config = ConfigDict(extra="forbid")

    text: Text | None = None
    resolved: StrictBool | None = Field(None, examples=[True])


class CommentOut(Schema):
    id: UUID
    video: UUID
    author: str
    at_s: float | None
    text: str
    created_at: datetime
    edited_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None


class CommentsOut(Schema):
    """The comments in the order of the video; those on all of it come last."""

    items: list[CommentOut]


@router.get("/{video_id}/review", response={200: ReviewOut, 404: ErrorOut}, summary="The review of a video")
def get_review(request: HttpRequest, video_id: UUID) -> ReviewOut:
    return _review_out(visible_video(request, video_id))


@router.post(
    "/{video_id}/review",
    response={200: ReviewOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
    summary="Decide about a video",
    auth=needs(Scope.MANAGE_VIDEOS),
)
@idempotent
def post_review(request: HttpRequest, video_id: UUID, body: DecisionIn) -> ReviewOut:
    """Ask for a review, approve, reject, or take it back. Everybody who sees the video may decide, except where its team wants another
    person than its owner to approve; only its owner asks.
    """
    video = visible_video(request, video_id)
    seen = None if body.seen is None else _stored(body.seen)
    review(video, _stored(body.state), by=caller(request), note=body.note, seen=seen)
    return _review_out(video)


@router.get("/{video_id}/comments", response={200: CommentsOut, 404: ErrorOut}, summary="The comments on a video")
def list_comments(request: HttpRequest, video_id: UUID) -> CommentsOut:
    return CommentsOut(items=[_comment_out(one) for one in comments.comments_of(visible_video(request, video_id))])


COMMENTED = {200: CommentOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut}


@router.post(
    "/{video_id}/comments",
    response={201: CommentOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
    summary="Comment on a video",
    auth=needs(Scope.MANAGE_VIDEOS),
)
@idempotent
def post_comment(request: HttpRequest, video_id: UUID, body: CommentIn) -> Status[CommentOut]:
    made = comments.add(visible_video(request, video_id), body.text, by=caller(request), at_s=body.at_s)
    return Status(201, _comment_out(made))


@router.patch("/{video_id}/comments/{comment_id}", response=COMMENTED, summary="Edit or resolve a comment", auth=needs(Scope.MANAGE_VIDEOS))
def patch_comment(request: HttpRequest, video_id: UUID, comment_id: UUID, body: CommentPatch) -> CommentOut:
    """Edit your own comment, or say whether what it asks for is done."""
    comment = comments.the_comment(visible_video(request, video_id), comment_id)
    comments.change(comment, by=caller(request), text=body.text, resolved=body.resolved)
    return _comment_out(comment)


@router.delete(
    "/{video_id}/comments/{comment_id}",
    response={204: None, 403: ErrorOut, 404: ErrorOut},
    summary="Delete a comment",
    auth=needs(Scope.MANAGE_VIDEOS),
)
def delete_comment(request: HttpRequest, video_id: UUID, comment_id: UUID) -> Status[None]:
    """Delete your own comment, or with the permission that of another person."""
    comments.delete(comments.the_comment(visible_video(request, video_id), comment_id), by=caller(request))
    return Status(204, None)


def _stored(state: State) -> str:
    return "" if state == NONE else state


def _shown(state: str) -> State:
    return cast("State", state or NONE)


def _name(person: User | None) -> str | None:
    return person.get_username() if person else None


def _review_out(video: Video) -> ReviewOut:
    rows = Decision.objects.filter(video=video).select_related("by")
    decisions = [DecisionOut(state=_shown(one.state), note=one.note, by=_name(one.by), at=one.at) for one in rows]
    return ReviewOut(video=video.pk, state=_shown(video.review_state), decisions=decisions)


def _comment_out(comment: Comment) -> CommentOut:
    people: dict[str, Any] = {"author": _name(comment.author), "resolved_by": _name(comment.resolved_by)}
    facts = {name: getattr(comment, name) for name in CommentOut.model_fields if name not in {"video", *people}}
    return CommentOut(**facts, **people, video=comment.video_id)
