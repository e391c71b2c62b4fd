"""What people note on one video or many: tags, ratings, stars. Each function changes those of the videos on which the caller may act."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from generation.errors import InvalidRequest
from generation.models import Video
from generation.models.video import VideoQuerySet
from library.models import VideoTag
from library.models.tag import LONGEST_TAG

__all__ = ["BEST", "MOST_TAGS", "actable", "rate", "set_tags", "star", "suggestions", "tag", "tag_names", "untag"]

BEST = 5
MOST_TAGS = 30
MOST_SUGGESTIONS = 10
LOOKED_AT = 300
"""The newest videos that the caller sees, whose tags are suggested too."""


def actable(ids: Iterable[UUID], by: Caller) -> VideoQuerySet:
    """Return those of the videos that nobody deleted and on which the caller may act."""
    rows = Video.objects.kept().filter(pk__in=list(ids))
    return rows if may(by, "act", Video) else rows.filter(owner=by.user)


def tag_names(words: Iterable[str]) -> list[str]:
    """Return tags as they are kept: NFKC, lower case, single spaces, each once. Raises `InvalidRequest` about `tags`."""
    names = dict.fromkeys(" ".join(unicodedata.normalize("NFKC", word.replace("\x00", "")).lower().split()) for word in words)
    names.pop("", None)
    wrong = ""
    if any(len(name) > LONGEST_TAG for name in names):
        wrong = _("A tag has at most %(most)d characters.") % {"most": LONGEST_TAG}
    elif any("," in name for name in names):
        wrong = _("A tag has no comma.")
    elif len(names) > MOST_TAGS:
        wrong = _("A video has at most %(most)d tags.") % {"most": MOST_TAGS}
    if wrong:
        raise InvalidRequest(wrong, fields={"tags": wrong})
    return list(names)


@transaction.atomic
def tag(ids: Sequence[UUID], names: Sequence[str], *, by: Caller) -> list[UUID]:
    """Add these tags, as `tag_names` returns them. Return the videos that have them now; a video that would have too many gets none."""
    locked = _locked(ids, by)
    known: dict[UUID, set[str]] = {pk: set() for pk in locked}
    for pk, name in VideoTag.objects.filter(video__in=locked).values_list("video", "name"):
        known[pk].add(name)
    able = [pk for pk in locked if len(known[pk] | set(names)) <= MOST_TAGS]
    new = [VideoTag(video_id=pk, name=name, added_by=by.user) for pk in able for name in names if name not in known[pk]]
    VideoTag.objects.bulk_create(new)
    _change({one.video_id for one in new})
    return able


@transaction.atomic
def untag(ids: Sequence[UUID], names: Sequence[str], *, by: Caller) -> list[UUID]:
    """Remove these tags from the videos. Return the videos that do not have them now."""
    locked = _locked(ids, by)
    gone = VideoTag.objects.filter(video__in=locked, name__in=names)
    changed = set(gone.values_list("video", flat=True))
    gone.delete()
    _change(changed)
    return locked


@transaction.atomic
def set_tags(video: Video, names: Sequence[str], *, by: Caller) -> None:
    """Replace the tags of the video. Does nothing if the caller may not act on it."""
    untag([video.pk], list(VideoTag.objects.filter(video=video).exclude(name__in=names).values_list("name", flat=True)), by=by)
    tag([video.pk], names, by=by)


@transaction.atomic
def rate(ids: Sequence[UUID], rating: int | None, *, by: Caller) -> list[UUID]:
    """Rate the videos from 1 to 5; None removes the rating. Return the videos that have this rating now."""
    locked = _locked(ids, by)
    Video.objects.filter(pk__in=locked).exclude(rating=rating).change(rating=rating)
    return locked


@transaction.atomic
def star(ids: Sequence[UUID], starred: bool, *, by: Caller) -> list[UUID]:
    """Set or remove the star. Return the videos that have this state now."""
    locked = _locked(ids, by)
    Video.objects.filter(pk__in=locked).exclude(favourite=starred).change(favourite=starred)
    return locked


def suggestions(by: Caller, beginning: str, *, without: Collection[str] = ()) -> list[str]:
    """Return at most ten tags that begin so, by name: those that the caller has used, and those of the newest videos that they see."""
    begin = " ".join(unicodedata.normalize("NFKC", beginning).lower().split())
    fits = Q(name__startswith=begin, name__gte=begin) if begin else Q()
    newest = Video.objects.kept().first_for(by, LOOKED_AT).values_list("pk", flat=True)
    near = VideoTag.objects.filter(fits, video__in=list(newest)).exclude(name__in=without).order_by("name")
    found = set(near.values_list("name", flat=True).distinct()[:MOST_SUGGESTIONS])
    mine = VideoTag.objects.filter(fits, added_by=by.user).exclude(name__in=without).order_by("name").values_list("name", flat=True)
    last = mine.first()
    for _place in range(MOST_SUGGESTIONS):  # name by name: a person may have put one on a hundred thousand videos
        if last is None:
            break
        found.add(last)
        last = mine.filter(name__gt=last).first()
    return sorted(found)[:MOST_SUGGESTIONS]


def _locked(ids: Sequence[UUID], by: Caller) -> list[UUID]:
    """Lock those of the videos on which the caller may act, in one order, so that two requests never wait for each other's rows."""
    return list(actable(ids, by).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def _change(ids: Collection[UUID]) -> None:
    if ids:
        Video.objects.filter(pk__in=list(ids)).change()
