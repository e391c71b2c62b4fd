"""Addresses at which a video plays for callers without a session: in a `<video src>`, a webhook, another program's flow.

    /v/<token>/video.mp4        also poster.webp and preview.mp4

The token is a signature, not a secret in a table (docs/adr/0027):

- of a link that a person made: the link's id. Its row says until when it works, whether it was revoked, and what visitors get. Its
  page is `/v/<token>/` (delivery/pages.py).
- of the `url` in answers of the API: the video's id, its `link_version` and a last day. No row is written for it; replacing it raises the
  version, so that every address given out before stops working.
- of a task that has no video yet: the task's id and a last day (docs/adr/0043). It plays the task's first video until the `url` of that
  video is replaced.

A team may share approved videos only (`TeamRules`): then none of these opens before the video is approved.

The key is TOKEN_PEPPER, as for API tokens: rotating SECRET_KEY ends no link.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Count, F, Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from delivery.models import Link
from events import audit
from generation.actions.rights import require_rights
from generation.errors import InvalidRequest, NotThere
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from generation.models.video import ReviewState

__all__ = [
    "LEAST_PASSWORD",
    "Opened",
    "find_link",
    "is_shareable",
    "link_url",
    "make_link",
    "no_video",
    "open_token",
    "origin_of",
    "page_url",
    "replace_url",
    "revoke_link",
    "task_url",
    "video_url",
    "with_visits",
    "working_links",
]

SALT = b"delivery.links:"  # part of every address that was given out: do not change it with the module's name
OF_LINK = Struct(">16s")
OF_VIDEO = Struct(">16sIH")
"""The video's id, its link version, and the last day as days since 1970 (UTC); 0 is never."""
OF_TASK = Struct(">16sH")
"""The task's id, and the last day. The three kinds have different lengths."""
TASK_SUFFIX = ".mp4"
"""Only a hint for readers: the type of the file is not known yet."""
FIRST_VERSION = 0
SIGNATURE_BYTES = 16
EPOCH = date(1970, 1, 1)
LEAST_PASSWORD = 6
LONGEST_PASSWORD = 200


class Opened(NamedTuple):
    """What a token opens, and the link that it is of, if a person made one. The link may still ask for a password."""

    what: Video | GenerationTask
    link: Link | None


def origin_of(request: HttpRequest) -> str:
    """Return the origin of the portal's addresses: PORTAL_PUBLIC_URL, otherwise the host that this request came to."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def video_url(video: Video, origin: str) -> str:
    """Return the address that answers of the API contain. It is the same all day; with PORTAL_LINK_DAYS it works for that many days."""
    return _address(OF_VIDEO.pack(video.pk.bytes, video.link_version, _last_day()), video.suffix, origin)


def task_url(task: GenerationTask, origin: str) -> str:
    """Return the address at which the task's first video will play; once the video exists, its own address."""
    if task.state is not Status.QUEUED and (videos := task.kept_videos()):
        return video_url(min(videos, key=lambda video: video.output_index), origin)
    return _address(OF_TASK.pack(task.pk.bytes, _last_day()), TASK_SUFFIX, origin)


def link_url(link: Link, origin: str) -> str:
    """Return the address at which a link plays the file."""
    return _address(OF_LINK.pack(link.pk.bytes), link.video.suffix, origin)


def page_url(link: Link, origin: str) -> str:
    """Return the address of the link's page, for people."""
    return origin + reverse("link-page", args=[_token(OF_LINK.pack(link.pk.bytes))])


def make_link(
    video: Video,
    *,
    by: Caller,
    label: str = "",
    days: int | None = None,
    password: str = "",
    may_download: bool = True,
    preview_only: bool = False,
) -> Link:
    """Make a link that works for `days` days; without `days`, as long as PORTAL_LINK_DAYS allows. Raises `NotAllowed`, `InvalidRequest`."""
    require_rights(video, by)
    if password and not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        words = _("Use at least %(least)d characters.") % {"least": LEAST_PASSWORD}
        raise InvalidRequest(words, fields={"password": words})
    longest = settings.LINK_DAYS
    if days is not None and (days < 1 or (longest and days > longest)):
        words = _("Choose between 1 and %(longest)d days.") % {"longest": longest} if longest else _("Choose at least 1 day.")
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"expires_in_days": words})
    life = days or longest
    expires_at = timezone.now() + timedelta(days=life) if life else None
    offers = {"may_download": may_download and not preview_only, "preview_only": preview_only}
    hashed = make_password(password) if password else ""
    with transaction.atomic():
        link = Link.objects.create(video=video, owner=by.user, label=label.strip(), expires_at=expires_at, password=hashed, **offers)
        facts = {"video": video.pk, "expires_at": expires_at, "with_password": bool(password), **offers}
        audit.record("link.created", link, by=by, after=facts)
    return link


def revoke_link(link: Link, *, by: Caller) -> bool:
    """End the link. Return whether it worked until now. Raises `NotAllowed`."""
    if not may(by, "act", link):
        require_rights(link.video, by)
    with transaction.atomic():
        revoked = Link.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())
        if revoked:
            audit.record("link.revoked", link, by=by, after={"video": link.video_id})
    return bool(revoked)


def replace_url(video: Video, *, by: Caller) -> None:
    """End every address of the video that answers of the API contained until now. Links keep working. Raises `NotAllowed`."""
    require_rights(video, by)
    with transaction.atomic():
        Video.objects.filter(pk=video.pk).update(link_version=F("link_version") + 1)
        audit.record("video.url_replaced", video, by=by)
    video.refresh_from_db(fields=["link_version"])


def working_links(video: Video) -> Iterable[Link]:
    """Return the links that work, newest first."""
    links = with_visits(Link.objects.filter(video=video, revoked_at=None).select_related("owner", "video"))
    return [link for link in links if link.works]


def with_visits(links: QuerySet[Link]) -> QuerySet[Link]:
    """Add `views`, how often its page was visited, and `last_viewed_at`."""
    return links.annotate(views=Count("visits"), last_viewed_at=Max("visits__at"))


def is_shareable(video: Video) -> bool:
    """Return whether the video's team lets it be shared now. Select `team__rules`."""
    rules = getattr(video.team, "rules", None)
    return rules is None or not rules.shares_approved_only or video.review_state == ReviewState.APPROVED


def find_link(token: str) -> Link:
    """Return the link that the token is of, if it opens now. Makes one query, or none for a wrong signature. Raises `NotThere`."""
    body = _verified(token)
    link = _working(body) if len(body) == OF_LINK.size else None
    if link is None:
        raise no_video()
    return link


def open_token(token: str) -> Opened:
    """Return the video that the token opens, or the task that has none yet or never will. Makes one query for a video, or none for a wrong
    signature. Raises `NotThere`, whatever the reason.
    """
    body = _verified(token)
    found: Video | GenerationTask | None = None
    if len(body) == OF_LINK.size:
        link = find_link(token)
        return Opened(link.video, link)
    if len(body) == OF_VIDEO.size:
        key, version, last_day = OF_VIDEO.unpack(body)
        if _still_works(last_day):
            videos = Video.objects.kept().filter(pk=UUID(bytes=key), link_version=version, owner__is_active=True)
            found = videos.select_related("owner", "team__rules").first()
    elif len(body) == OF_TASK.size:
        key, last_day = OF_TASK.unpack(body)
        found = _first_video_or_task(UUID(bytes=key)) if _still_works(last_day) else None
    if found is None or (isinstance(found, Video) and not is_shareable(found)):
        raise no_video()
    return Opened(found, None)


def _working(body: bytes) -> Link | None:
    links = Link.objects.select_related("video__owner", "video__team__rules", "owner")
    link = links.filter(pk=UUID(bytes=body), revoked_at=None, video__deleted_at=None).first()
    if link is None or not link.works or not is_shareable(link.video):
        return None
    return link if link.owner.is_active and may(Caller(user=link.owner), "see", link.video) else None


def no_video() -> NotThere:
    """Return what is raised for whatever does not open, whatever the reason."""
    return NotThere(_("There is no such video."))


def _first_video_or_task(task_id: UUID) -> Video | GenerationTask | None:
    kept = Video.objects.kept().filter(task_id=task_id, link_version=FIRST_VERSION, owner__is_active=True)
    videos = kept.select_related("owner", "team__rules").order_by("output_index")
    video = videos.first()
    if video is not None:
        return video
    task = GenerationTask.objects.select_related("owner").filter(pk=task_id, owner__is_active=True).first()
    return videos.first() if task and task.state is Status.SUCCEEDED else task  # it may have been saved since the first query


def _today() -> date:
    return datetime.now(UTC).date()


def _last_day() -> int:
    """Return the last day of an address that is given out today."""
    return (_today() + timedelta(days=settings.LINK_DAYS) - EPOCH).days if settings.LINK_DAYS else 0


def _still_works(last_day: int) -> bool:
    return not last_day or (_today() - EPOCH).days <= last_day


def _address(body: bytes, suffix: str, origin: str) -> str:
    return origin + reverse("link", args=[_token(body), "video", suffix])


def _token(body: bytes) -> str:
    return base64.urlsafe_b64encode(body + _signature(body)).rstrip(b"=").decode()


def _verified(token: str) -> bytes:
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
    body, signature = signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]
    return body if hmac.compare_digest(signature, _signature(body)) else b""


def _signature(body: bytes) -> bytes:
    return hmac.digest(settings.TOKEN_PEPPER.encode(), SALT + body, hashlib.sha256)[:SIGNATURE_BYTES]
