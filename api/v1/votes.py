"""/votes: which of two videos of one prompt a person prefers."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.idempotency import idempotent
from api.v1.schemas import ErrorOut
from api.v1.videos import visible_video
from library.votes import cast

__all__ = ["router"]

router = Router(tags=["videos"])

REFUSED: Any = {404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


class VoteIn(Schema):
    """The two videos, and which of them is better; null: neither."""

    model_config = ConfigDict(extra="forbid")

    videos: Annotated[list[UUID], Field(min_length=2, max_length=2)]
    winner: UUID | None


class VoteOut(Schema):
    """A vote. `models` are those of `videos`, in their order."""

    videos: list[UUID]
    models: list[str]
    winner: UUID | None


@router.post("", response=REFUSED | {201: VoteOut}, summary="Vote for one of two videos", auth=needs(Scope.MANAGE_VIDEOS))
@idempotent
def post_vote(request: HttpRequest, body: VoteIn) -> Status[VoteOut]:
    """Say which of two videos of the same prompt is better, without having seen their models. A person votes once on two videos: another
    winner is 409 `voted`. `GET /usage/models` has how often each model was preferred.
    """
    videos = [visible_video(request, pk) for pk in body.videos]
    winner = visible_video(request, body.winner) if body.winner else None
    stored = cast(videos[0], videos[1], winner, by=caller(request))
    return Status(201, VoteOut(videos=body.videos, models=[video.model for video in videos], winner=stored.winner_id))
