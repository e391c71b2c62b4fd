"""The page of a link, for people without an account: player, download, password; a frame for other pages, and oEmbed (docs/adr/0062).

Each has a content policy of its own, without scripts, and asks search engines not to list it. What does not open has one answer, as in
delivery/views.py.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from database.errors import is_held_lock
from delivery.links import find_link, no_video, origin_of
from delivery.models import Link, Visit
from delivery.stored_file import bucket_source, serve_captions
from delivery.unlocking import is_unlocked, may_try, try_password, unlock
from delivery.views import gone
from generation.actions.captions import language_name
from generation.errors import NotThere, PortalError
from generation.ordering.saved import save_copy
from generation.store import StorageUnavailable

__all__ = ["captions", "embed", "oembed", "page", "save"]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:{bucket}",
        "media-src 'self'{bucket}",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors {framed}",
    )
)
NOT_LISTED = "noindex, nofollow"
VISIT = "visit"
VISIT_S = 1800
"""A browser that comes back sooner is the same visit."""
OURS = re.compile(r"/v/([\w-]+)/(?:embed|video(?:\.\w+)?)?")
WIDEST, HIGHEST = 1280, 720


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the video, or ask for the password first."""
    try:
        link = find_link(token)
    except NotThere:
        return _dressed(gone(request))
    if not is_unlocked(request, link):
        return _dressed(_password(request, link, token))
    if request.method == "POST":
        return redirect("link-page", token)
    response = _dressed(render(request, "links/page.html", _context(request, link, token)))
    if request.method == "GET" and VISIT not in request.COOKIES and request.user.pk != link.owner_id:
        _count(link)
    response.set_cookie(
        VISIT,
        "1",
        max_age=VISIT_S,
        path=reverse("link-page", args=[token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
def save(request: HttpRequest, token: str) -> HttpResponse:
    """Put the video into the library of the person who is signed in."""
    try:
        link = find_link(token)
    except NotThere:
        return _dressed(gone(request))
    here = reverse("link-page", args=[token])
    if not isinstance(request.user, User):
        return HttpResponseRedirect(reverse("account_login", query={"next": here}))
    if not is_unlocked(request, link) or not _may_save(link, request.user):
        return HttpResponseRedirect(here)
    try:
        copy = save_copy(link.video, owner=request.user)
    except PortalError as error:
        return _dressed(
            render(request, "links/page.html", _context(request, link, token) | {"refusal": error.message}, status=error.status)
        )
    messages.success(request, _("Saved into your library."))
    return redirect("video", copy.pk)


@require_safe
def captions(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the captions of `?language=` to who may watch the video. They tell all of it, so a small preview has none."""
    try:
        link = find_link(token)
        is_saved = request.GET.get("download") == "1"
        if not is_unlocked(request, link) or link.preview_only or (is_saved and not link.may_download):
            raise no_video()
        response = serve_captions(request, link.video, request.GET.get("language", ""))
    except NotThere:
        return _dressed(gone(request))
    response["X-Robots-Tag"] = NOT_LISTED
    return response


@xframe_options_exempt
@require_safe
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """Show only the player, for a frame in another page. A browser sends no cookies there, so a link with a password has none."""
    try:
        link = find_link(token)
    except NotThere:
        return _dressed(gone(request), framed="*")
    if link.password:
        return _dressed(gone(request), framed="*")
    return _dressed(render(request, "links/embed.html", _context(request, link, token)), framed="*")


@require_GET
def oembed(request: HttpRequest) -> HttpResponse:
    """Describe the player of a link's page to other software (oembed.com): `url`, and perhaps `maxwidth` and `maxheight`."""
    if request.GET.get("format", "json") != "json":
        return _open(HttpResponse(status=501))
    origin = origin_of(request)
    found: re.Match[str] | None = None
    link: Link | None = None
    with suppress(ValueError, NotThere):  # a ValueError: not an address
        asked = urlsplit(request.GET.get("url", "")[:2_000])
        found = OURS.fullmatch(asked.path)
        if found and asked.netloc in {request.get_host(), urlsplit(origin).netloc}:
            link = find_link(found[1])
    if found is None or link is None:
        return _open(JsonResponse({"error": _("There is no such video.")}, status=404))
    if link.password:
        return _open(JsonResponse({"error": _("This video has a password.")}, status=401))
    width, height = _fitted(link, _most(request, "maxwidth", WIDEST), _most(request, "maxheight", HIGHEST))
    source = origin + reverse("link-embed", args=[found[1]])
    frame = f'<iframe src="{source}" width="{width}" height="{height}" style="border:0" allow="fullscreen" loading="lazy"></iframe>'
    facts: dict[str, Any] = {
        "version": "1.0",
        "type": "video",
        "title": link.video.title,
        "provider_name": _("Video Portal"),
        "provider_url": origin,
        "width": width,
        "height": height,
        "html": frame,
        "thumbnail_url": origin + reverse("link", args=[found[1], "poster", ".webp"]),
        "thumbnail_width": width,
        "thumbnail_height": height,
    }
    return _open(JsonResponse(facts))


def _password(request: HttpRequest, link: Link, token: str) -> HttpResponse:
    """Ask for the password, or check the one that was typed."""
    refusal, status = "", 200
    if request.method == "POST":
        if not may_try(request, link):
            refusal, status = _("Too many attempts. Wait a few minutes, then try again."), 429
        elif try_password(link, request.POST.get("password", "")[:200]):
            response = redirect("link-page", token)
            unlock(response, link, token)
            return response
        else:
            refusal, status = _("Wrong password. Ask the person who sent you the link."), 403
    return render(request, "links/password.html", {"refusal": refusal}, status=status)


def _context(request: HttpRequest, link: Link, token: str) -> dict[str, Any]:
    """Return what the page and the frame show."""
    video = link.video
    file_url = reverse("link", args=[token, "video", video.suffix])
    here = reverse("link-page", args=[token])
    return {
        "video": video,
        "source": reverse("link", args=[token, "preview", ".mp4"]) if link.preview_only else file_url,
        "poster": reverse("link", args=[token, "poster", ".webp"]),
        "captions": [] if link.preview_only else [_track(token, language) for language in sorted(video.captions)],
        "is_preview": link.preview_only,
        "plays": link.preview_only or video.playable,
        "may_download": link.may_download,
        "download_url": f"{file_url}?download=1" if link.may_download else "",
        "save_url": reverse("link-save", args=[token]) if _may_save(link, request.user) else "",
        "sign_in_url": reverse("account_login", query={"next": here}) if link.may_download and not request.user.is_authenticated else "",
        "oembed_url": "" if link.password else reverse("oembed", query={"url": origin_of(request) + here}),
    }


def _track(token: str, language: str) -> dict[str, str]:
    url = reverse("link-captions", args=[token], query={"language": language})
    return {"language": language, "name": language_name(language), "url": url}


def _may_save(link: Link, user: Any) -> bool:
    """Return whether this person may keep the video: a copy has the whole file, and the prompt."""
    return isinstance(user, AbstractBaseUser) and link.may_download and link.video.owner_id != user.pk


def _count(link: Link) -> None:
    """Note a visit. A database that is busy loses one; the visitor does not wait for it."""
    try:
        Visit.objects.create(link=link)
    except OperationalError as error:
        if not is_held_lock(error):
            raise


def _fitted(link: Link, width: int, height: int) -> tuple[int, int]:
    """Return the size of the video within these bounds."""
    ratio = link.video.ratio
    return (width, max(1, round(width / ratio))) if width / ratio <= height else (max(1, round(height * ratio)), height)


def _most(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    return max(1, min(usual, int(text))) if text.isdecimal() and text.isascii() and len(text) <= len(str(usual)) else usual


def _dressed(response: HttpResponse, *, framed: str = "'none'") -> HttpResponse:
    bucket = ""
    with suppress(StorageUnavailable):
        bucket = bucket_source()
    response["Content-Security-Policy"] = POLICY.format(bucket=bucket, framed=framed)
    response["X-Robots-Tag"] = NOT_LISTED
    response["Referrer-Policy"] = "same-origin"  # `no-referrer` would hide from Django where a form comes from, and it refuses that
    response["Cache-Control"] = "private, no-store"
    return response


def _open(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response
