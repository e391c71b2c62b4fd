"""Images: upload one, see one."""

from __future__ import annotations

from typing import BinaryIO, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generation.errors import InvalidRequest
from generation.models import Asset
from generation.services.assets import store_asset
from generation.serving import serve_file
from generation.views.common import the_user

__all__ = ["image", "upload"]


@login_required
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """One image file, checked and stored; 422 with the reason otherwise."""
    file = request.FILES.get("file")
    if file is None:
        return _refused("missing", _("An image is needed here."))
    try:
        asset = store_asset(owner=the_user(request), file=cast("BinaryIO", file))
    except InvalidRequest as wrong:
        return _refused(wrong.code, wrong.message)
    facts = {"id": str(asset.pk), "url": reverse("asset", args=[asset.pk]), "width": asset.width_px, "height": asset.height_px}
    return JsonResponse(facts, status=201)


def _refused(code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=422)


@login_required
@require_safe
def image(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """An image, for its owner and staff."""
    asset = Asset.objects.visible_to(the_user(request)).filter(pk=pk).first()
    if asset is None or not asset.file.storage.exists(str(asset.file.name)):
        raise Http404
    return serve_file(
        request,
        lambda: asset.file.open("rb").file,
        size=asset.size_bytes,
        etag=asset.sha256[:32],
        content_type=asset.content_type,
        last_modified=asset.created_at,
    )
