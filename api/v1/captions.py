"""/videos/{id}/captions: WebVTT files by language."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.idempotency import idempotent
from api.v1.schemas import ErrorOut
from api.v1.videos import visible_video
from delivery.stored_file import serve_captions
from generation.actions.captions import delete_captions, set_captions
from generation.media.webvtt import MOST_BYTES
from generation.models import Video

__all__ = ["router"]

router = Router(tags=["videos"])

Language = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[A-Za-z0-9-]+$", examples=["zh-Hans"])]
WantedLanguage = Annotated[str, Query(max_length=40, description="As `GET` lists them.")]
REFUSED: Any = {403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


class CaptionsIn(Schema):
    """A WebVTT file as text, and its language (BCP 47)."""

    model_config = ConfigDict(extra="forbid")

    language: Language
    text: str = Field(min_length=1, max_length=MOST_BYTES, examples=["WEBVTT\n\n00:00.000 --> 00:02.000\nA fox runs.\n"])


class CaptionsOut(Schema):
    """`url` takes the same token."""

    language: str
    url: str


def _out(video: Video, language: str) -> CaptionsOut:
    return CaptionsOut(language=language, url=f"/api/v1/videos/{video.pk}/captions?language={quote(language)}")


@router.get(
    "/{video_id}/captions",
    response={200: list[CaptionsOut], 404: ErrorOut},
    summary="A video's captions",
    openapi_extra={"responses": {200: {"content": {"text/vtt": {}}}}},
)
def get_captions(request: HttpRequest, video_id: UUID, language: WantedLanguage = "") -> list[CaptionsOut] | HttpResponseBase:
    """List the languages; with `language`, send the file of that one."""
    video = visible_video(request, video_id)
    if language:
        return serve_captions(request, video, language)
    return [_out(video, one) for one in sorted(video.captions)]


@router.post("/{video_id}/captions", response=REFUSED | {201: CaptionsOut}, summary="Store captions", auth=needs(Scope.MANAGE_VIDEOS))
@idempotent
def post_captions(request: HttpRequest, video_id: UUID, body: CaptionsIn) -> Status[CaptionsOut]:
    """Store the captions of a language, in place of earlier ones. A file that is not WebVTT throughout is refused; `code` and `fields.file`
    say what is wrong and in which line.
    """
    video = visible_video(request, video_id)
    return Status(201, _out(video, set_captions(video, language=body.language, content=body.text.encode(), by=caller(request))))


@router.delete("/{video_id}/captions", response=REFUSED | {204: None}, summary="Delete captions", auth=needs(Scope.MANAGE_VIDEOS))
def delete_captions_of(request: HttpRequest, video_id: UUID, language: WantedLanguage = "") -> Status[None]:
    """Take the captions of a language off the video."""
    delete_captions(visible_video(request, video_id), language=language, by=caller(request))
    return Status(204, None)
