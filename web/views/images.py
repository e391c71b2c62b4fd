"""Images: a person's uploads, saved frames and parts of both; chosen for a slot, cut, deleted."""

from __future__ import annotations

from math import isfinite
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from access.callers import Caller, caller_of
from access.rights import may
from generation.actions.images import Box, Limits, cut, delete_image
from generation.errors import PortalError
from generation.models import Asset, Video
from generation.queries.images import KINDS, images_page
from web.presenters.videos import poster_of
from web.presenters.words import title_of
from web.views.common import answer, uuid_in

__all__ = ["crop", "delete", "facts_of", "images", "pick"]

LABELS = {
    "": gettext_lazy("All"),
    "uploads": gettext_lazy("Uploads"),
    "frames": gettext_lazy("Frames of videos"),
    "cuts": gettext_lazy("Crops"),
}
MOST_VIDEOS = 24


@login_required
@require_GET
def images(request: HttpRequest) -> HttpResponse:
    """Show this person's images, newest first."""
    caller, kind = caller_of(request), _kind(request)
    found, has_more = images_page(caller, kind, uuid_in(request, "before"))
    query = {"kind": kind} if kind else {}
    return render(
        request,
        "images/page.html",
        {
            "images": [_card(image, caller) for image in found],
            "tabs": [(reverse("images", query={"kind": one} if one else {}), LABELS[one], one == kind) for one in LABELS],
            "next_url": reverse("images", query=query | {"before": found[-1].pk}) if has_more else "",
        },
    )


@login_required
@require_GET
def pick(request: HttpRequest) -> HttpResponse:
    """Return what a slot of the Studio can be filled with: the newest images, or the newest videos with their first and last picture."""
    caller = caller_of(request)
    if request.GET.get("kind") == "videos":
        newest = Video.objects.kept().select_related("task__prompt").first_for(caller, MOST_VIDEOS)
        videos = [{"id": video.pk, "title": title_of(video)[0], "poster": poster_of(video)} for video in newest]
        return render(request, "images/_pick.html", {"videos": videos})
    found, has_more = images_page(caller, "", uuid_in(request, "before"))
    next_url = reverse("image-pick", query={"before": found[-1].pk}) if has_more else ""
    return render(request, "images/_pick.html", {"images": found, "next_url": next_url})


@login_required
@require_POST
def crop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Store a part of an image, small enough, as another one; answer a script with it in JSON, a form with the page of images."""
    asset, caller = _the_image(request, pk), caller_of(request)
    sent = {name: _number(request, name) for name in ("left", "top", "width", "height")}
    limits = {name: int(value) if (value := _number(request, name)) else None for name in ("longest_px", "pixels", "bytes")}
    box = Box(**{name: value for name, value in sent.items() if value is not None})
    if request.headers.get("X-Requested-With") != "fetch":
        return answer(request, lambda: _done(cut(asset, box, Limits(**limits), by=caller)), to=reverse("images"))
    try:
        made = cut(asset, box, Limits(**limits), by=caller)
    except PortalError as wrong:
        return JsonResponse({"error": {"code": wrong.code, "message": wrong.message}}, status=wrong.status)
    return JsonResponse(facts_of(made), status=201)


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete an image that no task uses."""
    asset = _the_image(request, pk)

    def act() -> str:
        delete_image(asset, by=caller_of(request))
        return _("Image deleted.")

    return answer(request, act, to=reverse("images"))


def facts_of(asset: Asset) -> dict[str, Any]:
    """Return what a slot needs of an image."""
    return {"id": str(asset.pk), "url": reverse("asset", args=[asset.pk]), "width": asset.width_px, "height": asset.height_px}


def _done(asset: Asset) -> str:
    return _("New image saved: %(width)d × %(height)d px.") % {"width": asset.width_px, "height": asset.height_px}


def _card(image: Any, caller: Caller) -> dict[str, Any]:
    """Return what the page shows of an image; `image` as `images_page` returns it."""
    video = image.of_video
    is_seen = video is not None and video.deleted_at is None and may(caller, "see", video)
    return {
        "id": image.pk,
        "url": reverse("asset", args=[image.pk]),
        "width": image.width_px,
        "height": image.height_px,
        "bytes": image.size_bytes,
        "at": image.created_at,
        "video_url": reverse("video", args=[video.pk]) if is_seen else "",
        "video_title": title_of(video)[0] if is_seen else "",
        "use_count": image.use_count,
        "use_url": reverse("task", args=[image.newest_use]) if image.newest_use else "",
        "studio_url": reverse("studio", query={"first_frame": image.pk}),
        "delete_url": "" if image.use_count else reverse("image-delete", args=[image.pk]),
    }


def _the_image(request: HttpRequest, pk: UUID) -> Asset:
    asset = Asset.objects.one_for(caller_of(request), pk)
    if asset is None:
        raise Http404
    return asset


def _kind(request: HttpRequest) -> str:
    return kind if (kind := request.GET.get("kind", "")) in KINDS else ""


def _number(request: HttpRequest, name: str) -> float | None:
    try:
        value = float(request.POST.get(name, ""))
    except ValueError:
        return None
    return value if isfinite(value) and 0 <= value <= 1e12 else None
