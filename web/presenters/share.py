"""The Share panel of a video: the links that work, and the form for another."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.callers import Caller
from access.rights import may
from delivery.links import link_url, video_url, working_links
from delivery.models import Link
from generation.models import Video
from web.presenters.words import date_time, name_of

__all__ = ["Share", "share_of"]

LIVES = (1, 7, 30, 90, 365)
"""What the form offers, in days, as far as PORTAL_LINK_DAYS allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedLink:
    """A link in the panel. `post_url` ends it; `confirm` is what to ask first."""

    name: str
    note: str
    url: str
    post_url: str
    end: str
    confirm: str
    is_new: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Everything of videos/_share.html. `lives`: what the form offers, as (value, text); the first is chosen."""

    post_url: str
    links: list[SharedLink]
    lives: list[tuple[str, str]]


def share_of(video: Video, caller: Caller, origin: str, *, new: UUID | None = None) -> Share | None:
    """Return the panel for a person who may share the video, or None. `new` is the link that was made just now."""
    if not may(caller, "act", video):
        return None
    ours = SharedLink(
        name=_("In API answers"),
        note=_until(settings.LINK_DAYS),
        url=video_url(video, origin),
        post_url=reverse("video-replace-url", args=[video.pk]),
        end=_("Replace"),
        confirm=_("Replace this link? Wherever it is in use, the video no longer plays. New API answers have another link."),
    )
    return Share(
        post_url=reverse("video-share", args=[video.pk]),
        links=[*(_shared(link, caller, origin, is_new=link.pk == new) for link in working_links(video)), ours],
        lives=_lives(),
    )


def _shared(link: Link, caller: Caller, origin: str, *, is_new: bool) -> SharedLink:
    until = _("Until %(time)s") % {"time": date_time(link.expires_at)} if link.expires_at else _("Never expires")
    made_by = "" if link.owner_id == caller.user.pk else _("made by %(name)s") % {"name": name_of(link.owner)}
    return SharedLink(
        name=link.label or _("Link of %(time)s") % {"time": date_time(link.created_at)},
        note=" · ".join(filter(None, (until, made_by))),
        url=link_url(link, origin),
        post_url=reverse("video-unshare", args=[link.video_id, link.pk]),
        end=_("Revoke"),
        confirm=_("Revoke this link? Wherever it is in use, the video no longer plays."),
        is_new=is_new,
    )


def _until(days: int) -> str:
    return ngettext("Works for %(n)d day", "Works for %(n)d days", days) % {"n": days} if days else _("Never expires")


def _lives() -> list[tuple[str, str]]:
    """Return the longest first: it is what most callers want."""
    longest = settings.LINK_DAYS
    shorter = [days for days in LIVES if not longest or days < longest]
    return [("", _until(longest)), *((str(days), _until(days)) for days in shorter)]
