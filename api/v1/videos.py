"""/videos: stored videos, their facts and their bytes; never a vendor's URL."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Router

from api.auth import caller
from api.paging import PageIn, page_of
from api.v1.schemas import ErrorOut, Page, VideoOut, video_out
from delivery.stored_file import Variant, serve_video
from generation.errors import NotThere
from generation.models import Video
from generation.models.video import CONTENT_TYPES

__all__ = ["router"]

router = Router(tags=["videos"])


@router.get("", response=Page[VideoOut], summary="Your videos, newest first")
def list_videos(request: HttpRequest, wanted: Query[PageIn]) -> Page[VideoOut]:
    videos, cursor = page_of(Video.objects.visible_to(caller(request)), wanted)
    return Page[VideoOut](items=[video_out(video) for video in videos], next_cursor=cursor)


@router.get("/{video_id}", response={200: VideoOut, 404: ErrorOut}, summary="One video")
def get_video(request: HttpRequest, video_id: UUID) -> VideoOut:
    return video_out(_visible_video(request, video_id))


@router.api_operation(
    ["GET", "HEAD"],
    "/{video_id}/content",
    response={404: ErrorOut},
    summary="The file",
    openapi_extra={
        "responses": {
            200: {"description": "The whole file", "content": {kind: {} for kind in (*CONTENT_TYPES.values(), "image/webp")}},
            206: {"description": "The asked range"},
            416: {"description": "The range lies outside the file"},
        }
    },
)
def video_content(
    request: HttpRequest, video_id: UUID, variant: Variant = "video", width: Annotated[int, Query(ge=1, le=99_999)] | None = None
) -> HttpResponseBase:
    """Send the video, its poster (WebP) or its short preview, with HTTP ranges and conditions. `width` asks for the narrowest poster that
    has so many pixels in width; without it you get the main one.
    """
    return serve_video(request, _visible_video(request, video_id), variant, width=width)


def _visible_video(request: HttpRequest, video_id: UUID) -> Video:
    video: Video | None = Video.objects.visible_to(caller(request)).filter(pk=video_id).first()
    if video is None:
        raise NotThere(_("There is no such video."))
    return video
