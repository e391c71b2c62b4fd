"""Finds files that rows name and the media storage does not have, a part in each round, and has them fetched again.

Nothing is deleted for it: the row stays, administrators are alerted (web/presenters/file_alerts.py), and a returned file is whole again.
"""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from uuid import UUID

from django.db.models import Q

from database import clock
from generation import store
from generation.keeping import walk
from generation.keeping.named_files import NamedFile, is_named, named_files, position_of, rows_after
from generation.keeping.verify import note
from generation.models import LostFile
from jobs import queue

__all__ = ["EVERY_ROW", "look_for_lost"]

log = logging.getLogger("generation.keeping")

NAME = "lost"
AT_ONCE = 2_000
"""Rows of one round, four an hour: a million rows are walked in five days."""
EVERY_ROW = sys.maxsize
MOST_FOLDERS = 20
"""Listings that are kept at the same time. Rows and folders are both in the order of time, so few are needed again."""
PAUSE = timedelta(days=1)
"""The time between two walks, and between two tries to fetch the same file."""
FETCHED_FOR = timedelta(days=40)
"""The age after which a file is not fetched again: no vendor keeps one for longer."""
FETCHES = 4
MOST_LOST = 200
"""The number of lost files that ends a round: it is probably the wrong storage, or an emptied one, and administrators know by then."""


def look_for_lost(*, at_once: int = AT_ONCE) -> bool:
    """Do one round. Return whether the storage answered. Safe to run twice at once.

    With `EVERY_ROW` it looks at all files, from the start and however many are missing.
    """
    try:
        _recheck(None if at_once == EVERY_ROW else MOST_LOST)
        _walk(at_once)
    except store.StorageUnavailable as error:
        log.warning("lost files are looked for in a later round: %s", error)
        return False
    _fetch_soon()
    return True


def _recheck(most: int | None) -> None:
    """Forget those that are back, or that no row names any more. Any of them, so that those that stay lost do not hide the others."""
    for lost in LostFile.objects.select_related("video", "asset").order_by("?")[:most]:
        row = lost.video or lost.asset
        file = next((one for one in named_files(row) if one.key == lost.key), None) if row else None
        if file is None or not is_named(file):
            lost.delete()
        elif lost.loss == LostFile.Loss.MISSING:
            _look_at(file)


def _look_at(file: NamedFile) -> bool:
    """Note whether the file is there. Return it. A part of one does not count, which a kill while it was put back leaves on a disk."""
    try:
        is_there = store.size(file.key) == file.size_bytes or file.size_bytes is None
    except store.ObjectMissing:
        is_there = False
    note(file, None if is_there else LostFile.Loss.MISSING)
    return is_there


def _walk(at_once: int) -> None:
    """Look at the next rows. Each folder is listed once, which is one request for a thousand files."""
    reached, ended_at = walk.position(NAME), walk.ended_at(NAME)
    if at_once == EVERY_ROW:
        reached = ""
    elif not reached and ended_at and clock.now() - ended_at < PAUSE:
        return
    names_in = lru_cache(MOST_FOLDERS)(lambda folder: set(store.listing(folder)[1]))
    count = lost = 0
    for row in islice(rows_after(reached), at_once):
        for file in named_files(row):
            folder, _, name = file.key.rpartition("/")
            if name not in names_in(folder) and not _look_at(file):
                lost += 1
        count, reached = count + 1, position_of(row)
        if lost >= MOST_LOST and at_once != EVERY_ROW:
            log.error("%d files are missing: is this the right media storage?", lost)
            break
    if lost:
        log.error("%d files are missing in the media storage; manage.py lost_files names them", lost)
    if at_once != EVERY_ROW and (count == at_once or lost >= MOST_LOST):
        walk.reached(NAME, reached)
    else:
        walk.ended(NAME)


def _fetch_soon() -> None:
    """Enqueue tries to put files back, each at most once a day."""
    now = clock.now()
    waited = Q(looked_at=None) | Q(looked_at__lte=now - PAUSE)
    missing = LostFile.objects.filter(waited, loss=LostFile.Loss.MISSING, video__created_at__gt=now - FETCHED_FOR)
    videos: dict[UUID | None, None] = dict.fromkeys(missing.order_by("video__vendor_url_expires_at").values_list("video", flat=True)[:100])
    for video in islice((video for video in videos if video), FETCHES):
        LostFile.objects.filter(video=video).update(looked_at=now)
        queue.enqueue(queue.INGEST, "fetch_again", video)
