"""Keeps the index of the wall: reads again what changed, and gives new videos their places (docs/adr/0058).

All of a round is one transaction in which the videos are locked: a change waits for it, and says then that the video is to be read again. A
round that is killed leaves everything waiting.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from django.db.models.functions import Now

from database.one_at_a_time import one_at_a_time
from generation.models import Video
from library.models import Entry
from library.months import Key, add_up, counted_as
from library.terms import terms_of

__all__ = ["index_everything", "index_waiting"]

AT_ONCE = 200
LASTING_S = 0.3
"""How long the clock's call may last, at least one round; its next call continues."""


def index_waiting(*, lasting_s: float = LASTING_S, at_once: int = AT_ONCE) -> int:
    """Index the videos that wait, as far as the time reaches. Return how many. Any number of processes may call it."""
    until, count = time.monotonic() + lasting_s, 0
    while Video.objects.filter(to_index_at__isnull=False).exists():
        done = _round(at_once)
        count += done
        if not done or time.monotonic() > until:
            break
    return count


def index_everything(report: Callable[[int], object]) -> int:
    """Read every video again; `report` gets the number so far. Return how many there are. It may be killed, and the worker continues."""
    Video.objects.filter(purged_at=None).update(to_index_at=Now())
    count = 0
    while done := index_waiting(lasting_s=1.0):
        count += done
        report(count)
    return count


def _round(at_once: int) -> int:
    """Index at most `at_once` videos and return how many: those newer than all that have a place in the order in which they came, or else
    the newest that wait.
    """
    with one_at_a_time("library.index"):
        newest = Entry.objects.order_by("-seq").first()
        waiting = Video.objects.filter(to_index_at__isnull=False).select_for_update(skip_locked=True, of=("self",))
        waiting = waiting.select_related("task__prompt", "owner").prefetch_related("tags", "collected__collection")
        later = waiting.filter(pk__gt=newest.video_id) if newest else waiting
        videos = list(later.order_by("pk")[:at_once]) or list(waiting.order_by("-pk")[:at_once])
        known = Entry.objects.in_bulk([video.pk for video in videos], field_name="video_id")
        last = newest.seq if newest else 0
        entries, changes = [], Counter[Key]()
        for video in videos:
            if video.pk not in known:
                if video.purged_at:
                    continue
                last += 1
            seq = known[video.pk].seq if video.pk in known else last
            entries.append(Entry(seq=seq, video=video, made_at=video.created_at, terms=_terms(video)))
            changes.update(filter(None, [counted_as(entries[-1].terms)]))
            changes.subtract(filter(None, [counted_as(known[video.pk].terms) if video.pk in known else None]))
        Entry.objects.bulk_create(entries, update_conflicts=True, unique_fields=["seq"], update_fields=["made_at", "terms"])
        add_up(changes)
        Video.objects.filter(pk__in=[video.pk for video in videos]).update(to_index_at=None)
    return len(videos)


def _terms(video: Video) -> str:
    """Return its words. A video in the bin keeps its place, with none."""
    if video.deleted_at:
        return ""
    collections = [item.collection for item in video.collected.all()]
    return terms_of(
        video,
        tags=[tag.name for tag in video.tags.all()],
        collections=[one.pk for one in collections],
        hidden=any(one.is_hidden for one in collections),
    )
