"""The videos of a content id, as content systems ask: all of them, the chosen one, and which ids have none yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from access.callers import Caller
from generation.models import GenerationTask, Video
from generation.models.video import VideoQuerySet
from generation.quality import warnings_of

__all__ = ["Chosen", "Coverage", "chosen_of", "coverage_of", "is_known", "videos_of"]

LOOKED_AT = 100
"""How many of the newest videos are searched for one without faults."""
IDS_AT_ONCE = 500


class Chosen(NamedTuple):
    """The video to show, and why this one: `choice` of a person or program, `star`, or `newest`."""

    video: Video
    because: Literal["choice", "star", "newest"]


class Coverage(NamedTuple):
    """Of some content ids: those that have no video and none on its way, and those whose first video is being made."""

    missing: list[str]
    under_way: list[str]


def videos_of(caller: Caller, content_id: str) -> VideoQuerySet:
    """Return the kept videos of this content id that the caller sees. The index of tasks by content id finds them."""
    videos = Video.objects.kept()
    return videos.filter(videos.shown_among(caller), task__content_id=content_id)


def is_known(caller: Caller, content_id: str) -> bool:
    """Return whether the caller sees a task or a video of this content id."""
    tasks = GenerationTask.objects.all()
    return tasks.filter(tasks.shown_among(caller), content_id=content_id).exists() or videos_of(caller, content_id).exists()


def chosen_of(caller: Caller, content_id: str) -> Chosen | None:
    """Return the video chosen last, or else the newest with a star, the newest that plays everywhere and has no fault, or the newest."""
    videos = videos_of(caller, content_id)
    newest = list(videos.order_by("-pk")[:LOOKED_AT])
    if not newest:
        return None
    if choice := videos.filter(chosen_at__isnull=False).order_by("-chosen_at", "-pk").first():
        return Chosen(choice, "choice")
    if starred := videos.filter(favourite=True).order_by("-pk").first():
        return Chosen(starred, "star")
    return Chosen(next((video for video in newest if video.playable and not warnings_of(video)), newest[0]), "newest")


def coverage_of(caller: Caller, content_ids: Collection[str]) -> Coverage:
    """Return which of these content ids the caller sees no video of, in their order, each once."""
    wanted = list(dict.fromkeys(content_ids))
    covered, begun = set[str](), set[str]()
    for some in _parts(wanted):
        videos = Video.objects.kept()
        seen = videos.filter(videos.shown_among(caller), task__content_id__in=some).order_by()
        covered.update(seen.values_list("task__content_id", flat=True).distinct())
        tasks = GenerationTask.objects.live()
        waiting = tasks.filter(tasks.shown_among(caller), content_id__in=some).order_by()
        begun.update(waiting.values_list("content_id", flat=True).distinct())
    open_ids = [one for one in wanted if one not in covered]
    return Coverage([one for one in open_ids if one not in begun], [one for one in open_ids if one in begun])


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]
