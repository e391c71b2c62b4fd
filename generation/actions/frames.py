"""Takes one picture out of a stored video: as an image of the caller's, or as the video's poster."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from access.callers import Caller
from events import audit
from generation import store
from generation.actions.added_files import bytes_of, new_stem
from generation.actions.rights import require_rights
from generation.errors import Busy, Conflict, InvalidRequest
from generation.media.prepare import BadMedia, MediaLimits, Picture, picture_of
from generation.models import Asset, Video
from generation.ordering.assets import store_asset

__all__ = ["save_frame", "set_poster"]

log = logging.getLogger("generation.frames")

LIMITS = MediaLimits(time_s=30.0, cpu_s=30)
AT_ONCE = max(1, settings.WEB_THREADS // 4)
"""Videos that one process decodes for people at the same time; each of them holds a thread."""
WAIT_S = 10.0
ROUNDED_S = 0.1
"""How far behind a video's end a time may lie: players round."""

_turns = BoundedSemaphore(AT_ONCE)


def save_frame(video: Video, *, at_s: float | None, by: Caller) -> Asset:
    """Store the picture that players show at this second as an image of the caller's; None: the last one. The same picture is the same
    image. Raises `InvalidRequest`, `Busy`, `Conflict`, and as the store.
    """
    with _picture(video, at_s, posters=False) as made:
        assert made.frame is not None
        with made.frame.open("rb") as file:
            return store_asset(owner=by.user, file=file, of_video=video, at_s=at_s)


def set_poster(video: Video, *, at_s: float | None, by: Caller) -> None:
    """Make the picture of this second the video's poster, in all sizes. Raises as `save_frame`, and `NotAllowed`.

    The files are stored first, then the row names them. What a kill leaves behind, and the files of the poster before, are files that no
    row names: the sweep deletes them.
    """
    require_rights(video, by)
    with _picture(video, at_s, posters=True) as made:
        assert made.poster is not None
        stem = new_stem(video)
        files = {f"{stem}.webp": made.poster} | {f"{stem}.{width}.webp": path for width, path in made.other_posters.items()}
        before = [video.poster, *video.other_posters.values()]
        more = sum(path.stat().st_size for path in files.values()) - bytes_of(before)
        try:
            for key, path in files.items():
                store.save(key, path)
            is_named = _name(video, stem, made, more, by)
        except store.StorageUnavailable:
            store.discard(files)
            raise
    if not is_named:
        store.discard(files)
        raise Conflict(_("Somebody else has just changed the poster or deleted the video. Reload the page."))


@transaction.atomic
def _name(video: Video, stem: str, made: Picture, more: int, by: Caller) -> bool:
    """Let the row name the new poster. False: somebody was faster."""
    unchanged = Video.objects.kept().filter(pk=video.pk, poster=video.poster)
    posters = {"poster": f"{stem}.webp", "other_posters": {str(width): f"{stem}.{width}.webp" for width in made.other_posters}}
    if not unchanged.change(**posters, colour=made.average_colour, stored_bytes=Greatest(F("stored_bytes") + more, 0)):
        return False
    audit.record("video.poster_changed", video, by=by)
    video.refresh_from_db(fields=["poster", "other_posters", "colour", "stored_bytes"])
    return True


@contextmanager
def _picture(video: Video, at_s: float | None, *, posters: bool) -> Iterator[Picture]:
    """Copy the video to the scratch folder and take the picture there, in a process of its own."""
    if at_s is not None and at_s > video.duration_s + ROUNDED_S:
        words = _("The video is only %(n)s seconds long.") % {"n": round(video.duration_s, 2)}
        raise InvalidRequest(words, code="outside", fields={"at_s": words})
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy(_("Frames of other videos are being saved. Try again in a few seconds."))
    try:
        settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR, prefix=f"{video.pk}-", ignore_cleanup_errors=True) as scratch:
            source = Path(scratch) / "source"
            with store.open_file(video.file) as stored, source.open("wb") as copy:
                shutil.copyfileobj(stored, copy)
            yield picture_of(source, Path(scratch), at_s=at_s, posters=posters, limits=LIMITS)
    except BadMedia as bad:
        log.warning("no picture of video %s at %s: %s", video.pk, at_s, bad)
        raise Conflict(_("The video's file cannot be read here. Ask an administrator to check it."), code=bad.code) from bad
    except OSError as error:
        raise store.unavailable(error, "working in the scratch folder") from error
    finally:
        _turns.release()
