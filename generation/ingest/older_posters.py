"""Makes the small poster of videos that were saved when there was only one size, out of the one that they have.

The larger sizes would need the video itself, which may be gigabytes away; pages use what there is. It can be ended at any time: a video
that has its small poster is not looked at again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.db.models import F, Q

from generation import store
from generation.media.posters import SMALLEST_SIDE_PX, smallest_poster
from generation.models import Video

__all__ = ["make_small_poster", "without_small_poster"]

log = logging.getLogger("generation.older_posters")

AT_ONCE = 200


def without_small_poster() -> Iterator[Video]:
    """Return the videos that have one poster and could have a smaller one, newest first."""
    larger = Q(width_px__gt=SMALLEST_SIDE_PX) | Q(height_px__gt=SMALLEST_SIDE_PX)
    waiting = Video.objects.filter(larger, other_posters={}, purged_at=None, copy_of=None).exclude(poster="").order_by("-pk")
    chunk = list(waiting[:AT_ONCE])
    while chunk:
        yield from chunk
        chunk = list(waiting.filter(pk__lt=chunk[-1].pk)[:AT_ONCE])


def make_small_poster(video: Video) -> bool:
    """Store it and name it in the row. False: the video has no poster that can be read. Raises `StorageUnavailable`."""
    try:
        made = smallest_poster(store.read(video.poster))
    except (store.ObjectMissing, OSError) as error:
        log.warning("video %s has no poster that can be read: %s", video.pk, error)
        return False
    if made is None:
        return False
    width, content = made
    key = f"{video.poster.removesuffix('.webp')}.{width}.webp"
    if not _is_stored(key, len(content)):
        store.delete(key)  # a part that a killed run left
        store.save(key, content)
    named = {"other_posters": {str(width): key}, "stored_bytes": F("stored_bytes") + len(content)}
    waiting = Video.objects.filter(pk=video.pk, other_posters={})  # not if another run was faster
    if not waiting.filter(purged_at=None).update(**named) and waiting.exists():
        store.discard([key])  # the video has been deleted permanently
    return True


def _is_stored(key: str, size: int) -> bool:
    try:
        return store.size(key) == size
    except store.ObjectMissing:
        return False
