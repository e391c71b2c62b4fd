"""The wall of videos: its pages, its count, and a video's neighbours. What the index finds is read from the videos and checked again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.core.cache import caches

from access.callers import Caller
from access.rights import may
from generation.models import Video
from generation.models.video import VideoQuerySet
from generation.queries.tasks import COUNTED_MOST
from library.filters import WallFilter, question_of
from library.finding import count_of, entries_of
from library.models import Entry

__all__ = ["WALL_PAGE", "models_on_wall", "neighbours", "wall_count", "wall_page"]

WALL_PAGE = 60
BESIDE = 8
"""How many entries are looked at for a neighbour: some may be too old to be shown."""
LOOKS = 5
MODELS_KEPT_S = 60


def wall_page(caller: Caller, wanted: WallFilter, before: UUID | None = None, *, count: int = WALL_PAGE) -> tuple[list[Video], bool]:
    """Return the newest videos that the filter leaves, those older than `before`, newest first, and whether there are more."""
    question, place = question_of(wanted, caller), _place_of(before)
    videos: list[Video] = []
    for _look in range(LOOKS):  # more than once only if entries are out of date
        asked = count + 1 - len(videos)
        found = entries_of(question, asked, before=place)
        videos += _read(found, caller)
        if len(videos) > count or len(found) < asked:
            break
        place = found[-1]
    return videos[:count], len(videos) > count


def wall_count(caller: Caller, wanted: WallFilter) -> int:
    """Return how many videos the filter leaves, at most `COUNTED_MOST` + 1. A video that changed a moment ago may be missing."""
    return count_of(question_of(wanted, caller), COUNTED_MOST + 1)


def neighbours(caller: Caller, video: Video, wanted: WallFilter) -> tuple[UUID | None, UUID | None]:
    """Return the next newer and the next older video that the filter leaves. A video has no place for a moment after it is made."""
    question, place = question_of(wanted, caller), _place_of(video.pk)
    newer = entries_of(question, BESIDE, after=place - 1) if place is not None else []
    older = entries_of(question, BESIDE, before=place)
    seen = {found.entry.seq: found.pk for found in _read([*newer, *older], caller) if found.pk != video.pk}
    return _first_in(newer, seen), _first_in(older, seen)


def models_on_wall(caller: Caller) -> set[str]:
    """Return the models of which the caller sees videos, as of a minute ago."""

    def read() -> set[str]:
        return set(Video.objects.visible_to(caller).order_by().values_list("model", flat=True).distinct())

    whose = "all" if may(caller, "see", Video) else f"{caller.user.pk}-{hash(frozenset(caller.teams))}"
    return caches["process"].get_or_set(f"models-on-wall:{whose}", read, MODELS_KEPT_S) or set()


def _read(found: Sequence[int], caller: Caller) -> list[Video]:
    """Return the videos of these entries that the caller may see now, newest first."""
    videos: VideoQuerySet = Video.objects.kept().select_related("entry", "task__prompt", "owner")
    return list(videos.filter(videos.shown_among(caller), entry__seq__in=found).order_by("-entry__seq")) if found else []


def _place_of(video: UUID | None) -> int | None:
    """Return the place of a video on the wall, also of one in the bin; for other ids, of the next newer video. None: newer than all."""
    if video is None:
        return None
    return Entry.objects.filter(video__gte=video).order_by("video_id").values_list("seq", flat=True).first()


def _first_in(found: Sequence[int], seen: dict[int, UUID]) -> UUID | None:
    return next((seen[seq] for seq in found if seq in seen), None)
