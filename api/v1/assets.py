"""/assets: images for the slots of a task, uploaded or fetched from an address."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, BinaryIO, Literal, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, ValidationError

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.strict_json import BadBody, read_json
from api.v1.schemas import TEXT, ErrorOut, Page
from generation.actions.images import Box, Limits, cut, delete_image
from generation.errors import InvalidRequest, NotThere
from generation.media.images import too_large
from generation.messages import image_error
from generation.models import Asset
from generation.ordering.assets import fetch_asset, store_asset
from generation.queries.images import images_of

__all__ = ["AssetOut", "asset_out", "router"]

router = Router(tags=["assets"])

FORM_OVERHEAD_BYTES = 64 * 1024


class AssetUrlIn(Schema):
    """Where to fetch an image from."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2_000, pattern=TEXT)


class AssetOut(Schema):
    """An image. `of_video` is the video that it is a picture of, and `at_s` when it is on; null with `of_video`: the last one.
    `cut_from` is the image that it is a part or a smaller size of.
    """

    id: UUID
    content_type: str
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    of_video: UUID | None
    at_s: float | None
    cut_from: UUID | None
    created_at: datetime


def asset_out(asset: Asset) -> AssetOut:
    """Return the image as the API shows it."""
    facts = {name: getattr(asset, name) for name in AssetOut.model_fields if name not in {"of_video", "cut_from"}}
    return AssetOut(**facts, of_video=asset.of_video_id, cut_from=asset.cut_from_id)


class AssetFilter(PageIn):
    kind: Literal["uploads", "frames", "cuts"] | None = None


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
CUT: Any = {201: AssetOut, 404: ErrorOut, 422: ErrorOut, 503: ErrorOut}
GONE: Any = {204: None, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut}

BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        },
        "application/json": {"schema": AssetUrlIn.json_schema()},
    },
}


@router.post(
    "", response={201: AssetOut, 422: ErrorOut}, summary="Store an image", openapi_extra={"requestBody": BODY}, auth=needs(Scope.GENERATE)
)
def post_asset(request: HttpRequest, response: HttpResponse) -> Status[AssetOut]:
    """Send a form with `file`, or JSON with the `url` to fetch. The same image gives the same asset."""
    owner = caller(request).user
    asset = (
        _uploaded(request, owner) if request.content_type == "multipart/form-data" else fetch_asset(owner=owner, url=_asked_url(request))
    )
    response["Location"] = f"/api/v1/assets/{asset.pk}"
    return Status(201, asset_out(asset))


@router.get("/{asset_id}", response={200: AssetOut, 404: ErrorOut}, summary="One image")
def get_asset(request: HttpRequest, asset_id: UUID) -> AssetOut:
    return asset_out(_the_asset(request, asset_id))


class CropIn(Schema):
    """A part of the image in shares of its width and height, and the longest side that the new one may have."""

    model_config = ConfigDict(extra="forbid")

    left: Share = 0.0
    top: Share = 0.0
    width: Share = 1.0
    height: Share = 1.0
    longest_px: Annotated[int, Field(ge=16, le=100_000), EXACT] | None = None


@router.get("", response=Page[AssetOut], summary="Your images, newest first")
def list_assets(request: HttpRequest, wanted: Query[AssetFilter]) -> Page[AssetOut]:
    """Uploads, saved frames of videos, and parts of both; not those of others that you see."""
    images, cursor = page_of(images_of(caller(request), wanted.kind or ""), wanted)
    return Page[AssetOut](items=[asset_out(image) for image in images], next_cursor=cursor)


@router.post("/{asset_id}/crop", response=CUT, summary="Cut a part out of an image, or make it smaller", auth=needs(Scope.GENERATE))
@idempotent
def crop_asset(request: HttpRequest, response: HttpResponse, asset_id: UUID, body: CropIn) -> Status[AssetOut]:
    """Store the part as another image of yours. The image itself stays as it is."""
    box = Box(left=body.left, top=body.top, width=body.width, height=body.height)
    made = cut(_the_asset(request, asset_id), box, Limits(longest_px=body.longest_px), by=caller(request))
    response["Location"] = f"/api/v1/assets/{made.pk}"
    return Status(201, asset_out(made))


@router.delete("/{asset_id}", response=GONE, summary="Delete an image", auth=needs(Scope.GENERATE))
def delete_asset(request: HttpRequest, asset_id: UUID) -> Status[None]:
    """Delete an image that no task uses; 409 `in_use` otherwise."""
    delete_image(_the_asset(request, asset_id), by=caller(request))
    return Status(204, None)


def _the_asset(request: HttpRequest, asset_id: UUID) -> Asset:
    asset = Asset.objects.one_for(caller(request), asset_id)
    if asset is None:
        raise NotThere(_("There is no such asset."))
    return asset


def _uploaded(request: HttpRequest, owner: User) -> Asset:
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > settings.MAX_IMAGE_BYTES + FORM_OVERHEAD_BYTES:
        raise BadBody(image_error(too_large(settings.MAX_IMAGE_BYTES)), code="too_large", status=413)
    file = request.FILES.get("file")
    if file is None:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"file": _("This is needed.")})
    return store_asset(owner=owner, file=cast("BinaryIO", file))


def _asked_url(request: HttpRequest) -> str:
    try:
        return AssetUrlIn.model_validate(read_json(request)).url
    except ValidationError as error:
        message = _("Send {“url”: “https://…”} of at most 2000 characters, and nothing else.")
        raise InvalidRequest(message, fields={"url": message}) from error
