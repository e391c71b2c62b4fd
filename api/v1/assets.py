"""/assets: images for the slots of a task, uploaded or fetched from an address."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field, ValidationError

from access.scopes import Scope
from api.auth import caller, needs
from api.strict_json import BadBody, read_json
from api.v1.schemas import TEXT, ErrorOut
from generation.errors import InvalidRequest, NotThere
from generation.media.images import too_large
from generation.messages import image_error
from generation.models import Asset
from generation.ordering.assets import fetch_asset, store_asset

__all__ = ["AssetOut", "router"]

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
    of_video: UUID | None = Field(validation_alias="of_video_id")
    at_s: float | None
    cut_from: UUID | None = Field(validation_alias="cut_from_id")
    created_at: datetime


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
    return Status(201, AssetOut.model_validate(asset))


@router.get("/{asset_id}", response={200: AssetOut, 404: ErrorOut}, summary="One image")
def get_asset(request: HttpRequest, asset_id: UUID) -> AssetOut:
    asset = Asset.objects.one_for(caller(request), asset_id)
    if asset is None:
        raise NotThere(_("There is no such asset."))
    return AssetOut.model_validate(asset)


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
