"""/bulk: one change to many videos, at once for some ids and in the background for all that a filter finds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT, TEXT
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.v1.schemas import ErrorOut, Page
from generation.errors import NotThere
from library import bulk, notes
from library.models import BulkJob, Obstacle
from library.models.bulk import BulkState
from library.models.tag import LONGEST_TAG

__all__ = ["router"]

router = Router(tags=["videos"])

Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG, pattern=TEXT)]
Text = Annotated[str, Field(max_length=200, pattern=TEXT)]


class BulkIn(Schema):
    """What is done, and to which videos: those that `videos` names, or all that `filter` finds now. Give one of both.

    `tag` and `untag` take `tags`, `rate` takes `rating` (null: none), `star` takes `starred`, `collect` takes `collection`, and `share`
    takes `team` (null ends the sharing). `bin` moves them to the bin.
    """

    model_config = ConfigDict(extra="forbid")

    action: Literal["tag", "untag", "rate", "star", "collect", "share", "bin"] = Field(examples=["star"])
    videos: list[UUID] = Field([], max_length=bulk.MOST_CHOSEN, description="Up to 200 are changed before the answer.", examples=[[]])
    filter: dict[str, Text] | None = Field(
        None,
        max_length=30,
        description="As the gallery's address has it: `q`, `model`, `starred`, `tag`, `collection`, `from`, `to`, ... Empty: everything.",
        examples=[{"q": "fox", "starred": "1"}],
    )
    tags: list[Tag] = Field([], max_length=notes.MOST_TAGS, examples=[["night"]])
    rating: Annotated[int, Field(ge=1, le=notes.BEST), EXACT] | None = Field(None, examples=[4])
    starred: StrictBool = True
    collection: UUID | None = None
    team: Annotated[str, Field(max_length=150, pattern=TEXT)] | None = Field(None, description="A team of yours.", examples=[None])


class BulkOut(Schema):
    """The progress of a change. `left` counts videos that you may see but not change, and those that were deleted since it began."""

    id: UUID
    action: str
    state: BulkState
    total: int = Field(description="How many videos there are to change; 0 until they are counted.")
    changed: int
    left: int
    obstacle: Obstacle | None = Field(description="Why the portal cancelled it; null where a person did.")
    created_at: datetime
    ended_at: datetime | None


CHANGES: Any = needs(Scope.MANAGE_VIDEOS)
CHANGED: Any = {403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.get("", response=Page[BulkOut], summary="Your changes of many videos, newest first")
def list_bulk(request: HttpRequest, wanted: Query[PageIn]) -> Page[BulkOut]:
    rows, cursor = page_of(BulkJob.objects.filter(owner=caller(request).user), wanted)
    return Page[BulkOut](items=[_out(row) for row in rows], next_cursor=cursor)


@router.post("", response={201: BulkOut, **CHANGED}, summary="Change many videos", auth=CHANGES)
@idempotent
def post_bulk(request: HttpRequest, body: BulkIn) -> Status[BulkOut]:
    """Change videos. `state` in the answer is `ended`, or `running` while the change continues in the background: GET /bulk/{id} shows its
    progress.
    """
    arguments = body.model_dump(include={"tags", "rating", "starred", "collection", "team"})
    return Status(201, _out(bulk.start(by=caller(request), action=body.action, arguments=arguments, ids=body.videos, wanted=body.filter)))


@router.get("/{bulk_id}", response={200: BulkOut, 404: ErrorOut}, summary="The progress of a change")
def get_bulk(request: HttpRequest, bulk_id: UUID) -> BulkOut:
    return _out(_the_job(request, bulk_id))


@router.post("/{bulk_id}/cancel", response={200: BulkOut, **CHANGED}, summary="Cancel a change", auth=CHANGES)
@idempotent
def cancel_bulk(request: HttpRequest, bulk_id: UUID) -> BulkOut:
    """Cancel a change. What it has changed stays. Does nothing to a change that has ended."""
    row = _the_job(request, bulk_id)
    bulk.cancel(row, by=caller(request))
    return _out(row)


@router.post("/{bulk_id}/undo", response={201: BulkOut, **CHANGED}, summary="Restore what a change moved to the bin", auth=CHANGES)
@idempotent
def undo_bulk(request: HttpRequest, bulk_id: UUID) -> Status[BulkOut]:
    """Restore what this change moved to the bin and nobody restored since. Other changes cannot be undone: 409 `not_undoable`."""
    return Status(201, _out(bulk.undo(_the_job(request, bulk_id), by=caller(request))))


def _the_job(request: HttpRequest, pk: UUID) -> BulkJob:
    row = BulkJob.objects.one_for(caller(request), pk)
    if row is None:
        raise NotThere(_("There is no such change."))
    return row


def _out(row: BulkJob) -> BulkOut:
    shared = {name: getattr(row, name) for name in ("id", "action", "total", "changed", "created_at", "ended_at")}
    return BulkOut(**shared, state=BulkState(row.state), left=row.skipped, obstacle=Obstacle(row.obstacle) if row.obstacle else None)
