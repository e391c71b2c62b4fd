"""/videos/{id}/frames and /poster: pictures of a stored video."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.idempotency import idempotent
from api.v1.assets import AssetOut, asset_out
from api.v1.schemas import ErrorOut
from api.v1.video_schemas import VideoOut, video_out
from api.v1.videos import visible_video
from delivery.links import origin_of
from generation.actions.frames import save_frame, set_poster

__all__ = ["router"]

router = Router(tags=["videos"])

MADE: Any = {201: AssetOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut, 503: ErrorOut}
CHANGED: Any = {200: VideoOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut, 503: ErrorOut}


class PictureIn(Schema):
    """Which picture: the one that players show at this second, or with null the last one."""

    model_config = ConfigDict(extra="forbid")

    at_s: Annotated[float, Field(ge=0, le=86_400, strict=True, allow_inf_nan=False)] | None = Field(examples=[1.5])


@router.post("/{video_id}/frames", response=MADE, summary="Save a picture of a video as an image", auth=needs(Scope.GENERATE))
@idempotent
def post_frame(request: HttpRequest, response: HttpResponse, video_id: UUID, body: PictureIn) -> Status[AssetOut]:
    """Store the picture, with all of its pixels, as an image of yours, which every slot of a task takes: as first frame, it continues the
    video. The same picture gives the same asset.
    """
    asset = save_frame(visible_video(request, video_id), at_s=body.at_s, by=caller(request))
    response["Location"] = f"/api/v1/assets/{asset.pk}"
    return Status(201, asset_out(asset))


@router.post("/{video_id}/poster", response=CHANGED, summary="Choose a video's poster", auth=needs(Scope.MANAGE_VIDEOS))
@idempotent
def post_poster(request: HttpRequest, video_id: UUID, body: PictureIn) -> VideoOut:
    """Make a picture of the video its poster, in every size. The addresses of its posters change."""
    video = visible_video(request, video_id)
    set_poster(video, at_s=body.at_s, by=caller(request))
    return video_out(video, origin_of(request))
