"""Images: upload one, see one."""

from __future__ import annotations

from typing import BinaryIO, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access.callers import caller_of
from delivery.stored_file import serve_asset
from generation.errors import InvalidRequest
from generation.models import Asset
from generation.ordering.assets import store_asset
from web.views.common import found
from web.views.images import facts_of

__all__ = ["image", "upload"]


@login_required
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """Check and store an image file; answer 422 with the reason if it cannot be used."""
    file = request.FILES.get("file")
    if file is None:
        return _refused(InvalidRequest(_("An image is needed here."), code="missing"))
    try:
        asset = store_asset(owner=caller_of(request).user, file=cast("BinaryIO", file))
    except InvalidRequest as wrong:
        return _refused(wrong)
    return JsonResponse(facts_of(asset), status=201)


def _refused(wrong: InvalidRequest) -> JsonResponse:
    return JsonResponse({"error": {"code": wrong.code, "message": wrong.message}}, status=wrong.status)


@login_required
@require_safe
def image(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send an image to a person who may see it; `?download=1` saves it."""
    asset = Asset.objects.one_for(caller_of(request), pk)
    if asset is None:
        raise Http404
    name = f"image-{asset.pk.hex[-6:]}" if request.GET.get("download") == "1" else ""
    return found(lambda: serve_asset(request, asset, name=name))
