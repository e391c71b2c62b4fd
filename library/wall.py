"""The wall of videos: its pages, its count, and a video's neighbours. What the index finds is read from the videos and checked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from access.callers import Caller
from access.rights import may
from generation.models import Video
from generation.models.video import VideoQuerySet
from generation.queries.tasks import COUNTED_MOST
from library.filters import LIKENESS, SORTS, WallFilter, place_at, question_of
from library.finding import LAST, count_of, distances_of, entries_of
from library.models import Entry

__all__ = [
    "SORTED_MOST",
    "WALL_PAGE",
    "beginning_above",
    "models_on_wall",
    "neighbours",
    "people_on_wall",
    "wall_beginning",
    "wall_count",
    "wall_page",
]

WALL_PAGE = 60
BESIDE = 8
"""How many entries are looked at for a neighbour: some may be too old to be shown."""
LOOKS = 5
MOST_PEOPLE = 200
SORTED_MOST = 1_000
"""How many of the newest videos that match are sorted by something else than their time."""
MODELS_KEPT_S = 60


def wall_page(
    caller: Caller,
    wanted: WallFilter,
    before: UUID | None = None,
    *,
    count: int = WALL_PAGE,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[list[Video], bool]:
    """Return the first videos that the filter leaves, those after `before`, and whether there are more. The newest come first, or as
    `wanted.sort` says. `since` <= made < `until`.
    """
    if wanted.sort:
        return _sorted_page(caller, wanted, before, count)
    question, place = question_of(wanted, caller), _place_of(before)
    low, high = place_at(since) if since else 0, place_at(until) if until else LAST
    question = replace(question, low=max(question.low, low), high=min(question.high, high))
    videos: list[Video] = []
    for _look in range(LOOKS):  # more than once only if entries are out of date
        asked = count + 1 - len(videos)
        found = entries_of(question, asked, before=place)
        videos += _read(found, caller)
        if len(videos) > count or len(found) < asked:
            break
        place = found[-1]
    return videos[:count], len(videos) > count


def wall_beginning(caller: Caller, wanted: WallFilter) -> tuple[list[Video], bool, int]:
    """Return what `wall_page` and `wall_count` do for the first page. To find many entries is hardly dearer than to find the first ones, so
    the index is asked once.
    """
    if wanted.sort:
        return *_sorted_page(caller, wanted, None, WALL_PAGE), wall_count(caller, wanted)
    found = entries_of(question_of(wanted, caller), COUNTED_MOST + 1)
    videos: list[Video] = []
    place = 0
    for _look in range(LOOKS):  # more than once only if entries are out of date
        asked = found[place : place + WALL_PAGE + 1 - len(videos)]
        if not asked:
            break
        videos += _read(asked, caller)
        place += len(asked)
    return videos[:WALL_PAGE], len(videos) > WALL_PAGE, len(found)


def wall_count(caller: Caller, wanted: WallFilter) -> int:
    """Return how many videos the filter leaves, at most `COUNTED_MOST` + 1. A video that changed a moment ago may be missing."""
    return count_of(question_of(wanted, caller), COUNTED_MOST + 1)


def neighbours(caller: Caller, video: Video, wanted: WallFilter) -> tuple[UUID | None, UUID | None]:
    """Return the next newer and the next older video that the filter leaves. A video has no place for a moment after it is made."""
    if wanted.sort:
        order = [None, *(pk for _seq, pk in _in_order(caller, wanted)), None]
        at = order.index(video.pk) if video.pk in order else None
        return (order[at - 1], order[at + 1]) if at else (None, None)
    question, place = question_of(wanted, caller), _place_of(video.pk)
    newer = entries_of(question, BESIDE, after=place - 1) if place is not None else []
    older = entries_of(question, BESIDE, before=place)
    seen = {found.entry.seq: found.pk for found in _read([*newer, *older], caller) if found.pk != video.pk}
    return _first_in(newer, seen), _first_in(older, seen)


def beginning_above(caller: Caller, wanted: WallFilter, video: UUID, count: int) -> UUID | None:
    """Return after which video a page begins that shows this one below `count` newer ones. None: at the beginning of the wall."""
    if wanted.sort:
        order = [pk for _seq, pk in _in_order(caller, wanted)]
        at = order.index(video) if video in order else 0
        return order[at - count - 1] if at > count else None
    place = _place_of(video)
    newer = entries_of(question_of(wanted, caller), count + 1, after=place) if place is not None else []
    return Entry.objects.values_list("video_id", flat=True).get(seq=newer[-1]) if len(newer) > count else None


def models_on_wall(caller: Caller) -> set[str]:
    """Return the models of which the caller sees videos, as of a minute ago."""

    def read() -> set[str]:
        if may(caller, "see", Video):
            return set(_models())
        if not caller.teams:
            return set(_models(caller.user))
        return set(Video.objects.visible_to(caller).order_by().values_list("model", flat=True).distinct())

    whose = "all" if may(caller, "see", Video) else f"{caller.user.pk}-{hash(frozenset(caller.teams))}"
    return caches["process"].get_or_set(f"models-on-wall:{whose}", read, MODELS_KEPT_S) or set()


def _models(owner: User | None = None) -> list[str]:
    """Return the models of kept videos, or of an owner's, from one to the next in the index: DISTINCT would read all of it."""
    kept, whose = ("deleted_at IS NULL AND owner_id = %s", [owner.pk]) if owner else ("deleted_at IS NULL", [])
    sql = (
        f"WITH RECURSIVE found (model) AS (SELECT min(model) FROM generation_video WHERE {kept} UNION ALL "  # noqa: S608 - as above
        f"SELECT (SELECT min(model) FROM generation_video WHERE {kept} AND model > found.model) FROM found WHERE model IS NOT NULL) "
        "SELECT model FROM found WHERE model IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*whose, *whose])
        return [model for (model,) in cursor.fetchall()]


def people_on_wall(caller: Caller) -> dict[str, str]:
    """Return the names by id, as an address has it, of the people among whose videos the caller may choose."""
    people = User.objects.order_by("first_name", "last_name", "username")
    if may(caller, "see", Video):
        people = people.filter(Exists(Video.objects.filter(owner=OuterRef("pk"))))
    elif caller.teams:
        people = people.filter(groups__in=sorted(caller.teams)).distinct()
    else:
        return {}
    return {str(one.pk): one.get_full_name() or one.username for one in people[:MOST_PEOPLE]}


def _sorted_page(caller: Caller, wanted: WallFilter, before: UUID | None, count: int) -> tuple[list[Video], bool]:
    order = _in_order(caller, wanted, before)
    keys = [pk for _seq, pk in order]
    start = keys.index(before) + 1 if before in keys else 0
    page = [seq for seq, _pk in order[start : start + count]]
    by_place = {video.entry.seq: video for video in _read(page, caller)}
    return [by_place[seq] for seq in page if seq in by_place], len(order) > start + count


def _in_order(caller: Caller, wanted: WallFilter, before: UUID | None = None) -> list[tuple[int, UUID]]:
    """Return places and ids of the newest videos that match and that the caller sees, the largest value first; without one at the end.
    `before` is included even if it no longer matches or is in the bin, so that the next page continues after it; its row is not shown.
    """
    question = question_of(wanted, caller)
    found, shown = set(entries_of(question, SORTED_MOST)), Q(deleted_at=None) & Video.objects.shown_among(caller)
    if before:
        found.update(Entry.objects.filter(video=before).values_list("seq", flat=True))
        shown |= Q(pk=before)
    rows = Video.objects.filter(shown, entry__seq__in=found).values_list("entry__seq", "pk")
    if wanted.sort == LIKENESS and question.like:
        bits = distances_of(question.like, [*found])
        return sorted(rows.filter(entry__seq__in=bits), key=lambda row: (bits[row[0]], -row[0]))
    return list(rows.order_by(F(SORTS[wanted.sort]).desc(nulls_last=True), "-entry__seq"))


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
