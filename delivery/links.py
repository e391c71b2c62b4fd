"""Addresses of ours at which a video plays for callers without a session: in a `<video src>`, a webhook, another program's flow.

    /v/<token>/video.mp4        also poster.webp and preview.mp4

The token is a signature, not a secret in a table (docs/adr/0027):

- of a link that somebody made: the link's id. Its row says until when it works and whether it was revoked.
- of the `url` in answers of the API: the video's id, its `link_version` and a last day. No row is written for it; replacing it raises the
  version, so that every address given out before stops working.

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
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
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
from generation.models import Video

__all__ = ["find_video", "link_url", "make_link", "origin_of", "replace_url", "revoke_link", "video_url", "working_links"]

SALT = b"delivery.links:"  # part of every address that was given out: do not change it with the module's name
OF_LINK = Struct(">16s")
OF_VIDEO = Struct(">16sIH")
"""The video's id, its link version, and the last day as days since 1970 (UTC); 0 is never. The two are told apart by their length."""
SIGNATURE_BYTES = 16
EPOCH = date(1970, 1, 1)


def origin_of(request: HttpRequest) -> str:
    """Return where others reach the portal: PORTAL_PUBLIC_URL, or else the host that this request came to."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def video_url(video: Video, origin: str) -> str:
    """Return the address that answers of the API carry. It is the same all day; with PORTAL_LINK_DAYS it works that many days longer."""
    last_day = (_today() + timedelta(days=settings.LINK_DAYS) - EPOCH).days if settings.LINK_DAYS else 0
    return _address(video, OF_VIDEO.pack(video.pk.bytes, video.link_version, last_day), origin)


def link_url(link: Link, origin: str) -> str:
    """Return the address of a link."""
    return _address(link.video, OF_LINK.pack(link.pk.bytes), origin)


def make_link(video: Video, *, by: Caller, label: str = "", days: int | None = None) -> Link:
    """Make a link that works for `days` days; None: as long as PORTAL_LINK_DAYS allows. Raises `NotAllowed`, `InvalidRequest`."""
    require_rights(video, by)
    longest = settings.LINK_DAYS
    if days is not None and (days < 1 or (longest and days > longest)):
        words = _("Choose between 1 and %(longest)d days.") % {"longest": longest} if longest else _("Choose at least 1 day.")
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"expires_in_days": words})
    life = days or longest
    expires_at = timezone.now() + timedelta(days=life) if life else None
    with transaction.atomic():
        link = Link.objects.create(video=video, owner=by.user, label=label.strip(), expires_at=expires_at)
        audit.record("link.created", link, by=by, after={"video": video.pk, "expires_at": expires_at})
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
    """End every address of the video that answers of the API carried until now. Links stay. Raises `NotAllowed`."""
    require_rights(video, by)
    with transaction.atomic():
        Video.objects.filter(pk=video.pk).update(link_version=F("link_version") + 1)
        audit.record("video.url_replaced", video, by=by)
    video.refresh_from_db(fields=["link_version"])


def working_links(video: Video) -> Iterable[Link]:
    """Return the links that work, newest first."""
    return [link for link in Link.objects.filter(video=video, revoked_at=None).select_related("owner") if link.works]


def find_video(token: str) -> Video:
    """Return the video that the token opens. Makes one query, or none for a wrong signature. Raises `NotThere`, whatever the reason."""
    body = _verified(token)
    video = None
    if len(body) == OF_LINK.size:
        link = Link.objects.select_related("video__owner", "owner").filter(pk=UUID(bytes=body), revoked_at=None).first()
        if link and link.works and link.video.deleted_at is None:
            is_shown = link.owner.is_active and may(Caller(user=link.owner), "see", link.video)
            video = link.video if is_shown else None
    elif len(body) == OF_VIDEO.size:
        key, version, last_day = OF_VIDEO.unpack(body)
        if not last_day or (_today() - EPOCH).days <= last_day:
            found = Video.objects.kept().filter(pk=UUID(bytes=key), link_version=version, owner__is_active=True)
            video = found.select_related("owner").first()
    if video is None:
        raise NotThere(_("There is no such video."))
    return video


def _today() -> date:
    return datetime.now(UTC).date()


def _address(video: Video, body: bytes, origin: str) -> str:
    token = base64.urlsafe_b64encode(body + _signature(body)).rstrip(b"=").decode()
    return origin + reverse("link", args=[token, "video", video.suffix])


def _verified(token: str) -> bytes:
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
    body, signature = signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]
    return body if hmac.compare_digest(signature, _signature(body)) else b""


def _signature(body: bytes) -> bytes:
    return hmac.digest(settings.TOKEN_PEPPER.encode(), SALT + body, hashlib.sha256)[:SIGNATURE_BYTES]
