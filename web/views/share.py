"""The buttons of the Share panel: make a link, revoke one, replace the one in API answers. A script gets the panel, a form the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from access.callers import caller_of
from delivery.links import make_link, origin_of, replace_url, revoke_link
from delivery.models import Link
from generation.errors import InvalidRequest, PortalError
from generation.models import Video
from web.presenters.share import OFFERS, share_of
from web.views.common import answer, the_video, toast, wants_fragment

__all__ = ["replace", "share", "unshare"]


class ShareForm(forms.Form):
    """What the link is for, for how many days it works, and what visitors get."""

    label = forms.CharField(max_length=100, required=False)
    days = forms.IntegerField(min_value=1, max_value=3650, required=False)
    password = forms.CharField(max_length=200, required=False, strip=False)
    offer = forms.ChoiceField(choices=[(one, one) for one in OFFERS], required=False)


@login_required
@require_POST
def share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a link."""
    video, form = the_video(request, pk), ShareForm(request.POST)
    made: list[UUID] = []

    def make() -> str:
        if not form.is_valid():
            raise InvalidRequest(_("Write at most 100 characters, and choose how long the link works."))
        given = form.cleaned_data
        offer = OFFERS[given["offer"] or "download"]
        link = make_link(video, by=caller_of(request), label=given["label"], days=given["days"], password=given["password"], **offer)
        made.append(link.pk)
        return _("Link made. Copy it now or later.")

    return _panel(request, video, make, made)


@login_required
@require_POST
def unshare(request: HttpRequest, pk: UUID, link_pk: UUID) -> HttpResponse:
    """Revoke a link."""
    video = the_video(request, pk)
    link = get_object_or_404(Link.objects.select_related("video"), pk=link_pk, video=video)

    def revoke() -> str:
        revoke_link(link, by=caller_of(request))
        return _("Link revoked.")

    return _panel(request, video, revoke)


@login_required
@require_POST
def replace(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End the address in earlier API answers."""
    video = the_video(request, pk)

    def change() -> str:
        replace_url(video, by=caller_of(request))
        return _("Link replaced.")

    return _panel(request, video, change)


def _panel(request: HttpRequest, video: Video, act: Callable[[], str], made: list[UUID] | None = None) -> HttpResponse:
    if not wants_fragment(request):
        return answer(request, act)
    try:
        words = act()
    except PortalError as error:
        return toast(error.message, messages.ERROR, error.status)
    panel = share_of(video, caller_of(request), origin_of(request), new=made[-1] if made else None)
    response = render(request, "videos/_share.html", {"share": panel, "take_focus": not made})
    response["HX-Trigger"] = json.dumps({"portal:toast": {"text": words, "tone": "ok"}})
    return response
