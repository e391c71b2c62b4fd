"""A person leaves: no sign-in, no token, nothing new is bought, and somebody else has their videos and the links to them.

Renders that were paid go on. What they make, `ingest` gives to the heir; `finish` cancels what was ordered and hands over what was saved at
that moment, or after the process was killed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from access.callers import Caller
from access.leaving import end_access
from access.models import ApiToken, Preference
from delivery.models import Link
from events import audit
from generation.actions.cancel import cancel_these, cancel_waiting
from generation.actions.hand_over import hand_over
from generation.errors import Conflict, InvalidRequest
from generation.lifecycle import LIVE, Status
from generation.models import GenerationTask, Video
from webhooks.actions import disable_all

__all__ = ["Belongings", "Left", "belongings_of", "finish", "leave"]

log = logging.getLogger("web.leaving")

LONGEST_REQUEST = timedelta(minutes=5)
"""How long after somebody left a request of theirs, begun before, may still order something."""


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """What a person has now: counts, and the bytes of the videos' files."""

    videos: int
    bytes: int
    links: int
    tokens: int
    waiting: int
    under_way: int


@dataclass(frozen=True, kw_only=True)
class Left:
    """What was done: waiting tasks that were cancelled, videos that were handed over."""

    cancelled: int
    videos: int


def belongings_of(user: User) -> Belongings:
    """Return what would change if the person left now."""
    live = GenerationTask.objects.filter(owner=user, status__in=LIVE)
    waiting = live.filter(status=Status.QUEUED).count()
    videos = Video.objects.filter(owner=user, purged_at=None)
    return Belongings(
        videos=videos.count(),
        bytes=videos.aggregate(total=Sum("stored_bytes"))["total"] or 0,
        links=Link.objects.filter(owner=user, revoked_at=None).count(),
        tokens=ApiToken.objects.filter(owner=user, revoked_at=None).count(),
        waiting=waiting,
        under_way=live.count() - waiting,
    )


def leave(user: User, to: User | None, *, by: Caller | None) -> Left:
    """End the person's access, cancel what waits, and hand the videos and links over to `to`. None: they stay in the person's name.

    May be called again, also to hand over later. Raises `InvalidRequest` for an heir who cannot be one, `Conflict` for the last
    administrator.
    """
    if to is not None and (to == user or not to.is_active):
        raise InvalidRequest(_("Choose another person who can sign in."))
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and user.is_active and not others.exists():
        raise Conflict(_("This is the only administrator. Make another one first."), code="last_administrator")
    end_access(user, to=to, by=by)
    disable_all(user, by=by)
    return Left(cancelled=cancel_waiting(user), videos=_hand_over(user, to, by) if to else 0)


def finish() -> None:
    """Cancel what was ordered, and hand over what was saved, in the name of a person while they left. The next round repeats it.

    What waits because an administrator decided later to send it again is left alone.
    """
    at_that_moment = {"created_at__lt": F("owner__preference__left_at") + LONGEST_REQUEST, "owner__is_active": False, "attempt_count": 0}
    if count := cancel_these(GenerationTask.objects.filter(status=Status.QUEUED, **at_that_moment)):
        log.info("%d waiting tasks of people who have left are cancelled", count)
    for row in Preference.objects.filter(left_to__isnull=False, user__is_active=False).select_related("user", "left_to"):
        assert row.left_to is not None, "the filter asks for it"
        if count := _hand_over(row.user, row.left_to, None):
            log.info("%d videos of %s belong to %s now", count, row.user, row.left_to)


def _hand_over(user: User, to: User, by: Caller | None) -> int:
    count = hand_over(user, to)
    with transaction.atomic():
        Link.objects.filter(owner=user, video__owner=to).update(owner=to)
        if count:
            audit.record("videos.handed_over", user, by=by, after={"to": to, "videos": count})
    return count
