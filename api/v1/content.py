"""/content: the videos of each content id, the one to show, and which content ids have no video."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.paging import PageIn, page_of
from api.v1.schemas import TEXT, ErrorOut
from api.v1.video_schemas import VideoOut, video_out
from delivery.links import origin_of
from generation.actions.choose import choose, end_choice
from generation.errors import InvalidRequest, NotThere
from generation.ordering.validate import LONGEST_NAME, is_one_line
from generation.queries.content import chosen_of, coverage_of, is_known, videos_of

__all__ = ["router"]

router = Router(tags=["content"])

MOST_IDS = 5_000


class ContentOut(Schema):
    """The videos of a content id that you may see, newest first, and the one to show."""

    content_id: str
    chosen: VideoOut | None
    chosen_because: Literal["", "choice", "star", "newest"] = Field(
        description="`choice`: a person or program chose it. Otherwise the newest with a `star`, or the `newest` that plays everywhere "
        "and has no warnings, or the newest."
    )
    videos: list[VideoOut]
    next_cursor: UUID | None


class ChoiceIn(Schema):
    """The video to show; null ends the choice."""

    model_config = ConfigDict(extra="forbid")

    chosen: UUID | None = Field(examples=[None])


class ContentIdsIn(Schema):
    model_config = ConfigDict(extra="forbid")

    content_ids: list[Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=TEXT)]] = Field(max_length=MOST_IDS)


class CoverageOut(Schema):
    """`missing` have no video and no task that may still make one; `under_way` have no video yet, and such a task."""

    missing: list[str]
    under_way: list[str]


@router.post("", response={200: CoverageOut, 422: ErrorOut}, summary="Which content ids have no video yet?", auth=needs(Scope.READ))
def post_content_ids(request: HttpRequest, body: ContentIdsIn) -> CoverageOut:
    """Return which of these ids have no video that you may see, each once, in your order. Videos in the bin do not count. Order those of
    `missing`. Changes nothing.
    """
    return CoverageOut(**coverage_of(caller(request), body.content_ids)._asdict())


@router.get("/{path:content_id}", response={200: ContentOut, 404: ErrorOut}, summary="The videos of a content id")
def get_content(request: HttpRequest, content_id: str, wanted: Query[PageIn]) -> ContentOut:
    """Return its videos and the one to show. 404 if no task of yours has this id; write `/` in it as it is, or as `%2F`."""
    return _shown(request, _known(request, content_id), wanted)


@router.patch(
    "/{path:content_id}",
    response={200: ContentOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
    summary="Choose the video of a content id",
    auth=needs(Scope.MANAGE_VIDEOS),
)
def patch_content(request: HttpRequest, content_id: str, body: ChoiceIn) -> ContentOut:
    """Choose one of its videos that you may change. If it is deleted, the one chosen before counts again."""
    asking = caller(request)
    content_id = _known(request, content_id)
    if body.chosen is None:
        end_choice(content_id, by=asking)
    else:
        video = videos_of(asking, content_id).select_related("task").filter(pk=body.chosen).first()
        if video is None:
            words = _("This content id has no such video.")
            raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"chosen": words})
        choose(video, by=asking)
    return _shown(request, content_id, PageIn.model_validate({}))


def _known(request: HttpRequest, content_id: str) -> str:
    """Return the content id of the address if the caller sees a task or video of it. Raises `NotThere`; databases refuse NUL characters."""
    if len(content_id) > LONGEST_NAME or not is_one_line(content_id) or not is_known(caller(request), content_id):
        raise NotThere(_("No task or video that you may see has this content id."))
    return content_id


def _shown(request: HttpRequest, content_id: str, wanted: PageIn) -> ContentOut:
    asking, origin = caller(request), origin_of(request)
    chosen = chosen_of(asking, content_id)
    videos, cursor = page_of(videos_of(asking, content_id), wanted)
    return ContentOut(
        content_id=content_id,
        chosen=video_out(chosen.video, origin) if chosen else None,
        chosen_because=chosen.because if chosen else "",
        videos=[video_out(video, origin) for video in videos],
        next_cursor=cursor,
    )
