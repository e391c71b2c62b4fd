"""/videos/{id}/links: addresses at which a video plays without a token, made, listed and revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.v1.schemas import TEXT, ErrorOut, Page
from api.v1.video_schemas import VideoOut, video_out
from api.v1.videos import visible_video
from delivery.links import link_url, make_link, origin_of, page_url, replace_url, revoke_link, with_visits
from delivery.models import Link
from generation.actions.rights import require_rights
from generation.errors import NotThere

__all__ = ["router"]

router = Router(tags=["links"])


class LinkIn(Schema):
    """What the link is for, and for how many days it works: null is as long as the portal allows."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field("", max_length=100, pattern=TEXT, examples=["product page"])
    expires_in_days: Annotated[int, Field(ge=1, le=3650), EXACT] | None = Field(None, examples=[30])
    password: str = Field("", max_length=200, pattern=TEXT, description="At least 6 characters; empty: none. It is not shown again.")
    may_download: StrictBool = Field(True, description="Otherwise people watch the video on the page, without a download.")
    preview_only: StrictBool = Field(False, description="People see the small preview under a mark, and never get the file.")


class LinkOut(Schema):
    """A link. `works` is false once it has expired or was revoked; `expires_at` is null if it never expires."""

    id: UUID
    video: UUID
    url: str = Field(description="Plays the file in a player; not with a password or `preview_only`.")
    page: str = Field(description="For people: player, download, and the field for the password.")
    has_password: bool
    may_download: bool
    preview_only: bool
    views: int = Field(description="How often the page was visited.")
    last_viewed_at: datetime | None
    label: str
    works: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@router.post(
    "/{video_id}/links",
    response={201: LinkOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
    summary="Make a link",
    auth=needs(Scope.MANAGE_VIDEOS),
)
@idempotent
def post_link(request: HttpRequest, video_id: UUID, body: LinkIn) -> Status[LinkOut]:
    """Make an address at which the video plays without a token, until it expires or is revoked. While the video's team shares
    approved videos only, it opens once the video is approved.
    """
    asking = caller(request)
    link = make_link(
        visible_video(request, video_id),
        by=asking,
        label=body.label,
        days=body.expires_in_days,
        password=body.password,
        may_download=body.may_download,
        preview_only=body.preview_only,
    )
    return Status(201, link_out(link, origin_of(request)))


@router.get("/{video_id}/links", response={200: Page[LinkOut], 403: ErrorOut, 404: ErrorOut}, summary="The links of a video, newest first")
def list_links(request: HttpRequest, video_id: UUID, wanted: Query[PageIn]) -> Page[LinkOut]:
    """List the links that were made, also those that have expired or were revoked. Only for those who may make one."""
    video = visible_video(request, video_id)
    require_rights(video, caller(request))
    links, cursor = page_of(with_visits(Link.objects.filter(video=video).select_related("video")), wanted)
    return Page[LinkOut](items=[link_out(link, origin_of(request)) for link in links], next_cursor=cursor)


@router.delete(
    "/{video_id}/links/{link_id}",
    response={204: None, 403: ErrorOut, 404: ErrorOut},
    summary="Revoke a link",
    auth=needs(Scope.MANAGE_VIDEOS),
)
def delete_link(request: HttpRequest, video_id: UUID, link_id: UUID) -> Status[None]:
    """Revoke the link. It plays no longer; a bucket's address that a player already has ends within the hour."""
    link = Link.objects.select_related("video").filter(video=visible_video(request, video_id), pk=link_id).first()
    if link is None:
        raise NotThere(_("There is no such link."))
    revoke_link(link, by=caller(request))
    return Status(204, None)


@router.post(
    "/{video_id}/replace-url",
    response={200: VideoOut, 403: ErrorOut, 404: ErrorOut},
    summary="Replace the video's url",
    auth=needs(Scope.MANAGE_VIDEOS),
)
@idempotent
def post_replace_url(request: HttpRequest, video_id: UUID) -> VideoOut:
    """Give the video a new `url`. Those in earlier answers no longer play; links that were made do."""
    video = visible_video(request, video_id)
    replace_url(video, by=caller(request))
    return video_out(video, origin_of(request))


def link_out(link: Link, origin: str) -> LinkOut:
    made = {"video", "url", "page", "has_password", "views", "last_viewed_at"}
    facts: dict[str, Any] = {name: getattr(link, name) for name in LinkOut.model_fields if name not in made}
    facts |= {"views": getattr(link, "views", 0), "last_viewed_at": getattr(link, "last_viewed_at", None)}
    facts |= {"video": link.video_id, "has_password": bool(link.password)}
    return LinkOut(**facts, url=link_url(link, origin), page=page_url(link, origin))
