"""The Share panel of a video: the links that work, and the form for another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.callers import Caller
from access.rights import may
from delivery.links import is_shareable, link_url, page_url, video_url, working_links
from delivery.models import Link
from generation.models import Video
from web.presenters.words import date_time, name_of

__all__ = ["OFFERS", "Share", "share_of"]

OFFERS: dict[str, dict[str, bool]] = {"download": {}, "watch": {"may_download": False}, "preview": {"preview_only": True}}
"""What visitors of a link get, as the form names it."""
LIVES = (1, 7, 30, 90, 365)
"""What the form offers, in days, as far as PORTAL_LINK_DAYS allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedLink:
    """A link in the panel: its page, and the file for players unless the link holds something back (`url`). `post_url` ends it; `confirm`
    is what to ask first.
    """

    name: str
    note: str
    page: str
    url: str
    post_url: str
    end: str
    confirm: str
    is_new: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Everything of videos/_share.html. `lives` and `offers`: what the form offers, as (value, text); the first is chosen. `held`: links
    open once the video is approved.
    """

    post_url: str
    links: list[SharedLink]
    lives: list[tuple[str, str]]
    offers: list[tuple[str, str]]
    held: bool


def share_of(video: Video, caller: Caller, origin: str, *, new: UUID | None = None) -> Share | None:
    """Return the panel for a person who may share the video, or None. `new` is the link that was made just now."""
    if not may(caller, "act", video):
        return None
    ours = SharedLink(
        name=_("In API answers"),
        note=_until(settings.LINK_DAYS),
        page="",
        url=video_url(video, origin),
        post_url=reverse("video-replace-url", args=[video.pk]),
        end=_("Replace"),
        confirm=_("Replace this link? Wherever it is in use, the video no longer plays. New API answers have another link."),
    )
    return Share(
        post_url=reverse("video-share", args=[video.pk]),
        links=[*(_shared(link, caller, origin, is_new=link.pk == new) for link in working_links(video)), ours],
        lives=_lives(),
        offers=[("download", _("Watch and download")), ("watch", _("Watch only")), ("preview", _("Preview with a watermark"))],
        held=not is_shareable(video),
    )


def _shared(link: Link, caller: Caller, origin: str, *, is_new: bool) -> SharedLink:
    until = _("Until %(time)s") % {"time": date_time(link.expires_at)} if link.expires_at else _("Never expires")
    offer = _("Preview with a watermark") if link.preview_only else "" if link.may_download else _("Watch only")
    password = _("with a password") if link.password else ""
    made_by = "" if link.owner_id == caller.user.pk else _("made by %(name)s") % {"name": name_of(link.owner)}
    return SharedLink(
        name=link.label or _("Link of %(time)s") % {"time": date_time(link.created_at)},
        note=" · ".join(filter(None, (until, offer, password, _views(link), made_by))),
        page=page_url(link, origin),
        url=link_url(link, origin) if link.is_open else "",
        post_url=reverse("video-unshare", args=[link.video_id, link.pk]),
        end=_("Revoke"),
        confirm=_("Revoke this link? Wherever it is in use, the video no longer plays."),
        is_new=is_new,
    )


def _views(link: Link) -> str:
    """Return how often the link was viewed, and when last; its row has that from `with_visits`."""
    facts: dict[str, Any] = vars(link)
    if not facts["views"]:
        return _("not viewed yet")
    words = ngettext("viewed once, at %(time)s", "viewed %(n)d times, last at %(time)s", facts["views"])
    return words % {"n": facts["views"], "time": date_time(facts["last_viewed_at"])}


def _until(days: int) -> str:
    return ngettext("Works for %(n)d day", "Works for %(n)d days", days) % {"n": days} if days else _("Never expires")


def _lives() -> list[tuple[str, str]]:
    """Return the longest first: it is what most callers want."""
    longest = settings.LINK_DAYS
    shorter = [days for days in LIVES if not longest or days < longest]
    return [("", _until(longest)), *((str(days), _until(days)) for days in shorter)]
