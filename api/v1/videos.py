"""/videos: stored videos, their facts and their bytes, and the bin; never a vendor's URL."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Q, prefetch_related_objects
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.callers import Caller
from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT, Moment, Plain
from api.idempotency import idempotent
from api.paging import PageIn, created_within, page_of
from api.v1.schemas import TEXT, ErrorOut, Page
from api.v1.video_schemas import TaggedVideoOut, tagged_out
from delivery.links import origin_of
from delivery.stored_file import Variant, serve_video
from generation.actions import bin as actions
from generation.actions.star import note_on
from generation.errors import InvalidRequest, NotThere
from generation.models import Video
from generation.models.video import CONTENT_TYPES
from library import notes
from library.filters import WallFilter, like_of
from library.models import Collection
from library.models.tag import LONGEST_TAG
from library.terms import prompt_key
from library.wall import wall_page
from providers.vendors import find_model

__all__ = ["router", "visible_video"]

router = Router(tags=["videos"])


class VideoFilter(PageIn):
    bin: bool = Field(False, description="The videos in the bin instead of the others.")
    q: Plain = Field("", description="Words of the prompt, the title, tags, the model, the owner's name or the content id.")
    person: Annotated[int, Field(ge=1, lt=2**53)] | None = Field(None, description="The id of its owner.")
    team: Annotated[int, Field(ge=1, lt=2**53)] | None = Field(None, description="The id of the team that it is shared with.")
    model: Plain = ""
    vendor: Plain = ""
    shape: Literal["", "wide", "square", "tall"] = ""
    length: Literal["", "short", "medium", "long"] = Field("", description="Up to 5 s, up to 10 s, or longer.")
    size: Literal["", "480", "720", "1080", "2160"] = Field("", description="The class of the shorter side, in pixels.")
    tag: Plain = ""
    collection: UUID | None = Field(None, description="A collection; also what it keeps off the gallery.")
    batch: UUID | None = None
    task: UUID | None = None
    prompt_of: UUID | None = Field(None, description="A video: those of its prompt and owner, by any model, seed and style.")
    content_id: Plain = Field("", description="That of the task.")
    starred: bool | None = None
    review: Literal["none", "wanted", "approved", "rejected"] | None = Field(None, description="The state of its review.")
    rating: Annotated[int, Field(ge=1, le=notes.BEST)] | None = Field(None, description="This rating or a better one.")
    warning: Literal["", "any", "black", "frozen", "silent"] = Field("", description="A quality warning; `any`: at least one.")
    like: UUID | None = Field(None, description="A video that they look like: one picture of each differs in at most 8 of 64 bits.")
    created_after: Moment | None = Field(None, description="This moment or later.")
    created_before: Moment | None = Field(None, description="Before this moment.")


BY_INDEX = (
    "q",
    "person",
    "team",
    "vendor",
    "shape",
    "length",
    "size",
    "tag",
    "collection",
    "batch",
    "prompt_of",
    "rating",
    "warning",
    "like",
)
AS_THEY_ARE = ("q", "vendor", "shape", "length", "size", "content_id", "starred", "warning")

Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG, pattern=TEXT)]


class VideoIn(Schema):
    """What people note on a video. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, max_length=200, pattern=TEXT, examples=["a red fox, final cut"])
    starred: StrictBool | None = Field(None, examples=[True])
    rating: Annotated[int, Field(ge=1, le=notes.BEST), EXACT] | None = Field(None, description="1 to 5; null takes it away.", examples=[4])
    tags: list[Tag] | None = Field(
        None,
        max_length=notes.MOST_TAGS,
        description="All tags of the video, as they are to be. They are kept in lower case.",
        examples=[["night", "city"]],
    )


class EmptiedOut(Schema):
    """How many videos were deleted for good."""

    deleted: int


@router.get("", response=Page[TaggedVideoOut], summary="Your videos, newest first")
def list_videos(request: HttpRequest, wanted: Query[VideoFilter]) -> Page[TaggedVideoOut]:
    """List videos; every filter narrows the list. `q`, `person`, `team`, `vendor`, `shape`, `length`, `size`, `tag`, `collection`, `batch`,
    `prompt_of`, `rating`, `warning` and `like` ask the index: they find what changed within the last second as it was. Of them the bin
    takes `q` only.
    """
    asking, origin = caller(request), origin_of(request)
    by_index = [name for name in BY_INDEX if getattr(wanted, name) and not (wanted.bin and name == "q")]
    if wanted.bin and by_index:
        raise InvalidRequest(_("The bin has no such filter."), fields={"bin": _("The bin has no such filter.")})
    videos, cursor = _found(wanted, asking) if by_index else _listed(wanted, asking)
    prefetch_related_objects(videos, "tags")
    return Page[TaggedVideoOut](items=[tagged_out(video, origin) for video in videos], next_cursor=cursor)


def _found(wanted: VideoFilter, asking: Caller) -> tuple[list[Video], UUID | None]:
    """Return a page of what the index finds, hidden videos too."""
    if wanted.collection and Collection.objects.one_for(asking, wanted.collection) is None:
        return [], None
    alike = Video.objects.kept().select_related("task__prompt").one_for(asking, wanted.prompt_of) if wanted.prompt_of else None
    if wanted.prompt_of and alike is None:
        return [], None
    spec = find_model(wanted.model) if wanted.model else None
    values: dict[str, Any] = {name: getattr(wanted, name) for name in AS_THEY_ARE}
    values |= {name: str(getattr(wanted, name) or "") for name in ("person", "team", "collection", "batch", "task", "like")}
    asked = WallFilter(
        **values,
        tag=next(iter(notes.tag_names([wanted.tag])), ""),
        model=spec.name if spec else wanted.model,
        prompt=prompt_key(alike) if alike else "",
        rating=wanted.rating or 0,
        review=wanted.review or "",
        hidden=True,
    )
    like = like_of(asked, asking)
    if like and not like.pictures:
        words = _("There is no such video, or it has no measured pictures to compare.")
        raise InvalidRequest(words, fields={"like": words})
    since, until = wanted.created_after, wanted.created_before
    videos, is_more = wall_page(asking, asked, wanted.cursor, count=wanted.limit, since=since, until=until)
    return videos, videos[-1].pk if is_more else None


def _listed(wanted: VideoFilter, asking: Caller) -> tuple[list[Video], UUID | None]:
    """Return a page of the rows themselves, as they are now."""
    seen = Video.objects.binned_for(asking) if wanted.bin else Video.objects.kept()
    if wanted.q:
        seen = seen.filter(Q(title__icontains=wanted.q) | Q(task__prompt__text__icontains=wanted.q))
    if wanted.model:
        spec = find_model(wanted.model)
        seen = seen.of_model(spec.name if spec else wanted.model, asking)
    if wanted.task:
        seen = seen.filter(task=wanted.task)
    if wanted.content_id:
        seen = seen.filter(task__content_id=wanted.content_id)
    if wanted.starred is not None:
        seen = seen.filter(favourite=wanted.starred)
    if wanted.review is not None:
        seen = seen.filter(review_state="" if wanted.review == "none" else wanted.review)
    rows = created_within(seen, wanted.created_after, wanted.created_before)
    return page_of(rows, wanted, seen_by=None if wanted.bin else asking)


@router.get("/{video_id}", response={200: TaggedVideoOut, 404: ErrorOut}, summary="One video")
def get_video(request: HttpRequest, video_id: UUID) -> TaggedVideoOut:
    return tagged_out(visible_video(request, video_id), origin_of(request))


@router.patch(
    "/{video_id}",
    response={200: TaggedVideoOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
    summary="Change a video's title, star, rating or tags",
    auth=needs(Scope.MANAGE_VIDEOS),
)
def patch_video(request: HttpRequest, video_id: UUID, body: VideoIn) -> TaggedVideoOut:
    """Set what the body has, and answer with the video as it is then."""
    video, asking = visible_video(request, video_id), caller(request)
    tags = None if body.tags is None else notes.tag_names(body.tags)
    note_on(video, by=asking, title=body.title, starred=body.starred)
    if "rating" in body.model_fields_set:
        notes.rate([video.pk], body.rating, by=asking)
        video.refresh_from_db(fields=["rating"])
    if tags is not None:
        notes.set_tags(video, tags, by=asking)
    return tagged_out(video, origin_of(request))


@router.api_operation(
    ["GET", "HEAD"],
    "/{video_id}/content",
    response={404: ErrorOut},
    summary="The file",
    openapi_extra={
        "responses": {
            200: {"description": "The whole file", "content": {kind: {} for kind in (*CONTENT_TYPES.values(), "image/webp")}},
            206: {"description": "The asked range"},
            302: {"description": "The file is at this address for some hours. `direct=true` answers with the bytes instead."},
            416: {"description": "The range lies outside the file"},
        }
    },
)
def video_content(
    request: HttpRequest,
    video_id: UUID,
    variant: Variant = "video",
    width: Annotated[int, Query(ge=1, le=99_999)] | None = None,
    direct: Annotated[bool, Query(description="Do not redirect to the storage.")] = False,
) -> HttpResponseBase:
    """Send the video, its poster (WebP) or its short preview, with HTTP ranges and conditions; or redirect to where the storage does.
    `width` asks for the narrowest poster that has so many pixels in width; without it you get the main one.
    """
    return serve_video(request, visible_video(request, video_id), variant, width=width, may_redirect=not direct)


@router.delete("/{video_id}", response={204: None, 403: ErrorOut, 404: ErrorOut}, summary="Delete a video", auth=needs(Scope.MANAGE_VIDEOS))
def delete_video(request: HttpRequest, video_id: UUID, permanently: bool = False) -> Status[None]:
    """Move the video to the bin, or with `permanently=true` delete it for good, from the bin or at once. A repeat changes nothing. What the
    video cost, and its task, stay.
    """
    asking = caller(request)
    delete = actions.delete_for_good if permanently else actions.move_to_bin
    delete(_known_video(request, video_id), by=asking)
    return Status(204, None)


RESTORED: Any = {200: TaggedVideoOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut}


@router.post("/{video_id}/restore", response=RESTORED, summary="Take a video out of the bin", auth=needs(Scope.MANAGE_VIDEOS))
@idempotent
def restore_video(request: HttpRequest, video_id: UUID) -> TaggedVideoOut:
    """Restore the video. A video that is not in the bin is answered as it is; 409 `deleted_for_good` if its files are gone."""
    video = _known_video(request, video_id)
    actions.restore(video, by=caller(request))
    return tagged_out(video, origin_of(request))


@router.post("/bin/empty", response=EmptiedOut, summary="Empty your bin", auth=needs(Scope.MANAGE_VIDEOS))
@idempotent
def empty_bin(request: HttpRequest) -> EmptiedOut:
    """Delete for good all videos that you have in the bin; not those of others that you see."""
    return EmptiedOut(deleted=actions.empty_bin(by=caller(request)))


def _known_video(request: HttpRequest, video_id: UUID) -> Video:
    """Return a video that the caller may see, also one that was deleted."""
    video = Video.objects.one_for(caller(request), video_id)
    if video is None:
        raise NotThere(_("There is no such video."))
    return video


def visible_video(request: HttpRequest, video_id: UUID) -> Video:
    """Return the video if the caller may see it and it was not deleted. Raises `NotThere`."""
    video = _known_video(request, video_id)
    if video.purged_at:
        raise NotThere(_("This video was deleted for good. You can make it again from its task."), code="deleted_for_good")
    if video.deleted_at:
        raise NotThere(_("This video is in the bin. Restore it to use it."), code="in_bin")
    return video
