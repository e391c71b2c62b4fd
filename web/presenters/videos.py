"""Videos as tiles, takes (those of one prompt together), and the days of the wall."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from access.callers import Caller
from access.rights import may
from generation.models import Video
from generation.quality import warnings_of
from library.filters import LIKENESS
from library.terms import prompt_key
from providers.labels import sentences
from web.presenters.marks import marked
from web.presenters.settings import settings_line
from web.presenters.words import day_name, model_label, name_of, title_and_language, title_of

__all__ = ["Binned", "Poster", "binned_of", "days_of", "place_on_wall", "poster_of", "takes_of", "tile_of"]

SHARED_MOST = 3.6
"""The breadth up to which a day shares its row: two landscapes."""
LOADED_AT_ONCE = 6
"""How many posters a phone shows first. Those of the others wait until the page has its layout."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Poster:
    """Addresses of a video's poster: the main one with its size in pixels, the narrowest, the widest, and all as the value of `srcset`."""

    url: str
    width: int
    height: int
    narrowest_url: str
    widest_url: str
    srcset: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """A video in a grid. `ratio` is width by height, `tint` its average colour; an address is empty where the person may not use it.
    A stack is several videos of one prompt in one tile, that of the newest: `stack` has the ids of all, and `href` opens it.
    """

    id: UUID
    href: str
    title: str
    title_lang: str
    marked: SafeString
    poster: Poster | None
    preview_url: str
    ratio: float
    tint: str
    length_s: float
    facts: list[str]
    warnings: str
    starred: bool
    star_url: str
    remix_url: str
    like_url: str
    download_url: str
    delete_url: str
    stack: tuple[UUID, ...] = ()
    at_once: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Binned:
    """A video in the bin. `keeps_until` is when it is deleted for good; an address is empty where the person may not use it."""

    id: UUID
    title: str
    title_lang: str
    poster_url: str
    ratio: float
    tint: str
    bytes: int
    owner: str
    deleted_at: datetime | None
    keeps_until: datetime | None
    task_url: str
    restore_url: str
    purge_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """Videos of one prompt and model; `tall` when all are portraits."""

    prompt: str
    prompt_lang: str
    at: datetime
    facts: list[str]
    remix_url: str
    run_again_url: str
    tiles: list[Tile]
    tall: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day of the gallery; without a name when its heading is on the page already. `shares`: it shares its row with the days beside it."""

    date: date
    name: str
    full: str
    tiles: list[Tile]
    shares: bool = False

    @property
    def breadth(self) -> float:
        """Return how wide its tiles are side by side, measured by the height of their row."""
        return sum(tile.ratio for tile in self.tiles)

    @property
    def gaps(self) -> int:
        return len(self.tiles) - 1


def place_on_wall(video: UUID, query: Mapping[str, str]) -> str:
    """Return the address of the wall with this filter at this video."""
    return reverse("gallery", query={**query, "near": str(video)}) + f"#v-{video}"


def poster_of(video: Video) -> Poster | None:
    """Return the addresses of the video's posters; None if it has none."""
    if not video.poster:
        return None
    mark = {"v": video.poster_mark} if video.poster_mark else {}
    main = reverse("video-poster", args=[video.pk], query=mark)
    urls = {
        width: main if key == video.poster else reverse("video-poster", args=[video.pk], query={"w": width} | mark)
        for width, key in video.posters.items()
    }
    width = next(width for width, url in urls.items() if url == main)
    return Poster(
        url=main,
        width=width,
        height=round(width / video.ratio),
        narrowest_url=urls[min(urls)],
        widest_url=urls[max(urls)],
        srcset=", ".join(f"{url} {width}w" for width, url in urls.items()) if len(urls) > 1 else "",
    )


def tile_of(video: Video, caller: Caller, query: Mapping[str, str] | None = None, *, at_once: bool = False) -> Tile:
    """Return what tile.html needs to show the video to this person. `query` is the filter of the wall that it belongs to, `at_once`: its
    poster is loaded before the browser knows that it is in view."""
    title, language = title_of(video)
    return Tile(
        id=video.pk,
        href=reverse("video", args=[video.pk], query=query),
        title=title,
        title_lang=language,
        marked=marked(title, (query or {}).get("q", "")),
        poster=poster_of(video),
        preview_url=reverse("video-preview", args=[video.pk]) if video.preview else "",
        ratio=video.ratio,
        tint=video.colour,
        length_s=video.duration_s,
        facts=[model_label(video.model), f"{min(video.width_px, video.height_px)}p"],
        warnings=sentences(one.message for one in warnings_of(video)),
        starred=video.favourite,
        star_url=reverse("video-star", args=[video.pk]) if may(caller, "act", video) else "",
        remix_url=reverse("studio", query={"from": video.pk}),
        like_url=reverse("gallery", query={"like": video.pk, "sort": LIKENESS}),
        download_url=reverse("video-file", args=[video.pk], query={"download": 1}),
        delete_url=reverse("video-delete", args=[video.pk]) if may(caller, "act", video) else "",
        at_once=at_once,
    )


def binned_of(video: Video, caller: Caller) -> Binned:
    """Return what the bin shows of the video to this person."""
    title, language = title_of(video)
    may_act = may(caller, "act", video)
    return Binned(
        id=video.pk,
        title=title,
        title_lang=language,
        poster_url=reverse("bin-poster", args=[video.pk]) if video.poster else "",
        ratio=video.ratio,
        tint=video.colour,
        bytes=video.stored_bytes,
        owner=name_of(video.owner) if video.owner_id != caller.user.pk else "",
        deleted_at=video.deleted_at,
        keeps_until=video.purge_at,
        task_url=reverse("task", args=[video.task_id]),
        restore_url=reverse("video-restore", args=[video.pk]) if may_act else "",
        purge_url=reverse("video-delete-for-good", args=[video.pk]) if may_act else "",
    )


def takes_of(videos: Iterable[Video], caller: Caller) -> list[Take]:
    """Return videos grouped by prompt and model, newest group first; the order of `videos` is newest first."""
    groups: dict[tuple[str, str], list[Video]] = {}
    for video in videos:
        groups.setdefault((video.task.prompt.text, video.model), []).append(video)
    return [_take(group, caller) for group in groups.values()]


def _take(videos: list[Video], caller: Caller) -> Take:
    newest = videos[0]
    title, language = title_and_language(newest.task)
    count = ngettext("%(n)d video", "%(n)d videos", len(videos)) % {"n": len(videos)}
    return Take(
        prompt=title,
        prompt_lang=language,
        at=newest.created_at,
        facts=[model_label(newest.model), *settings_line(newest.task), count],
        remix_url=reverse("studio", query={"from": newest.pk}),
        run_again_url=reverse("task-retry", args=[newest.task_id]) if may(caller, "act", newest.task) else "",
        tiles=[tile_of(video, caller) for video in videos],
        tall=all(video.ratio < 1 for video in videos),
    )


def days_of(
    videos: Sequence[Video], caller: Caller, query: Mapping[str, str], *, shown: date | None = None, goes_on: bool = False
) -> list[Day]:
    """Return the videos by day, or all of a sorted wall as one without a name. `query` is the wall's filter, `shown` the day that has its
    heading already; `goes_on`: there are more videos, perhaps of the last day.
    """
    today = timezone.localdate()
    first = videos[:LOADED_AT_ONCE] if shown is None else ()
    if "sort" in query:
        tiles = [tile_of(video, caller, query, at_once=video in first) for video in videos]
        return [Day(date=today, name="", full="", tiles=tiles)] if videos else []
    days = []
    for day, group in groupby(videos, key=lambda video: timezone.localtime(video.created_at).date()):
        name, full = day_name(day, today)
        days.append(Day(date=day, name="" if day == shown else name, full=full, tiles=_stacked(group, caller, query, first)))
    return _shared(days, goes_on=goes_on)


def _stacked(videos: Iterable[Video], caller: Caller, query: Mapping[str, str], first: Collection[Video]) -> list[Tile]:
    """Return the tiles of a day, those of one prompt as one. A stack that is open is the wall of its prompt."""
    if "prompt" in query:
        return [tile_of(video, caller, query, at_once=video in first) for video in videos]
    takes: dict[str, list[Video]] = {}
    for video in videos:
        takes.setdefault(prompt_key(video), []).append(video)
    return [
        _stack(group, caller, {**query, "prompt": key}) if len(group) > 1 else tile_of(group[0], caller, query, at_once=group[0] in first)
        for key, group in takes.items()
    ]


def _stack(videos: Sequence[Video], caller: Caller, query: Mapping[str, str]) -> Tile:
    return replace(
        tile_of(videos[0], caller, query),
        href=reverse("gallery", query=query),
        starred=any(video.favourite for video in videos),
        stack=tuple(video.pk for video in videos),
    )


def _shared(days: list[Day], *, goes_on: bool) -> list[Day]:
    """Let neighbouring days with few videos share rows; none of which only a part is on this page."""
    small = [bool(day.name) and day.breadth <= SHARED_MOST for day in days]
    if goes_on:
        small[-1] = False
    beside = [any(small[max(at - 1, 0) : at] + small[at + 1 : at + 2]) for at in range(len(days))]
    return [replace(day, shares=small[at] and beside[at]) for at, day in enumerate(days)]
