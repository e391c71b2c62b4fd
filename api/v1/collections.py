"""/collections: videos that people collect, ordered by hand. /tags: suggestions of tags."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.callers import Caller
from access.scopes import Scope
from api.auth import caller, needs
from api.fields import TEXT, Plain
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.v1.schemas import ErrorOut, Page
from api.v1.video_schemas import TaggedVideoOut, tagged_out
from delivery.links import origin_of
from generation.actions.share import require_team
from library import collections, notes
from library.models import Collection

__all__ = ["router", "tags"]

router = Router(tags=["collections"])
tags = Router(tags=["videos"])

MOST_AT_ONCE = 500

Name = Annotated[str, Field(min_length=1, max_length=collections.NAME_LONGEST, pattern=TEXT, examples=["Spring campaign"])]
Description = Annotated[str, Field(max_length=1_000, pattern=TEXT)]
Team = Annotated[str, Field(max_length=150, pattern=TEXT)]
Videos = Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE, examples=[["0199b0a2-52be-7c4e-9d3c-6f0e0b3a4c11"]])]


class CollectionIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Description = ""
    parent: UUID | None = Field(None, description="A collection of yours that it lies in; at most 5 deep.")
    team: Team = Field("", description="A team of yours, whose members then see it and put videos in.")
    hidden: StrictBool = Field(False, description="Whether the gallery leaves its videos out unless it is asked for this collection.")


class CollectionPatch(Schema):
    """Fields that are left out stay as they are. Null removes `parent`, `team` or `cover`; without a cover the first video is shown."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Description | None = None
    parent: UUID | None = None
    team: Team | None = None
    cover: UUID | None = Field(None, description="A video of the collection.")
    hidden: StrictBool | None = None


class CollectionOut(Schema):
    id: UUID
    name: str
    description: str
    owner: str
    team: str | None
    parent: UUID | None
    hidden: bool
    cover: UUID | None = Field(description="The video on its cover: the chosen one, or else the first.")
    videos: int = Field(description="How many it has, also those in the bin and those that only others see.")
    created_at: datetime
    updated_at: datetime


class PlacedVideos(Schema):
    """A page of a collection, in its order. `next_cursor` is null on the last page."""

    items: list[TaggedVideoOut]
    next_cursor: str | None


class PlacesIn(Schema):
    cursor: Annotated[str, Field(max_length=40, pattern=r"^(-?[0-9]{1,18}\.[0-9]{1,18})?$")] = Field(
        "", description="`next_cursor` of the page before."
    )
    limit: int = Field(50, ge=1, le=100)


class VideosIn(Schema):
    model_config = ConfigDict(extra="forbid")

    videos: Videos


class OrderIn(Schema):
    """`videos`, in this order, are put before another video of the collection; without one, at the end."""

    model_config = ConfigDict(extra="forbid")

    videos: Videos
    before: UUID | None = None


class AddedOut(Schema):
    """The ids that were not added: of videos that you do not see, or that are in the bin."""

    not_found: list[UUID]


class RemovedOut(Schema):
    removed: int


class TagsOut(Schema):
    items: list[str]


class BeginningIn(Schema):
    q: Plain = Field("", description="How the tag begins.")


CHANGES: Any = needs(Scope.MANAGE_VIDEOS)
CHANGED: Any = {403: ErrorOut, 404: ErrorOut, 422: ErrorOut}


@router.get("", response=Page[CollectionOut], summary="Collections of yours and of your teams, newest first")
def list_collections(request: HttpRequest, wanted: Query[PageIn]) -> Page[CollectionOut]:
    asking = caller(request)
    rows, cursor = page_of(collections.shown(Collection.objects.all(), asking), wanted, seen_by=asking)
    return Page[CollectionOut](items=[_out(row) for row in rows], next_cursor=cursor)


@router.post("", response={201: CollectionOut, **CHANGED}, summary="Make a collection", auth=CHANGES)
@idempotent
def post_collection(request: HttpRequest, body: CollectionIn) -> Status[CollectionOut]:
    asking = caller(request)
    made = collections.create(
        by=asking,
        name=body.name,
        description=body.description,
        parent=collections.the_collection(asking, body.parent) if body.parent else None,
        team=require_team(body.team, asking) if body.team else None,
        is_hidden=body.hidden,
    )
    return Status(201, _shown(asking, made.pk))


@router.get("/{collection_id}", response={200: CollectionOut, 404: ErrorOut}, summary="One collection")
def get_collection(request: HttpRequest, collection_id: UUID) -> CollectionOut:
    return _shown(caller(request), collection_id)


@router.patch("/{collection_id}", response={200: CollectionOut, **CHANGED}, summary="Change a collection", auth=CHANGES)
def patch_collection(request: HttpRequest, collection_id: UUID, body: CollectionPatch) -> CollectionOut:
    asking = caller(request)
    row = collections.the_collection(asking, collection_id)
    given = body.model_dump(exclude_unset=True)
    changes: dict[str, Any] = {name: given[name] for name in ("name", "description") if given.get(name) is not None}
    if given.get("hidden") is not None:
        changes["is_hidden"] = given["hidden"]
    if "parent" in given:
        changes["parent"] = collections.the_collection(asking, body.parent) if body.parent else None
    if "team" in given:
        changes["team"] = require_team(body.team, asking) if body.team else None
    if "cover" in given:
        changes["cover_id"] = body.cover
    collections.change(row, by=asking, **changes)
    return _shown(asking, row.pk)


@router.delete("/{collection_id}", response={204: None, 403: ErrorOut, 404: ErrorOut}, summary="Delete a collection", auth=CHANGES)
def delete_collection(request: HttpRequest, collection_id: UUID) -> Status[None]:
    """Delete it. Its videos stay, and collections in it move up to where it was."""
    asking = caller(request)
    collections.delete(collections.the_collection(asking, collection_id), by=asking)
    return Status(204, None)


@router.get("/{collection_id}/videos", response={200: PlacedVideos, 404: ErrorOut}, summary="The videos of a collection, in its order")
def list_collected(request: HttpRequest, collection_id: UUID, wanted: Query[PlacesIn]) -> PlacedVideos:
    """List those that you see. A video that is moved while you read the pages may come twice, or not at all."""
    asking = caller(request)
    row = collections.the_collection(asking, collection_id)
    after = collections.Place(*map(int, wanted.cursor.split("."))) if wanted.cursor else None
    seen: QuerySet[Any] = collections.seen_in(row, asking, after=after).prefetch_related("tags")
    found = list(seen[: wanted.limit + 1])
    videos, origin = found[: wanted.limit], origin_of(request)
    cursor = str(collections.Place(videos[-1].position, videos[-1].item)) if len(found) > wanted.limit else None
    return PlacedVideos(items=[tagged_out(video, origin) for video in videos], next_cursor=cursor)


@router.post("/{collection_id}/videos", response={200: AddedOut, **CHANGED}, summary="Add videos to a collection", auth=CHANGES)
@idempotent
def post_collected(request: HttpRequest, collection_id: UUID, body: VideosIn) -> AddedOut:
    """Add up to 500 videos at the end, in this order. Videos that are in it already keep their place."""
    asking = caller(request)
    return AddedOut(not_found=collections.add(collections.the_collection(asking, collection_id), body.videos, by=asking))


@router.post(
    "/{collection_id}/videos/remove", response={200: RemovedOut, **CHANGED}, summary="Remove videos from a collection", auth=CHANGES
)
@idempotent
def post_collected_remove(request: HttpRequest, collection_id: UUID, body: VideosIn) -> RemovedOut:
    """Remove up to 500 videos from the collection. The videos are not deleted."""
    asking = caller(request)
    return RemovedOut(removed=collections.remove(collections.the_collection(asking, collection_id), body.videos, by=asking))


@router.post("/{collection_id}/videos/move", response={204: None, **CHANGED}, summary="Change the order of its videos", auth=CHANGES)
@idempotent
def post_collected_move(request: HttpRequest, collection_id: UUID, body: OrderIn) -> Status[None]:
    asking = caller(request)
    collections.move(collections.the_collection(asking, collection_id), body.videos, by=asking, before=body.before)
    return Status(204, None)


@tags.get("", response=TagsOut, summary="Suggest tags")
def list_tags(request: HttpRequest, wanted: Query[BeginningIn]) -> TagsOut:
    """Suggest at most ten: those that you have used, and those of the newest videos that you see."""
    return TagsOut(items=notes.suggestions(caller(request), wanted.q))


def _shown(asking: Caller, pk: UUID) -> CollectionOut:
    return _out(collections.shown(Collection.objects.filter(pk=collections.the_collection(asking, pk).pk), asking).get())


def _out(row: Any) -> CollectionOut:
    shared = {name: getattr(row, name) for name in ("id", "name", "description", "created_at", "updated_at")}
    team = row.team.name if row.team else None
    return CollectionOut(
        **shared, owner=row.owner.get_username(), team=team, parent=row.parent_id, hidden=row.is_hidden, cover=row.face, videos=row.size
    )
