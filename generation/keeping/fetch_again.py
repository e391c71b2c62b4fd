"""Puts lost files of a video back under their keys: the video from its vendor, if that still has the same bytes; posters and preview from
the video.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F

from database import clock
from generation import store
from generation.ingest.ingest import download, record_of, refresh_outputs
from generation.media.prepare import BadMedia, VideoInfo, prepare_video
from generation.models import LostFile, Video
from providers.accounts.sealing import SealBroken
from providers.core.errors import ProviderError
from providers.core.fetch import FetchError

__all__ = ["fetch_again"]

log = logging.getLogger("generation.keeping")


class OtherBytes(Exception):
    """The fetched file has other bytes than the stored one had."""


def fetch_again(video_id: UUID | str) -> None:
    """Try once to put the video's missing files back. Safe to run twice at once, and to kill."""
    video = Video.objects.select_related("task__account", "task__prompt").filter(pk=video_id, purged_at=None).first()
    if video is None:
        return
    lost = set(LostFile.objects.filter(video=video, loss=LostFile.Loss.MISSING).values_list("key", flat=True))
    try:
        if lost:
            _put_back(video, lost & set(video.keys))
    except (FetchError, ProviderError, BadMedia, SealBroken, OtherBytes, store.ObjectMissing, store.StorageUnavailable, OSError) as error:
        log.warning("video %s: its lost files were not put back: %s", video.pk, error)
        LostFile.objects.filter(video=video).update(looked_at=clock.now(), words=str(error)[:300])


def _put_back(video: Video, lost: Collection[str]) -> None:
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR, prefix=f"{video.pk}-", ignore_cleanup_errors=True) as scratch:
        info = _made_again(video, Path(scratch), from_vendor=video.file in lost)
        others = {video.other_posters[str(width)]: path for width, path in info.other_posters.items() if str(width) in video.other_posters}
        files = {video.poster: info.poster, video.preview: info.preview, **others, video.file: info.final}
        for key in (key for key in files if key in lost):
            _delete_part(key, files[key].stat().st_size)
            store.save(key, files[key])
            if not _takes(video, key, info):
                store.discard([key])  # the video has been deleted
                return
            LostFile.objects.filter(key=key).delete()
            log.warning("video %s: %s was lost and is stored again", video.pk, key)


def _delete_part(key: str, size: int) -> None:
    """Delete what a killed try left on a disk."""
    with suppress(store.ObjectMissing):
        if store.size(key) != size:
            store.delete(key)


def _made_again(video: Video, scratch: Path, *, from_vendor: bool) -> VideoInfo:
    """Return the video's files, made of the vendor's file or of the stored one. Raises `OtherBytes` if the vendor's is another."""
    source = scratch / "source"
    if from_vendor:
        _download(video, source)
    else:
        with store.open_file(video.file) as stored, source.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
    info = prepare_video(source, scratch, record=record_of(video.task))
    if from_vendor and (info.source_sha256, info.final.suffix) != (video.source_sha256, video.suffix):
        raise OtherBytes("The vendor's file has other bytes than the one that was stored.")
    return info


def _download(video: Video, source: Path) -> None:
    """Fetch from where the file was, then from where the vendor says that it is now."""
    task = video.task
    try:
        download(task, task.outputs[video.output_index], source)
    except FetchError as error:
        if error.retryable or not refresh_outputs(task):
            raise
        download(task, task.outputs[video.output_index], source)


def _takes(video: Video, key: str, info: VideoInfo) -> bool:
    """Return whether the row still names this file. Another version of the library may have written the same video with other bytes."""
    rows = Video.objects.filter(pk=video.pk, file=video.file, purged_at=None)
    if key != video.file:
        return rows.exists()
    stored_bytes = F("stored_bytes") - F("size_bytes") + info.size_bytes
    return bool(rows.update(sha256=info.sha256, size_bytes=info.size_bytes, stored_bytes=stored_bytes))
